"""What every command and call goes through: load, doctor, model, engine, check, explain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from allocator.check import Verdict
from allocator.check import check as judge
from allocator.errors import UsageError
from allocator.explain import reasons
from allocator.instance import Instance, load
from allocator.instance.variant import recorded
from allocator.limits import Limits
from allocator.plan import Plan, load_plan
from allocator.runs.admit import Admit
from allocator.runs.dispatch import Dispatch
from allocator.runs.joint import Joint
from allocator.runs.preposition import Preposition
from allocator.runs.preposition_worth import Asked, Assessment, Evaluation
from allocator.runs.preposition_worth import assess as assessed
from allocator.runs.preposition_worth import evaluate as evaluated
from allocator.runs.route import Routing
from allocator.runs.searching import Progress
from allocator.runs.staff import Staff

EXPLAIN_SECONDS = 300.0


def silent(event: Mapping[str, Any]) -> None:
    """Tell nobody."""


def dispatch(
    instance: Instance | str | Path,
    *,
    limits: Limits | None = None,
    progress: Progress = silent,
    start: Plan | str | Path | None = None,
    max_changes: int | None = None,
    model: str | Path = "",
    solver: str = "highs",
) -> Plan:
    """Decide what goes where, and when.

    Args:
        instance: An instance, or the path of one.
        limits: Wall-clock limit of the whole call, work limit, gap, seed, workers.
        progress: Called with small dictionaries as goals are reached.
        start: An earlier plan: the goal `change` counts what differs from it.
        max_changes: The most shipments that may differ from `start`.
        model: A file with a model of your own (docs/own-model.md), under the same limits and judge.
        solver: "highs", or "pulp:NAME" for any solver PuLP offers.

    Returns:
        A plan that the judge has checked; `plan.status` says how the run ended and what is proven.

    Raises:
        InstanceError: the instance is not valid.
        ImpossibleError: the hard rules contradict each other.
        NoPlanError: no plan was found within the limits.
        UsageError: E2113 and E2114, when gate staff cannot be decided together with dispatch.
    """
    limits = limits or Limits()
    one = Dispatch(instance, limits, progress, start, max_changes, str(model), solver)
    if one.instance.policy.gate_staff != "joint":
        return one.run()
    if one.model or one.solver != "highs":
        raise UsageError.because(
            "gate staff and dispatch are decided together by the built-in model only",
            where="policy.toml:gate_staff",
            value=one.model or one.solver,
            action="set gate_staff = chain",
            code="E2114",
        )
    plan = Joint(one.instance, limits, progress, one.start).run().dispatch
    return plan.replace(run={**plan.run, "instance_path": one.path})


def preposition(
    instance: Instance | str | Path,
    *,
    limits: Limits | None = None,
    progress: Progress = silent,
    method: str = "auto",
    cluster: str = "",
) -> Plan:
    """Decide what to hold in reserve, and where, before it is known what comes.

    Args:
        instance: An instance, or the path of one; its scenarios are what may come.
        limits: Wall-clock limit of the whole call, work limit, gap, seed, workers.
        progress: Called with small dictionaries as goals are reached.
        method: "extensive" (one program), "benders" (decomposed by scenario) or "auto" (by size).
        cluster: Address of a Dask cluster that solves the scenarios, such as dask://host:8786;
            blank = threads here.

    Returns:
        A plan that the judge has checked in every scenario; `plan.sites`, `plan.reserves` and
        `plan.outcomes` say what it holds and what it comes to.

    Raises:
        InstanceError: the instance is not valid.
        ImpossibleError: the hard rules contradict each other.
        NoPlanError: no plan was found within the limits.
    """
    return Preposition(instance, limits or Limits(), progress, method, cluster).run()


def staff(
    instance: Instance | str | Path,
    *,
    limits: Limits | None = None,
    progress: Progress = silent,
    method: str = "auto",
    start: Plan | str | Path | None = None,
) -> Plan:
    """Decide who works where and when.

    Args:
        instance: An instance with workers, shifts and posts, or the path of one.
        limits: Wall-clock limit of the whole call, work limit, gap, seed, workers.
        progress: Called with small dictionaries as goals are reached.
        method: "mip" (HiGHS), "cpsat", "lines" (columns of persons), or "auto" (by rules and size).
        start: The last roster: the goal `change` counts what differs from it.

    Returns:
        A roster that the judge has checked: tables roster, uncovered, workload, trained, lodged,
        gates.

    Raises:
        InstanceError: the instance is not valid.
        ImpossibleError: no roster obeys the hard rules; the faults are a smallest set of rules
            that contradict each other.
        NoPlanError: no roster was found within the limits.
    """
    return Staff(instance, limits or Limits(), progress, method, start).run()


def admit(
    instance: Instance | str | Path,
    *,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> Plan:
    """Decide who is treated where, and when.

    Args:
        instance: An instance with patients, care and beds, or the path of one; its scenarios of
            patients are what may come.
        limits: Wall-clock limit of the whole call, work limit, gap, seed, workers.
        progress: Called with small dictionaries as goals are reached.

    Returns:
        A plan that the judge has checked: tables admissions, transfers, openings, waiting,
        occupancy, notices.

    Raises:
        InstanceError: the instance is not valid.
        ImpossibleError: those in beds already do not fit, or cannot be cared for.
        NoPlanError: no plan was found within the limits.
    """
    return Admit(instance, limits or Limits(), progress).run()


def route(
    instance: Instance | str | Path,
    plan: Plan | str | Path | None = None,
    *,
    period: int = 1,
    limits: Limits | None = None,
    progress: Progress = silent,
    router: str = "",
    start: Plan | str | Path | None = None,
    strict: bool = True,
) -> Plan:
    """Turn what a period sends into routes.

    Args:
        instance: An instance, or the path of one.
        plan: The dispatch whose shipments are routed; without, the needs of the period are.
        period: The period, from 1.
        limits: Wall-clock limit of the whole call, iterations (`work`), seed, workers.
        progress: Called with small dictionaries as better routes are found.
        router: auto, pyvrp, ortools, cumulative or rule; blank = the policy's.
        start: Earlier routes to begin from; `plan.summary["dropped"]` says what no longer fits.
        strict: Whether to refuse orders that nobody could serve, instead of leaving them behind.

    Returns:
        A plan that the judge has checked: `plan["routes"]`, `plan["deliveries"]`,
        `plan["unserved"]`.

    Raises:
        InstanceError: the instance is not valid, or asks of routes what cannot be.
        ImpossibleError: nothing is ordered in the period.
        NoPlanError: no plan was found within the limits.
    """
    limits = limits or Limits()
    return Routing(instance, plan, period, limits, progress, router, start, strict).run()


def assess(
    instance: Instance | str | Path,
    plan: Plan | str | Path | None = None,
    *,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> Assessment:
    """Score the reserves as they stand, or a planner's own plan, on the scenarios of an instance.

    Args:
        instance: An instance, or the path of one.
        plan: A plan of reserves: a folder, a workbook or a CSV with site_id, item_id, quantity;
            without, the present reserves of the instance are scored.
        limits: Wall-clock limit, seed, workers.
        progress: Called with small dictionaries as plans are valued.

    Raises:
        UsageError: the plan is none of reserves, or names what the instance does not have.
        NoPlanError: the time was too short.
    """
    return assessed(instance, plan, limits or Limits(), progress)


def evaluate(
    plan: Plan | str | Path,
    scenarios: Instance | str | Path | None = None,
    *,
    samples: int = 0,
    sample_size: int | None = None,
    worth: bool = False,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Find what a plan of reserves comes to in other scenarios than those it was made for.

    Args:
        plan: A plan of reserves.
        scenarios: An instance with the same places and other scenarios, or the path of one; by
            default the instance the plan records.
        samples: Samples of the scenarios to solve anew, for the gap to the best plan.
        sample_size: Scenarios in a sample.
        worth: Whether to find the values of the stochastic solution and of perfect information.
        limits: Wall-clock limit, gap, seed, workers.
        progress: Called with small dictionaries as work is done.

    Raises:
        UsageError: the plan is none of reserves, or names what the instance does not have.
        NoPlanError: the time was too short.
    """
    asked = Asked(samples, sample_size, worth)
    return evaluated(plan, scenarios, asked, limits or Limits(), progress)


def check(
    plan: Plan | str | Path,
    instance: Instance | str | Path | None = None,
    start: Plan | str | Path | None = None,
) -> Verdict:
    """Judge a plan from its instance alone; by default the instance whose path the plan records.

    `start` is the plan it was changed from, for the cap on changes.
    """
    made = plan if isinstance(plan, Plan) else load_plan(plan)
    before = load_plan(start) if isinstance(start, str | Path) else start
    return judge(_case_of(made, instance), made, start=before)


def explain(
    plan: Plan | str | Path, community_id: str = "", instance: Instance | str | Path | None = None
) -> Any:
    """Return the reasons of the shortages of one community, or of all, as a DataFrame."""
    made = plan if isinstance(plan, Plan) else load_plan(plan)
    return reasons(_case_of(made, instance), made, EXPLAIN_SECONDS, None, community_id)


def _case_of(plan: Plan, instance: Instance | str | Path | None) -> Instance:
    """Return the instance given, or the one the plan records: its path, scenario and settings."""
    if instance is None:
        return recorded(plan.run)
    return instance if isinstance(instance, Instance) else load(instance)
