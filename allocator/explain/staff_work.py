"""The solves behind the reasons of a roster, as they run in the child process.

A gap is of people, or of qualified people; both are asked about in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from allocator.engine.conflict import smallest_conflict
from allocator.engine.neighbourhood import Whole
from allocator.engine.ordered import Budget
from allocator.engine.outcome import Outcome
from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.explain.reason import Reason
from allocator.instance import Instance
from allocator.instance.lanes import Bools
from allocator.instance.staff_case import StaffCase, staff_case
from allocator.models.staff.goals import Goal, goals_of
from allocator.models.staff.model import StaffModel
from allocator.models.staff.read import last_roster
from allocator.models.staff.relaxed import by_relaxation
from allocator.models.staff.rulebook import rulebook
from allocator.models.staff.solving import new_session
from allocator.models.staff.stage import Held, by_relaxation_first
from allocator.plan import Plan

Emit = Callable[..., None]
NAMED = 4  # rules named in a text
LOOSE = 50_000  # workers times posts above which what has no columns is not told apart
NOISE = 1e-6
GAP = 1e-3
COVER = ("critical_uncovered", "uncovered")


@dataclass(frozen=True)
class Gap:
    """People missing at a post, or qualified ones; `goals` are those it is about."""

    post: int
    missing: int
    qualified: bool

    @property
    def goals(self) -> tuple[str, ...]:
        """Names of the goals that such gaps count in."""
        return (*COVER, "qualified") if self.qualified else COVER

    @property
    def one(self) -> str:
        """One of those missing."""
        return "one qualified person" if self.qualified else "one person"

    def column(self, model: StaffModel) -> int:
        """Return the column that counts those missing."""
        return int((model.lack if self.qualified else model.short)[self.post])


def work(
    emit: Emit, instance: Instance, plan: Plan, seconds: float, most: int | None, only: str
) -> None:
    """Emit the reasons after each one that is found."""
    study = Study(staff_case(instance), plan, time.monotonic() + seconds)
    found = study.unsettled(most, only)
    emit(list(found))
    for number, reason in enumerate(study.run(most, only)):
        found[number] = reason
        emit(list(found))


class Study:
    """One case and roster, and what is built for them once."""

    def __init__(self, case: StaffCase, plan: Plan, deadline: float) -> None:
        """Read the roster."""
        self.case, self.plan, self.deadline = case, plan, deadline
        roster, posts = last_roster(case, plan["roster"]), case.posts
        self.short = np.maximum(0, posts.wanted - roster.sum(axis=0))
        self.lack = np.maximum(0, posts.qualified - roster[case.people.qualified].sum(axis=0))

    def run(self, most: int | None, only: str) -> Iterator[Reason]:
        """Yield the reasons of the largest gaps: critical posts first, people before qualified."""
        yield from map(self._one, self._gaps(most, only))

    def unsettled(self, most: int | None, only: str) -> list[Reason]:
        """Return what is said of the same gaps while nothing is solved."""
        return [self._not_reached(gap) for gap in self._gaps(most, only)]

    def _not_reached(self, gap: Gap) -> Reason:
        return self._reason(gap, "UNEXPLAINED", "", "not looked at within the time")

    def _gaps(self, most: int | None, only: str) -> list[Gap]:
        posts = self.case.posts
        post, qualified = np.nonzero(np.stack([self.short, self.lack], axis=1))
        missing = np.where(qualified, self.lack[post], self.short[post])
        order = np.lexsort((-posts.weight[post] * missing, qualified, ~posts.critical[post]))
        if only:
            asked = (posts.ids == only) | (posts.places[posts.place] == only)
            order = order[asked[post[order]]]
        return [Gap(int(post[n]), int(missing[n]), bool(qualified[n])) for n in order[:most]]

    def _one(self, gap: Gap) -> Reason:
        nobody = self._nobody(gap)
        if nobody:
            return self._reason(gap, "EXCLUDED_BY_RULE", *nobody)
        if time.monotonic() > self.deadline:
            return self._not_reached(gap)
        return self._solved(gap)

    def _nobody(self, gap: Gap) -> tuple[str, str] | None:
        """Return which rule alone leaves nobody for a post, and its words."""
        case, posts, post = self.case, self.case.posts, gap.post
        whom = case.people.qualified if gap.qualified else np.ones(len(case.people), dtype=bool)
        if (case.fits[:, post] & whom).any():
            return None
        if not whom.any():
            return "qualified", "nobody is qualified"
        skill = posts.skill[post]
        able = whom & (case.has_skill[:, skill] | case.learns[:, skill])
        can = case.can[:, posts.period[post], posts.shift[post]]
        they = "qualified people" if gap.qualified else "people"
        if not able.any():
            who = "nobody qualified" if gap.qualified else "nobody"
            return "skill", f"{who} has the skill {case.skills[skill]} or can learn it"
        if not case.can[able, :, posts.shift[post]].any():
            length = f"{case.shifts.minutes[posts.shift[post]]:g} minutes"
            who = f"any of the {self._count(able)} {they} with the skill"
            return "shift", f"the shift of {length} is longer than {who} may work or wear a suit"
        if not (able & can).any():
            return (
                "available",
                f"none of the {self._count(able)} {they} with the skill can work then",
            )
        far = f"none of the {self._count(able & can)} {they} with the skill who can work"
        return "way", f"{far} lives near enough"

    def _asked(self, gap: Gap, loose: bool = False) -> StaffModel:
        """Return the program with one more of those missing asked for."""
        model = StaffModel(self.case, loose=loose)
        row = model.program.add_rows("asked", 1, upper=gap.missing - 1.0)
        model.program.add_entries(row, gap.column(model), 1.0)
        return model

    def _solved(self, gap: Gap) -> Reason:
        """Ask for one more here and solve: impossible, or at whose loss."""
        model = self._asked(gap)
        goals = _until(goals_of(model), gap.goals)
        session = new_session(model, "auto")
        left = max(0.5, 0.5 * (self.deadline - time.monotonic()))
        outcome = _minimised(session, model, _first(goals, session), Held(), left)
        if outcome.termination == "infeasible":
            return self._impossible(gap)
        if outcome.solution is None:
            return self._reason(gap, "UNEXPLAINED", "", "no answer within the time")
        certain = outcome.termination == "completed"
        return self._compared(gap, model, goals, session, outcome.solution, certain)

    def _impossible(self, gap: Gap) -> Reason:
        """Name the rules that keep one more away, whatever else is left undone."""
        model = self._asked(gap, len(self.case.people) * len(self.case.posts) < LOOSE)
        rules, group = rulebook(model)
        seconds = max(0.5, 0.5 * (self.deadline - time.monotonic()))
        found = smallest_conflict(model.program, group, seconds)
        named = [rules[one] for one in found.groups] if found else []
        words = "; ".join(rule.words for rule in named[:NAMED])
        more = f"; and {len(named) - NAMED} rules more" if len(named) > NAMED else ""
        text = f"no roster has {gap.one} more here: {words or 'the rules together'}{more}"
        family = named[0].family if named else ""
        return self._reason(gap, "IMPOSSIBLE_ALONE", family, text)

    def _compared(
        self,
        gap: Gap,
        model: StaffModel,
        goals: list[Goal],
        session: Session,
        point: Floats,
        certain: bool,
    ) -> Reason:
        """Say what the best roster with one more here loses instead."""
        now, held = self._values(goals, model), Held()
        for number, goal in enumerate(goals):
            if number:
                left = max(0.0, self.deadline - time.monotonic())
                outcome = _minimised(session, model, goal.cost, held, left)
                certain &= outcome.termination == "completed"
                point = point if outcome.solution is None else outcome.solution
            value = float(goal.cost @ point[: len(goal.cost)]) + goal.constant
            if abs(value - now[goal.name]) > NOISE + GAP * abs(value):
                loss = value - now[goal.name]
                return self._lost(gap, goal.name, loss, certain, self._others(model, point))
            _hold(session, goal.cost[None, :], value - goal.constant)
            held.costs.append(goal.cost)
            held.most.append(value - goal.constant + NOISE)
        text = f"a roster as good has {gap.one} more here{self._others(model, point)}"
        return self._reason(gap, "TIE", "", text)

    def _lost(self, gap: Gap, name: str, loss: float, certain: bool, others: str) -> Reason:
        if loss < 0:
            text = f"it may be avoidable: a roster with {name} lower by {-loss:g} was found"
            return self._reason(gap, "NOT_PROVEN", name, text)
        text = f"{gap.one} more here costs {loss:g} of {name}{others}"
        return self._reason(gap, "CROWDED_OUT" if certain else "NOT_PROVEN", name, text)

    def _others(self, model: StaffModel, point: Floats) -> str:
        """Name the post that would lack people instead, or else qualified ones."""
        lack = np.where(model.lack >= 0, point[model.lack], 0.0)
        for now, then, who in (
            (self.short, point[model.short], ""),
            (self.lack, lack, "qualified "),
        ):
            more = np.round(then) - now
            worst = int(np.argmax(more))
            if more[worst] > 0:
                return f"; {self._name(worst)} would lack {more[worst]:g} {who}more"
        return ""

    def _values(self, goals: list[Goal], model: StaffModel) -> dict[str, float]:
        """Return the goals as the plan states them, else as the gaps alone make them."""
        stated = {goal.name: goal.value for goal in self.plan.goals if goal.value is not None}
        point = np.zeros(model.program.column_count)
        point[model.short] = self.short
        some = model.lack >= 0
        point[model.lack[some]] = self.lack[some]
        return {
            goal.name: stated.get(goal.name, float(goal.cost @ point) + goal.constant)
            for goal in goals
        }

    def _count(self, some: Bools) -> int:
        return int(self.case.people.number[some].sum())

    def _name(self, post: int) -> str:
        case = self.case
        shift = case.shifts.ids[case.posts.shift[post]]
        return f"{case.posts.ids[post]} in period {case.posts.period[post] + 1}, shift {shift},"

    def _reason(self, gap: Gap, code: str, family: str, text: str) -> Reason:
        posts, post = self.case.posts, gap.post
        period = int(posts.period[post]) + 1
        missing = f"{gap.missing} qualified" if gap.qualified else f"{gap.missing}"
        place = str(posts.places[posts.place[post]])
        where = f"{place}: " if place else ""
        return Reason(
            community_id=place or str(posts.ids[post]),
            item_id=str(posts.ids[post]),
            period_from=period,
            period_to=period,
            code=code,
            family=family,
            quantity=float(gap.missing),
            text=f"{where}{self._name(post)} lacks {missing}: {text}.",
            detail="",
        )


def _until(goals: list[Goal], names: tuple[str, ...]) -> list[Goal]:
    """Return the goals to the last one that any of the names counts in."""
    last = [number for number, goal in enumerate(goals) if any(one in goal.name for one in names)]
    return goals[: last[-1] + 1] if last else []


def _minimised(
    session: Session, model: StaffModel, cost: Floats, held: Held, seconds: float
) -> Outcome:
    """Minimise within the gap: a large program by its relaxation, if that is near enough."""
    began = time.monotonic()
    if by_relaxation_first(session):
        whole = Whole(model.program, cost, held.rows(session.columns), np.array(held.most))
        found = by_relaxation(session, whole, model.owners()[0], Budget(gap=GAP), seconds)
        if found is not None and found.termination == "completed":
            return found
    left = max(0.0, seconds - (time.monotonic() - began))
    return session.minimise(cost, left, gap=GAP)


def _first(goals: list[Goal], session: Session) -> Floats:
    return goals[0].cost if goals else np.zeros(session.columns)


def _hold(session: Session, row: Floats, value: float) -> None:
    wide = np.zeros((1, session.columns))
    wide[:, : row.shape[1]] = row
    session.add_rows(np.array([-np.inf]), np.array([value + NOISE]), sparse.csr_matrix(wide))
