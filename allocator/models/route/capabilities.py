"""What each router can express, what a case asks for, and so which router may be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from allocator.errors import UsageError
from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase
from allocator.models.route.goals import REQUIRED, UNITS, terms_of
from allocator.models.route.pieces import parts_needed
from allocator.models.route.routes import Routes

Report = Callable[[Routes], None]
ANY_TIME = ((0.0, np.inf),)


class Search(Protocol):
    """A router: routes as good as it finds, in the order of the goals of the case.

    It gets a case whose rules and goals it can express, keeps to the seconds and iterations it
    is given (None = no limit of that kind), begins from `start` where it can, and tells
    `report` of every better plan. Same seed and iterations, no seconds: same routes.
    """

    def __call__(
        self,
        case: RouteCase,
        seconds: float | None,
        seed: int,
        iterations: int | None,
        start: Routes | None,
        report: Report,
    ) -> Routes:
        """Return the best routes found."""


@dataclass(frozen=True)
class Router:
    """A router, with the names of the rules and terms it can express.

    Rules in `repaired` it does not see, or not in full; what it finds is then put right, so it may
    help others but not stand alone. `shared` says that it takes `workers`, a number of processes.
    """

    name: str
    task: str  # module:function
    package: str
    rules: frozenset[str]
    terms: frozenset[str]
    repaired: frozenset[str] = frozenset()
    shared: bool = False
    obstacles: str = ""  # module:function, for what the names of rules do not tell apart

    def load(self) -> Callable[..., Routes]:
        """Import the `Search`; nothing of a router is imported before it is used."""
        module, _, function = self.task.partition(":")
        search: Callable[..., Routes] = getattr(import_module(module), function)
        return search

    def load_obstacles(self) -> Callable[[RouteCase], tuple[str, ...]]:
        """Import the function that names what else of a case the router cannot express."""
        module, _, function = self.obstacles.partition(":")
        found: Callable[[RouteCase], tuple[str, ...]] = getattr(import_module(module), function)
        return found

    def counts(self, goal: GoalSpec) -> bool:
        """Say whether the router can count every term of a goal."""
        return all(name in self.terms for _, name in goal.terms)


def _any_window(case: RouteCase) -> bool:
    return any(own != ANY_TIME for own in case.stops.windows)


def _shared_line(case: RouteCase) -> bool:
    return len(np.unique(case.vehicles.line)) < len(case.vehicles)


def _too_large(case: RouteCase) -> bool:
    return any(parts_needed(case, stop) > 1 for stop in range(len(case.stops)))


def _types(case: RouteCase) -> bool:
    fleet = case.vehicles
    rows = np.c_[fleet.capacity, fleet.fixed, fleet.per_km, fleet.profile, fleet.unloading]
    return len(np.unique(rows, axis=0)) > 1


def _varied(case: RouteCase) -> bool:
    minutes = case.vehicles.decontaminate[:, np.unique(case.stops.access)]
    return bool((minutes != minutes[:, :1]).any())


# What a rule is called, what it means, and when it is in force.
RULES: dict[str, tuple[str, Callable[[RouteCase], Any]]] = {
    "windows": ("service within a time window", _any_window),
    "several_windows": (
        "several windows a stop",
        lambda case: any(len(own) > 1 for own in case.stops.windows),
    ),
    "release": ("goods ready later at the depot", lambda case: (case.stops.release > 0).any()),
    "mixed_fleet": ("vehicle types that differ", _types),
    "depots": ("several homes", lambda case: len(np.unique(case.vehicles.home)) > 1),
    "pools": ("vehicles that may start at one of several homes", _shared_line),
    "profiles": ("travel that differs by type", lambda case: len(case.minutes) > 1),
    "permits": ("types that may not go everywhere", lambda case: ~case.stops.permitted.all()),
    "origins": (
        "goods of one depot only, or of any of several",
        lambda case: not case.stops.origins[:, case.depots].all(),
    ),
    "order": (
        "clean before sealed",
        lambda case: case.clean_order and len(np.unique(case.stops.access)) > 1,
    ),
    "decontamination": (
        "decontamination before the next loading",
        lambda case: (case.vehicles.decontaminate[:, np.unique(case.stops.access)] > 0).any(),
    ),
    "highest": (
        "decontamination by the highest class where the order is free",
        lambda case: not case.clean_order and _varied(case),
    ),
    "on_way": (
        "decontamination on the way, so that the class may fall",
        lambda case: (
            case.stations is not None and case.clean_order and len(np.unique(case.stops.access)) > 1
        ),
    ),
    "trips": ("several trips with reloading", lambda case: (case.vehicles.trips > 1).any()),
    "reload_anywhere": ("loading away from home", lambda case: case.reload_anywhere),
    "duty": (
        "shift and longest duty",
        lambda case: np.isfinite(np.r_[case.vehicles.late, case.vehicles.longest]).any(),
    ),
    "farthest": ("longest distance", lambda case: np.isfinite(case.vehicles.farthest).any()),
    "optional": ("stops with a prize", lambda case: np.isfinite(case.stops.prize).any()),
    "split": ("loads beyond every vehicle, in parts", _too_large),
    "cheaper_split": (
        "parts where that is cheaper",
        lambda case: case.split == "always" and case.stops.divisible.any(),
    ),
    "gates": (
        "minutes of service a gate can give",
        lambda case: case.gates is not None and np.isfinite(case.gates).any(),
    ),
    "docks": ("vehicles at a gate at once", lambda case: case.docks > 0),
    "pins": ("routes fixed by the planner", lambda case: any(not f.started for f in case.fixed)),
    "started": ("routes under way", lambda case: any(fixed.started for fixed in case.fixed)),
}

LINEAR = frozenset({REQUIRED, "unserved", "cost", "distance", "duration", "vehicles", "exposure"})
EVERYTHING = frozenset(RULES)
HERE = "allocator.models.route."
ROUTERS = {
    router.name: router
    for router in (
        Router(
            "pyvrp",
            HERE + "pyvrp_router:pyvrp_router",
            "pyvrp",
            EVERYTHING - {"gates", "docks", "highest", "pins", "started"},
            LINEAR,
            frozenset({"gates", "docks", "highest"}),
            shared=True,
        ),
        Router(
            "cumulative",
            HERE + "cumulative:cumulative",
            "allocator",
            frozenset({"mixed_fleet", "depots", "order", "decontamination", "duty", "optional"}),
            frozenset({REQUIRED, "unserved", "arrivals"}),
            shared=True,
            obstacles=HERE + "cumulative_data:obstacles",
        ),
        Router(
            "ortools",
            HERE + "ortools_router:ortools_router",
            "ortools",
            EVERYTHING
            - {"release", "docks", "highest", "reload_anywhere", "cheaper_split"}
            - {"pins", "started"},
            frozenset(UNITS),
            frozenset({"release", "docks", "highest", "cheaper_split"}),
        ),
        Router(
            "rule",
            HERE + "ruin:ruin",
            "allocator",
            EVERYTHING - {"cheaper_split"},
            frozenset(UNITS),
            frozenset({"cheaper_split"}),
        ),
    )
}
IN_ORDER = ("cumulative", "pyvrp", "ortools", "rule")


def in_force(case: RouteCase) -> frozenset[str]:
    """Return the names of the rules that a case asks for."""
    return frozenset(name for name, (_, test) in RULES.items() if bool(test(case)))


def lacking(router: Router, case: RouteCase, helped: bool = False) -> list[str]:
    """Return what a case asks for that a router cannot express, goals as "goal arrivals".

    Args:
        router: The router.
        case: The case.
        helped: Leave out what can be put right afterwards.
    """
    can = router.rules | router.repaired if helped else router.rules
    rules = [f"{name} ({RULES[name][0]})" for name in sorted(in_force(case) - can)]
    terms = [f"goal {name}" for name in sorted(terms_of(case) - router.terms)]
    own = router.load_obstacles()(case) if router.obstacles and not rules else ()
    return [*rules, *own, *terms]


def forced(name: str, case: RouteCase) -> Router:
    """Return the router of that name.

    Raises:
        UsageError: E2341 there is none; E2342 it cannot express a rule or a goal in force.
    """
    if name not in ROUTERS:
        raise UsageError.because(
            "there is no such router",
            where="router",
            value=name,
            action=f"choose from auto, {', '.join(ROUTERS)}",
            code="E2341",
        )
    router = ROUTERS[name]
    missing = lacking(router, case)
    if missing:
        others = [one for one in IN_ORDER if not lacking(ROUTERS[one], case)]
        raise UsageError.because(
            f"the router {name} cannot express: {'; '.join(missing)}",
            where="router",
            value=name,
            action=f"choose from {', '.join(['auto', *others])}",
            code="E2342",
        )
    return router


def table() -> list[dict[str, str]]:
    """Return one row a rule and a goal, with yes or no for every router."""
    rules = [
        {"what": name, "meaning": meaning, **_marks(name, "rules")}
        for name, (meaning, _) in RULES.items()
    ]
    terms = [
        {"what": f"goal {name}", "meaning": f"counted in {unit}", **_marks(name, "terms")}
        for name, unit in UNITS.items()
    ]
    return [*rules, *terms]


def _marks(name: str, kind: str) -> dict[str, str]:
    return {
        router.name: "yes" if name in getattr(router, kind) else "no" for router in ROUTERS.values()
    }
