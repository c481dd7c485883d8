"""The goals of a plan of beds, computed again (formulation section 4)."""

from __future__ import annotations

import numpy as np

from allocator.check.admit_flow import Flow
from allocator.check.admit_rows import Decided
from allocator.check.goals import Value
from allocator.check.ground import Floats, summed
from allocator.check.preposition_goals import tail_mean
from allocator.instance.admit_case import AdmitCase


def admit_goals(case: AdmitCase, decided: Decided, flow: Flow) -> dict[str, Value]:
    """Return every goal with the scale of its tolerance."""
    goals = {}
    for name in ("critical_waiting", "severe_waiting", "waiting"):
        days = patient_days(case, flow, name)
        scale = float((case.arrivals.sum(axis=(1, 2, 3))).max(initial=0.0) * case.days.sum())
        goals[name] = Value(_risk(case, days), scale)
    fair = _worst_district(case, flow)
    goals["worst_district"] = Value(fair, float(case.days.sum()))
    between, minutes = case.probability @ decided.between, case.probability @ decided.minutes
    cost = float(case.surge.cost[decided.ward].sum())
    return goals | {
        "transfers": Value(float(between), float(case.arrivals.sum())),
        "travel": Value(float(minutes / 60.0), float(minutes / 60.0)),
        "surge_cost": Value(cost, cost),
    }


def patient_days(case: AdmitCase, flow: Flow, goal: str) -> Floats:
    """Return the patient-days of waiting that a goal counts, by scenario."""
    kind = case.classes.kind
    counted = np.ones(len(kind)) if goal == "waiting" else kind == goal.removesuffix("_waiting")
    outside = np.einsum("zcst,s,t->z", flow.waiting, counted.astype(float), case.days)
    held = np.einsum("zhrt,r,t->z", flow.held, counted[case.stays.step_to].astype(float), case.days)
    return np.asarray(outside + held)


def _risk(case: AdmitCase, days: Floats) -> float:
    policy, chance = case.policy, case.probability
    mean = float(chance @ days)
    if policy.risk == "expected" or len(days) == 1:
        return mean
    if policy.risk == "worst":
        bad = float(days[chance > 0].max())
    else:
        bad = tail_mean(days, chance, policy.risk_level)
    return (1.0 - policy.risk_weight) * mean + policy.risk_weight * bad


def _worst_district(case: AdmitCase, flow: Flow) -> float:
    """Return the mean days a patient waits in the district where that is longest."""
    names = [
        str(district) or str(name)
        for district, name in zip(case.origins.district, case.origins.ids, strict=True)
    ]
    known = list(dict.fromkeys(names))
    at = np.array([known.index(name) for name in names], dtype=np.int64)
    days = np.einsum("z,zcst,t->c", case.probability, flow.waiting, case.days)
    people = np.einsum("z,zcst->c", case.probability, case.arrivals)
    waited, patients = summed(at, days, len(known)), summed(at, people, len(known))
    some = patients > 0
    return float((waited[some] / patients[some]).max(initial=0.0))
