"""The solves behind the reasons of a roster, as they run in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from scipy import sparse

from allocator.engine.conflict import smallest_conflict
from allocator.engine.ordered import Budget
from allocator.engine.program import Floats
from allocator.engine.session import Session
from allocator.explain.reason import Reason
from allocator.instance import Instance
from allocator.instance.staff_case import StaffCase, staff_case
from allocator.models.staff.goals import Goal, goals_of
from allocator.models.staff.model import StaffModel
from allocator.models.staff.read import last_roster
from allocator.models.staff.rulebook import rulebook
from allocator.models.staff.solving import new_session
from allocator.plan import Plan

Emit = Callable[..., None]
NAMED = 4  # rules named in a text
NOISE = 1e-6
COVER = ("critical_uncovered", "uncovered")


def work(
    emit: Emit, instance: Instance, plan: Plan, seconds: float, most: int | None, only: str
) -> None:
    """Emit the reasons after each one that is found."""
    study = Study(staff_case(instance), plan, time.monotonic() + seconds)
    found: list[Reason] = []
    for reason in study.run(most, only):
        found.append(reason)
        emit(list(found))


class Study:
    """One case and roster, and what is built for them once."""

    def __init__(self, case: StaffCase, plan: Plan, deadline: float) -> None:
        """Read the roster."""
        self.case, self.plan, self.deadline = case, plan, deadline
        there = last_roster(case, plan["roster"]).sum(axis=0)
        self.short = np.maximum(0, case.posts.wanted - there)

    def run(self, most: int | None, only: str) -> Iterator[Reason]:
        """Yield the reasons of the largest gaps, critical posts first."""
        posts = self.case.posts
        some = np.flatnonzero(self.short > 0)
        if only:
            place = posts.places[posts.place[some]]
            some = some[(posts.ids[some] == only) | (place == only)]
        order = np.lexsort((-posts.weight[some] * self.short[some], ~posts.critical[some]))
        for post in some[order][:most].tolist():
            yield self._one(post)

    def _one(self, post: int) -> Reason:
        nobody = self._nobody(post)
        if nobody:
            return self._reason(post, "EXCLUDED_BY_RULE", "skill", nobody)
        if time.monotonic() > self.deadline:
            text = "not looked at within the time"
            return self._reason(post, "UNEXPLAINED", "", text)
        return self._solved(post)

    def _nobody(self, post: int) -> str:
        """Say which rule alone leaves nobody for a post; blank when somebody fits."""
        case, posts = self.case, self.case.posts
        if case.fits[:, post].any():
            return ""
        skill = posts.skill[post]
        able = case.has_skill[:, skill] | case.learns[:, skill]
        can = case.can[:, posts.period[post], posts.shift[post]]
        if not able.any():
            return f"nobody has the skill {case.skills[skill]} or can learn it"
        if not (able & can).any():
            return f"none of the {_people(case, able)} with the skill can work then"
        far = f"none of the {_people(case, able & can)} with the skill who can work"
        return f"{far} lives near enough"

    def _solved(self, post: int) -> Reason:
        """Ask for one person more here and solve: impossible, or at whose loss."""
        model = StaffModel(self.case)
        goals = [goal for goal in goals_of(model) if any(name in goal.name for name in COVER)]
        row = model.program.add_rows("asked", 1, upper=float(self.short[post] - 1))
        model.program.add_entries(row, model.short[post], 1.0)
        session = new_session(model, "auto")
        left = max(0.5, 0.5 * (self.deadline - time.monotonic()))
        outcome = session.minimise(_first(goals, session), left, gap=1e-3)
        if outcome.termination == "infeasible":
            return self._impossible(post)
        if outcome.solution is None:
            return self._reason(post, "UNEXPLAINED", "", "no answer within the time")
        certain = outcome.termination == "completed"
        return self._compared(post, model, goals, session, outcome.solution, certain)

    def _impossible(self, post: int) -> Reason:
        """Name the rules that keep one person more away, whatever else is left undone."""
        model = StaffModel(self.case, loose=len(self.case.people) * len(self.case.posts) < 50_000)
        rules, group = rulebook(model)
        row = model.program.add_rows("asked", 1, upper=float(self.short[post] - 1))
        model.program.add_entries(row, model.short[post], 1.0)
        seconds = max(0.5, 0.5 * (self.deadline - time.monotonic()))
        found = smallest_conflict(model.program, np.r_[group, -1], seconds)
        named = [rules[one] for one in found.groups] if found else []
        words = "; ".join(rule.words for rule in named[:NAMED])
        more = f"; and {len(named) - NAMED} rules more" if len(named) > NAMED else ""
        text = f"no roster has one person more here: {words or 'the rules together'}{more}"
        family = named[0].family if named else ""
        return self._reason(post, "IMPOSSIBLE_ALONE", family, text)

    def _compared(
        self,
        post: int,
        model: StaffModel,
        goals: list[Goal],
        session: Session,
        point: Floats,
        certain: bool,
    ) -> Reason:
        """Say what the best roster with one person more here loses instead."""
        now = self._values(goals, model, self.short)
        budget = Budget(self.deadline, gap=1e-3)
        worse = []
        for number, goal in enumerate(goals):
            if number:
                outcome = session.minimise(goal.cost, budget.seconds(), gap=1e-3)
                certain &= outcome.termination == "completed"
                point = point if outcome.solution is None else outcome.solution
            value = float(goal.cost @ point[: len(goal.cost)]) + goal.constant
            if abs(value - now[goal.name]) > NOISE + 1e-3 * abs(value):
                worse.append((goal.name, value - now[goal.name]))
                break
            row = goal.cost[None, :]
            _hold(session, row, value - goal.constant)
        if not worse:
            return self._tie(post, model, point)
        name, loss = worse[0]
        if loss < 0:
            text = f"it may be avoidable: a roster with {name} lower by {-loss:g} was found"
            return self._reason(post, "NOT_PROVEN", name, text)
        others = self._others(model, point)
        text = f"one person more here costs {loss:g} of {name}{others}"
        code = "CROWDED_OUT" if certain else "NOT_PROVEN"
        return self._reason(post, code, name, text)

    def _tie(self, post: int, model: StaffModel, point: Floats) -> Reason:
        others = self._others(model, point)
        text = f"a roster as good covers it and leaves as much elsewhere{others}"
        return self._reason(post, "CROWDED_OUT", "tie", text)

    def _others(self, model: StaffModel, point: Floats) -> str:
        """Name the post that would lack people instead."""
        short = np.round(point[model.short]) - self.short
        worst = int(np.argmax(short))
        if short[worst] <= 0:
            return ""
        return f"; {self._name(worst)} would lack {short[worst]:g} more"

    def _values(self, goals: list[Goal], model: StaffModel, short: np.ndarray) -> dict[str, float]:
        stated = {goal.name: goal.value for goal in self.plan.goals if goal.value is not None}
        point = np.zeros(model.program.column_count)
        point[model.short] = short
        return {
            goal.name: stated.get(goal.name, float(goal.cost @ point) + goal.constant)
            for goal in goals
        }

    def _name(self, post: int) -> str:
        case = self.case
        shift = case.shifts.ids[case.posts.shift[post]]
        return f"{case.posts.ids[post]} in period {case.posts.period[post] + 1}, shift {shift},"

    def _reason(self, post: int, code: str, family: str, text: str) -> Reason:
        posts = self.case.posts
        period = int(posts.period[post]) + 1
        place = str(posts.places[posts.place[post]])
        return Reason(
            community_id=place or str(posts.ids[post]),
            item_id=str(posts.ids[post]),
            period_from=period,
            period_to=period,
            code=code,
            family=family,
            quantity=float(self.short[post]),
            text=f"{self._name(post)} lacks {self.short[post]:g}: {text}.",
            detail="",
        )


def _first(goals: list[Goal], session: Session) -> Floats:
    return goals[0].cost if goals else np.zeros(session.columns)


def _hold(session: Session, row: Floats, value: float) -> None:
    wide = np.zeros((1, session.columns))
    wide[:, : row.shape[1]] = row
    session.add_rows(np.array([-np.inf]), np.array([value + NOISE]), sparse.csr_matrix(wide))


def _people(case: StaffCase, some: np.ndarray) -> str:
    return f"{int(case.people.number[some].sum())} people"
