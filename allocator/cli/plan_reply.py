"""What a command says of the plan it wrote: summary or envelope, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from allocator.cli.envelope import Reply
from allocator.cli.fail_on import THRESHOLD_MISSED
from allocator.cli.layout import records, width
from allocator.errors import Fault, InterruptedRun, ViolationError

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.plan import Plan

WARNINGS_SHOWN = 5


def plan_reply(plan: Plan, case: Instance, failed: tuple[Fault, ...]) -> Reply:
    """Tell of a plan that is written at its path; `failed` are thresholds it misses."""
    from allocator.report import summary_text

    as_json = bool(click.get_current_context().params.get("as_json"))
    warnings = tuple(case.notes.get("warnings", ()))
    if not as_json and len(warnings) > WARNINGS_SHOWN:
        warnings = (*warnings[:WARNINGS_SHOWN], _more(len(warnings) - WARNINGS_SHOWN))
    errors = (*faults(plan), *failed)
    return Reply(
        text="" if as_json else summary_text(plan, case, width()),
        data=_data(plan, case) if as_json else {},
        warnings=warnings,
        errors=errors,
        status="interrupted" if plan.status.termination == "interrupted" else plan.status.plan,
        exit_code=exit_code(plan, failed),
    )


def exit_code(plan: Plan, failed: tuple[Fault, ...] = ()) -> int:
    """Return the exit code of a command about a plan."""
    if plan.status.termination == "interrupted":
        return InterruptedRun.exit_code
    if plan.status.plan == "invalid":
        return ViolationError.exit_code
    return THRESHOLD_MISSED if failed else 0


def faults(plan: Plan) -> tuple[Fault, ...]:
    """Return why the exit code is not 0, thresholds aside."""
    path = str(plan.path)
    if plan.status.termination == "interrupted":
        rule = "the run was interrupted; the best plan so far is written"
        return (Fault("E8001", "error", path, "", rule, "run again for a better one"),)
    if plan.status.plan == "invalid":
        rule = "the plan breaks rules of its instance"
        return (Fault("E6001", "error", path, "", rule, f"see: allocator check {path}"),)
    return ()


def _more(number: int) -> Fault:
    rule = f"{number} more warnings"
    return Fault("W2301", "warning", "", "", rule, "see them with: allocator validate")


def _data(plan: Plan, case: Instance) -> dict[str, object]:
    from dataclasses import asdict

    from allocator.plan.save import goal_document

    return {
        "path": str(plan.path),
        "instance": dict(plan.instance),
        "run_status": asdict(plan.status),
        "goals": [goal_document(goal) for goal in plan.goals],
        "summary": dict(plan.summary),
        "seconds": dict(plan.run.get("seconds", {})),
        **_DECIDED.get(plan.decision, _shipped)(plan, case),
    }


def _reserves(plan: Plan, case: Instance) -> dict[str, object]:
    from allocator.report.preposition_sites import sites_table

    tables = {name: records(plan[name]) for name in ("reserves", "agreements", "outcomes")}
    return {"sites": records(sites_table(plan, case)), **tables}


def _roster(plan: Plan, case: Instance) -> dict[str, object]:
    names = ("uncovered", "workload", "gates", "reasons")
    return {"assignments": len(plan["roster"]), **{one: records(plan[one]) for one in names}}


def _routes(plan: Plan, case: Instance) -> dict[str, object]:
    from allocator.report.route import left_table, routes_table

    found = {"routes": routes_table(plan), "left": left_table(plan), "reasons": plan.reasons}
    return {name: records(frame) for name, frame in found.items()}


def _beds(plan: Plan, case: Instance) -> dict[str, object]:
    from allocator.instance.admit_case import admit_case
    from allocator.report.admit import community_table, waiting_table
    from allocator.report.admit_sites import site_table

    arrays = admit_case(case)
    tables = {"waiting": waiting_table, "communities": community_table, "sites": site_table}
    found = {name: make(plan, arrays) for name, make in tables.items()}
    found |= {name: plan[name] for name in ("openings", "notices", "reasons")}
    return {name: records(frame) for name, frame in found.items()}


def _shipped(plan: Plan, case: Instance) -> dict[str, object]:
    from allocator.report.shortages import by_community, by_item, noticeable

    short = not noticeable(plan).empty
    return {
        "shipments": len(plan.shipments),
        "shortages": {
            "rows": len(noticeable(plan)),
            "items": records(by_item(plan, case)) if short else [],
            "communities": records(by_community(plan, case)) if short else [],
        },
    }


_DECIDED = {"admit": _beds, "preposition": _reserves, "route": _routes, "staff": _roster}
