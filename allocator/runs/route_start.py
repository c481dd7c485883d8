"""An earlier plan as a start: what no longer fits is dropped, and it is said what."""

from __future__ import annotations

from allocator.errors import UsageError
from allocator.instance.route_case import RouteCase
from allocator.models.route.repair import kept
from allocator.models.route.routes import Routes
from allocator.models.route.take import taken
from allocator.plan import Plan


def start_of(case: RouteCase, plan: Plan | None) -> tuple[Routes, list[str]]:
    """Return the part of a plan that breaks no rule of the case, and what was dropped in words.

    Raises:
        UsageError: E2351, when it is no plan of routes.
    """
    if plan is None:
        return (), []
    refuse_other(plan)
    routes, unknown = taken(case, plan.tables)
    fitting, unfit = kept(case, routes)
    return fitting, [*unknown, *unfit]


def refuse_other(plan: Plan) -> None:
    """Refuse a plan that is none of routes.

    Raises:
        UsageError: E2351.
    """
    if plan.decision != "route":
        raise UsageError.because(
            f"this is a plan to {plan.decision}, not one of routes",
            where=str(plan.path or ""),
            action="name a plan of allocator route, or a folder with routes.csv",
            code="E2351",
        )
