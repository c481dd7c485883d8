"""The trade-off of two terms, exposure against distance as a rule: the whole curve.

Between two neighbours on the curve the plan that is best in their own exchange rate is looked for,
until there is none (Aneja and Nair 1979, Management Sci. 25(1)): so every plan on the convex hull
is found as far as the router finds best plans. Plans met on the way that no other one beats are
kept as well: they may lie behind the hull.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from allocator.instance.goals import GoalSpec
from allocator.instance.route_case import RouteCase
from allocator.models.route.goals import REQUIRED, better, slack, values
from allocator.models.route.routes import Routes
from allocator.models.route.solve import RouteAnswer, solve

POINTS = 9  # searches, the two ends included
BESIDE = 1e-4  # weight of the other term at an end, in its own exchange rate
LEFT = (REQUIRED, "unserved")


@dataclass(frozen=True)
class Point:
    """A plan of the curve."""

    values: dict[str, float]
    routes: Routes


@dataclass(frozen=True)
class Limits:
    """What the searches of a curve may spend together."""

    seconds: float | None = None
    seed: int = 0
    workers: int = 1
    iterations: int | None = None
    router: str = "auto"


def curve(
    case: RouteCase,
    limits: Limits = Limits(),
    terms: tuple[str, str] = ("distance", "exposure"),
    points: int = POINTS,
    report: Callable[[Point], None] = lambda point: None,
) -> tuple[Point, ...]:
    """Return plans that no other one found beats in both terms, by the first of them.

    What is left unserved comes first: all plans leave as little as the best of them.

    Args:
        case: The case; of its goals only the rule that unserved comes first is kept.
        limits: What all searches together may spend; iterations count for each.
        terms: The two terms, each to be small.
        points: How many searches at most.
        report: Hears every plan that joins the curve.
    """
    search = _Curve(case, limits, terms, points, report)
    one = search.best(1.0, BESIDE, ())
    other = search.best(BESIDE, 1.0, one.routes)
    search.between(one, other)
    return search.found()


class _Curve:
    def __init__(
        self,
        case: RouteCase,
        limits: Limits,
        terms: tuple[str, str],
        points: int,
        report: Callable[[Point], None],
    ) -> None:
        self.case, self.limits, self.terms, self.report = case, limits, terms, report
        self.left, self.began = points, time.monotonic()
        self.kept: list[Point] = []

    def best(self, first: float, second: float, start: Routes) -> Point:
        """Search for the least weighted sum of the two terms."""
        pairs = zip((first, second), self.terms, strict=True)
        terms = tuple((weight, name) for weight, name in pairs)
        total = GoalSpec(" + ".join(f"{weight:g}*{name}" for weight, name in terms), terms)
        part = self.case.replace(goals=(GoalSpec("unserved", ((1.0, "unserved"),)), total))
        limits, seconds = self.limits, None
        if limits.seconds is not None:
            spent = time.monotonic() - self.began
            seconds = max(0.05, (limits.seconds - spent) / max(1, self.left))
        self.left -= 1
        answer = solve(
            part,
            seconds,
            limits.seed,
            limits.workers,
            limits.router,
            limits.iterations,
            start or None,
            self._hear,
            fresh=False,
        )
        return Point(values(self.case, answer.routes), answer.routes)

    def between(self, one: Point, other: Point) -> None:
        """Look between two neighbours, and then on both sides of what is found."""
        waiting = [(one, other)]
        while waiting and self.left > 0:
            waiting.sort(key=lambda pair: -self._area(*pair))
            one, other = waiting.pop(0)
            if self._area(one, other) <= 0:
                continue
            first, second = self._rate(one, other)
            found = self.best(first, second, one.routes)
            value = self._sum(found, first, second)
            least = min(self._sum(one, first, second), self._sum(other, first, second))
            if value < least - slack(least):
                waiting += [(one, found), (found, other)]

    def found(self) -> tuple[Point, ...]:
        """Return the curve."""
        return tuple(sorted(self.kept, key=lambda point: self._both(point)))

    def _hear(self, answer: RouteAnswer) -> None:
        point = Point(values(self.case, answer.routes), answer.routes)
        mine = self._both(point)
        lost = [self._lost(known) for known in self.kept]
        if any(better(other, self._lost(point)) for other in lost):
            return
        kept = [known for known in self.kept if not better(self._lost(point), self._lost(known))]
        if any(_covers(self._both(known), mine) for known in kept):
            self.kept = kept
            return
        self.kept = [known for known in kept if not _covers(mine, self._both(known))]
        self.kept.append(point)
        self.report(point)

    def _both(self, point: Point) -> tuple[float, float]:
        return point.values[self.terms[0]], point.values[self.terms[1]]

    def _lost(self, point: Point) -> tuple[float, ...]:
        return tuple(point.values[name] for name in LEFT)

    def _rate(self, one: Point, other: Point) -> tuple[float, float]:
        (a, b), (c, d) = self._both(one), self._both(other)
        return abs(b - d), abs(c - a)

    def _area(self, one: Point, other: Point) -> float:
        first, second = self._rate(one, other)
        return first * second

    def _sum(self, point: Point, first: float, second: float) -> float:
        mine = self._both(point)
        return first * mine[0] + second * mine[1]


def _covers(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Say whether a plan is no worse than another in both terms."""
    return all(a <= b + slack(b) for a, b in zip(one, other, strict=True))
