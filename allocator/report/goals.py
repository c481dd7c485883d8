"""What a plan reaches, how good that is, and what other plans reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from allocator.plan import GoalResult, Plan
from allocator.report.layout import Column, table, wrap
from allocator.report.words import (
    TOLD,
    gap_words,
    goal_amount,
    goal_words,
    is_share,
    number,
    percent,
    served,
    tier_words,
)

OTHERS = {
    "without_fairness": "no fairness rule",
    "in_proportion": "in proportion",
    "start_plan": "start plan",
}
NOISE = 1e-5
JOINT_NOTE = (
    "Bound: of the first goal, no plan and roster that leave the other posts their people are"
    " better, as the solver claims; of a later goal, no plan within the hours of this roster, with"
    " the earlier goals at their values."
)
NOTE = (
    "Bound: no plan{scope} is better, as the solver claims; for a later goal, with the"
    " earlier goals at their values."
)
OVER_LANES = ("dispatch", "preposition")  # decisions whose bounds hold for the lanes there are


def goals_lines(plan: Plan, width: int) -> list[str]:
    """Return the table of goals: value, bound and gap, the most important first."""
    columns = (
        Column("Goal"),
        Column("value", right=True),
        Column("bound", right=True),
        Column("gap", right=True),
    )
    rows = [
        (
            f"{place} {goal_words(goal.name)}{_short_name(goal.name)}",
            goal_amount(goal.name, goal.value, goal.unit),
            goal_amount(goal.name, goal.bound),
            gap_words(goal),
        )
        for place, goal in enumerate(plan.goals, start=1)
    ]
    bounded = any(goal.bound is not None for goal in plan.goals)
    scope = " over these lanes" if plan.decision in OVER_LANES else ""
    text = JOINT_NOTE if plan.summary.get("joint") else NOTE.format(scope=scope)
    note = wrap(text, width) if bounded else []
    return [*table(columns, rows, width), *note]


def _short_name(name: str) -> str:
    return "" if goal_words(name) == name else f" ({name})"


def compared_lines(plan: Plan, width: int) -> list[str]:
    """Return the price of fairness and the gain over other plans, as a table and in words."""
    others = {
        title: values for key, title in OTHERS.items() if (values := plan.summary.get(key) or {})
    }
    if not others:
        return []
    columns = [
        Column("Compared with"),
        Column("this plan", right=True),
        *(Column(title, right=True) for title in others),
    ]
    rows = [
        (
            goal_words(goal.name),
            goal_amount(goal.name, goal.value),
            *(goal_amount(goal.name, values.get(goal.name)) for values in others.values()),
        )
        for goal in plan.goals
        if any(goal.name in values for values in others.values())
    ]
    lines = table(columns, rows, width)
    for sentence in _sentences(plan):
        lines += wrap(sentence, width)
    return lines


def _sentences(plan: Plan) -> Iterator[str]:
    free = plan.summary.get("without_fairness") or {}
    if free:
        costs = [goal for goal in _apart(plan.goals, free) if _is_need(goal.name)]
        paid = [_difference(goal, free[goal.name]) for goal in costs] or [
            "no more need is left unmet"
        ]
        loose = plan.summary.get("price_in_fractions")
        than = ", against a plan without whole packs and trips" if loose else ""
        told = "; ".join([", ".join(paid), *_shares(plan.goals, free)])
        yield f"Price of fairness{than}: {told}."
    even = plan.summary.get("in_proportion") or {}
    if even:
        yield f"Against sharing in proportion to people: {_gain(plan.goals, even)}."
    own = plan.summary.get("start_plan") or {}
    if own:
        yield f"Against the start plan: {_gain(plan.goals, own)}."


def _gain(goals: Sequence[GoalResult], other: Mapping[str, float]) -> str:
    """Say how this plan differs from another one: in the first needs that do, and in shares."""
    apart = [goal for goal in _apart(goals, other) if not is_share(goal.name)][:2]
    parts = [_difference(goal, other[goal.name]) for goal in apart] or ["no need more or less"]
    return "; ".join([", ".join(parts), *_shares(goals, other)])


def _apart(goals: Sequence[GoalResult], other: Mapping[str, float]) -> list[GoalResult]:
    """Return the goals at which two plans differ by more than numerical noise."""
    return [
        goal
        for goal in goals
        if goal.value is not None
        and goal.name in other
        and abs(goal.value - other[goal.name]) > max(NOISE * abs(goal.value), _least(goal))
    ]


def _difference(goal: GoalResult, other: float) -> str:
    more = (goal.value or 0.0) - other
    share = f" ({percent(abs(more / other))})" if abs(other) > TOLD else ""
    direction = "more" if more > 0 else "less"
    return f"{number(abs(more))} {goal.unit} {direction} {goal_words(goal.name)}{share}"


def _shares(goals: Sequence[GoalResult], other: Mapping[str, float]) -> list[str]:
    shares = [
        f"{served(goal.value)} instead of {served(other[goal.name])}"
        f" ({tier_words(goal.name.partition('.')[2])})"
        for goal in _apart(goals, other)
        if is_share(goal.name) and goal.value is not None
    ]
    return [f"the worst-off place gets {' and '.join(shares)}"] if shares else []


def _least(goal: GoalResult) -> float:
    """Return the least difference worth telling: a tenth of a point of a share."""
    return 5e-4 if is_share(goal.name) else NOISE


def _is_need(name: str) -> bool:
    return name.partition(".")[0] in ("floors", "critical", "remaining")
