"""Routes in the order of the goals: a plan by rule first, then the routers that can do better.

The goals are taken as far as a router can count them; the next router begins from what it found,
and a plan replaces the best one only when it comes before it in the order of the goals beyond
numerical slack. So a later goal never costs an earlier one more than that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase
from allocator.models.route import days
from allocator.models.route.alike import alike
from allocator.models.route.bounds import bounds, earliest
from allocator.models.route.by_rule import by_rule
from allocator.models.route.capabilities import ROUTERS, Router, forced, lacking
from allocator.models.route.direct import direct
from allocator.models.route.goals import DEFAULT, better, ordered, terms_of, values
from allocator.models.route.repair import kept, repaired
from allocator.models.route.routes import Routes
from allocator.models.route.rules import broken

ITERATIONS = 1000  # of each router where nothing limits it
DAYS = 0.75  # of the time left, where days are put together of full loads
LEADER, FOLLOWER = 2.0, 1.0  # shares of the time: the first router, each after it


@dataclass
class RouteAnswer:
    """What is known of a case so far.

    Attributes:
        routes: The best plan; it breaks no rule.
        values: Its value of every term.
        bound: A value no plan is better than, of the goals where one is known.
        router: The routers that were used, in order.
        termination: completed, time_limit, work_limit or interrupted.
        history: Seconds, router and values of the goals of every plan that became the best.
        remarks: What was dropped or repaired, in words.
    """

    routes: Routes = ()
    values: dict[str, float] = field(default_factory=dict)
    bound: dict[str, float] = field(default_factory=dict)
    router: str = ""
    termination: str = "completed"
    history: list[tuple[float, str, tuple[float, ...]]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


Report = Callable[[RouteAnswer], None]


def solve(
    case: RouteCase,
    seconds: float | None = None,
    seed: int = 0,
    workers: int = 1,
    router: str = "auto",
    iterations: int | None = None,
    start: Routes | None = None,
    report: Report = lambda answer: None,
    fresh: bool = True,
) -> RouteAnswer:
    """Return the best routes found; `report` hears of every better plan.

    Vehicle types that nothing tells apart are one type while it searches.

    Args:
        case: The case.
        seconds: Wall-clock limit; None = until the iterations are done.
        seed: Seed of every random choice.
        workers: Processes a router may use.
        router: Name of the one to use; auto = those that suit the rules and goals.
        iterations: Limit of each router's own steps; with it and without seconds the same
            input gives the same routes.
        report: Hears of every better plan.
        start: A plan to begin from; what no longer fits is dropped, with a remark.
        fresh: Make a first plan by rule as well where there is one to begin from.

    Raises:
        UsageError: E2341, E2342 the router cannot do what is asked.
    """
    like = alike(case)
    limits = (seconds, seed, workers, router, iterations)
    if like is None:
        return _solve(case, *limits, start, report, fresh)

    def told(answer: RouteAnswer) -> None:
        report(replace(answer, routes=like.apart(answer.routes)))

    found = _solve(like.case, *limits, like.joined(start or ()), told, fresh)
    return replace(found, routes=like.apart(found.routes))


def _solve(
    case: RouteCase,
    seconds: float | None,
    seed: int,
    workers: int,
    router: str,
    iterations: int | None,
    start: Routes | None,
    report: Report,
    fresh: bool,
) -> RouteAnswer:
    stages = stages_of(case) if router == "auto" else [(forced(router, case), case)]
    if seconds is None and iterations is None:
        iterations = ITERATIONS
    run = _Run(case, seconds, report)
    run.begin(start, fresh or not start)
    for number, (one, part) in enumerate(stages):
        left = run.left()
        if left is not None and left <= 0:
            break
        shares = [LEADER, *[FOLLOWER] * (len(stages) - 1)][number:]
        own = None if left is None else left * shares[0] / sum(shares)
        run.stage(one, part, own, seed, iterations, workers)
    return run.ended(iterations)


def stages_of(case: RouteCase) -> list[tuple[Router, RouteCase]]:
    """Return the routers to use in order, each with the part of the case it can express.

    The first one takes as many goals from the front as it can count; where goals or rules are
    left, those that can express the whole case go on from there.
    """
    first = _leader(case)
    if first is not None and not lacking(*first) and first[1].goals == goals_asked(case):
        return [first]
    whole = [ROUTERS[name] for name in ("ortools", "rule")]
    later = [(one, case) for one in whole if not lacking(one, case, helped=True)]
    return [*([first] if first else []), *later]


def goals_asked(case: RouteCase) -> tuple[GoalSpec, ...]:
    """Return the goals of a case, the usual ones where it names none."""
    return case.goals or DEFAULT


def _leader(case: RouteCase) -> tuple[Router, RouteCase] | None:
    """Return the router to begin with, and the case with the goals that it can count."""
    for router in (ROUTERS["cumulative"], ROUTERS["pyvrp"]):
        part = case.replace(goals=tuple(takewhile(router.counts, goals_asked(case))))
        suits = router.name != "cumulative" or "arrivals" in terms_of(part)
        if part.goals and suits and not lacking(router, part, helped=True):
            return router, part
    return None


class _Run:
    """The best plan so far and what is told of it."""

    def __init__(self, case: RouteCase, seconds: float | None, report: Report) -> None:
        self.case, self.report, self.answer = case, report, RouteAnswer()
        self.began, self.seconds = time.monotonic(), seconds
        self.reached: tuple[float, ...] | None = None
        self.earliest = earliest(case)

    def left(self) -> float | None:
        """Return the seconds left; None without a limit."""
        if self.seconds is None:
            return None
        return max(0.0, self.seconds - (time.monotonic() - self.began))

    def begin(self, start: Routes | None, fresh: bool) -> None:
        """Make the first plans: of full loads, from the plan to begin from, by rule."""
        found: Routes = ()
        if start:
            found, self.answer.remarks = kept(self.case, start)
        if fresh and days.suits(self.case):
            left = self.left()
            seconds = None if left is None else left * DAYS
            self.offer(days.days(self.case, found, seconds, self._hear_days), "days")
            return
        if found:
            self.offer(by_rule(self.case, found), "start")
        if fresh:
            self.offer(by_rule(self.case), "rule")
            if not start:
                self.offer(direct(self.case), "direct")

    def _hear_days(self, routes: Routes) -> None:
        """Keep days made so far where they break no rule: repair would take too long."""
        if not broken(self.case, routes):
            self.offer(routes, "days")

    def offer(self, routes: Routes, router: str) -> None:
        """Keep a plan when it comes before the best one, repaired where it breaks rules."""
        routes = repaired(self.case, routes)
        if broken(self.case, routes):
            return
        known = values(self.case, routes)
        reached = ordered(self.case, known)
        if self.reached is not None and not better(reached, self.reached):
            return
        self.reached = reached
        self.answer.routes, self.answer.values = routes, known
        self.answer.bound = bounds(self.case, known, self.earliest)
        self.answer.history.append((time.monotonic() - self.began, router, reached))
        self.report(self.answer)

    def stage(
        self,
        router: Router,
        case: RouteCase,
        seconds: float | None,
        seed: int,
        iterations: int | None,
        workers: int,
    ) -> None:
        """Let a router search from the best plan."""
        search = router.load()
        more: dict[str, Any] = {"workers": workers} if router.shared else {}
        found = search(
            case,
            seconds,
            seed,
            iterations,
            self.answer.routes,
            lambda routes: self.offer(routes, router.name),
            **more,
        )
        self.offer(found, router.name)
        self.answer.router += (", " if self.answer.router else "") + router.name

    def ended(self, iterations: int | None) -> RouteAnswer:
        """Say how the search ended."""
        if self.left() == 0.0:
            self.answer.termination = "time_limit"
        elif iterations:
            self.answer.termination = "work_limit"
        return self.answer
