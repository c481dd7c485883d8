"""Lengths of stay as shares by age: who is still there, who leaves, whose class changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.instance.instance import Instance
from allocator.instance.lanes import Floats, Ints
from allocator.instance.reserve import position


@dataclass(frozen=True)
class Stays:
    """Stays by class and age.

    Attributes:
        out: (S, A) share of those who enter a class that goes on after 0, 1, ... periods.
        still: (S, A) share still in the class at that age; a class without stays keeps all.
        step_from: (R,) class of each change of class there is.
        step_to: (R,) class it leads to.
        step: (R, A) share of those who enter `step_from` that change at that age.
    """

    out: Floats
    still: Floats
    step_from: Ints
    step_to: Ints
    step: Floats


@dataclass(frozen=True)
class Before:
    """Patients in beds when period 1 begins: (H, S, T) still there, (H, R, T) changing class."""

    inside: Floats
    step: Floats


def stays_of(instance: Instance, classes: np.ndarray) -> Stays:
    """Return the stays of all classes; ages are counted from the period of entry."""
    table = instance["stays"]
    length = table["periods"].to_numpy(np.int64)
    ages = int(length.max(initial=0)) + 1
    start, after = position(classes, table["severity"]), position(classes, table["steps_to"])
    share = table["share"].to_numpy(float)
    out = np.zeros((len(classes), ages))
    np.add.at(out, (start, length), share)
    total = out.sum(axis=1)
    out[total > 0] /= total[total > 0, None]
    going = after >= 0
    pairs, which = np.unique(
        np.column_stack([start[going], after[going]]), axis=0, return_inverse=True
    )
    step = np.zeros((len(pairs), ages))
    np.add.at(step, (np.asarray(which).ravel(), length[going]), (share / total[start])[going])
    still = np.clip(1.0 - np.cumsum(out, axis=1), 0.0, 1.0)
    still[still < 1e-12] = 0.0
    return Stays(out, still, pairs[:, 0], pairs[:, 1], step)


def before_of(
    instance: Instance, sites: np.ndarray, classes: np.ndarray, stays: Stays, periods: int
) -> Before:
    """Return what becomes of the patients who are in beds already."""
    table = instance["inpatients"]
    inside = np.zeros((len(sites), len(classes), periods))
    step = np.zeros((len(sites), len(stays.step_from), periods))
    site, kind = position(sites, table["site_id"]), position(classes, table["severity"])
    age, number = table["periods_in"].to_numpy(np.int64), table["number"].to_numpy(float)
    for row in np.flatnonzero(site >= 0).tolist():
        one, first = int(kind[row]), int(age[row])
        known = _at(stays.still[one], np.array([first - 1]))[0]
        if known <= 0:
            continue
        later = first + np.arange(periods)
        inside[site[row], one] += number[row] * _at(stays.still[one], later) / known
        for change in np.flatnonzero(stays.step_from == one).tolist():
            gone = np.where(later < stays.step.shape[1], later, 0)
            step[site[row], change] += number[row] * stays.step[change, gone] / known
    return Before(inside, step)


def _at(still: Floats, ages: Ints) -> Floats:
    """Return the share still there at ages; beyond the table it stays as in its last column."""
    return np.asarray(still[np.minimum(ages, len(still) - 1)])
