"""What reserves, and plans of them, come to in scenarios: text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from allocator.instance import Instance
from allocator.models.preposition.worth import Gap, Interval
from allocator.plan import Plan
from allocator.report import preposition
from allocator.report.layout import headed, table, wrap
from allocator.report.summary import path_lines
from allocator.report.words import TOLD, count, goal_amount, goal_words, number

NOISE = 1e-5  # of a value: less is what goals before others may give up


def assessment_text(
    plan: Plan, others: Mapping[str, Plan], instance: Instance, present: bool, width: int
) -> str:
    """Return how a plan, or the present reserves, fare in the scenarios of an instance."""
    what = "The reserves as they stand" if present else "Your plan of reserves"
    head = wrap(f"{what}, in {count(len(plan.outcomes), 'scenario')} of {instance.name}", width)
    values = {name: {goal.name: goal.value for goal in one.goals} for name, one in others.items()}
    shown = plan.replace(summary={**plan.summary, **values})
    parts = [[*head, *_broken(plan, width)], _goal_lines(plan, width)]
    parts += preposition.sections(shown, instance, width)
    parts.append(path_lines(plan))
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _broken(plan: Plan, width: int) -> list[str]:
    broken = plan.summary.get("violations") or []
    if not broken:
        return wrap("The judge recomputed them: no rule of the policy is broken.", width)
    lines = wrap("They break rules of the policy:", width)
    return lines + [line for text in broken for line in wrap(f"- {text}", width, "  ")]


def _goal_lines(plan: Plan, width: int) -> list[str]:
    columns = headed("Goal", "value")
    rows = [
        (goal_words(one.name), goal_amount(one.name, one.value, one.unit)) for one in plan.goals
    ]
    return table(columns, rows, width)


def evaluation_text(
    plan: Plan,
    planned: Mapping[str, float],
    intervals: Mapping[str, Interval],
    instance: Instance,
    width: int,
) -> str:
    """Return what a plan comes to in scenarios it may not have been made for."""
    head = f"The plan in {count(len(plan.outcomes), 'scenario')} of {instance.name}"
    parts = [[*wrap(head, width), *_broken(plan, width)]]
    columns = headed("Goal", "as planned", "here")
    rows = [
        (
            goal_words(one.name),
            goal_amount(one.name, planned.get(one.name)),
            goal_amount(one.name, one.value, one.unit),
        )
        for one in plan.goals
    ]
    parts.append(table(columns, rows, width))
    parts.append([line for text in _interval_words(intervals) for line in wrap(text, width)])
    parts += preposition.sections(plan, instance, width)
    parts.append(path_lines(plan))
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _interval_words(intervals: Mapping[str, Interval]) -> Iterator[str]:
    """Say how far the means can be trusted, as if the scenarios were drawn."""
    parts = [
        f"{goal_words(name)} {number(one.low)} to {number(one.high)}"
        for name, one in intervals.items()
        if one.high - one.low > TOLD
    ]
    if parts:
        behind = number(min(one.number for one in intervals.values()))
        yield (
            f"If these scenarios were drawn, the true means lie, with probability 95 %, at"
            f" {'; '.join(parts)} ({behind} draws)."
        )


def worth_lines(
    plan: Plan,
    gaps: Sequence[Gap],
    samples: int,
    stochastic: Mapping[str, float],
    information: Mapping[str, float],
    width: int,
) -> list[str]:
    """Return the sampled gap, and what planning for scenarios and knowing them is worth."""
    lines = []
    for one in gaps:
        most, more = number(round(one.most, 3)), number(round(max(0.0, one.gap.mean), 3))
        high = f", and at most {most} with probability 95 %" if samples > 1 else ""
        text = (
            f"Against the best plan, by {count(samples, 'sample')}: {goal_words(one.goal)} is"
            f" {more} more on average{high}; the best plans come to"
            f" {number(round(one.lower.mean, 3))}."
        )
        lines += wrap(text, width)
    if stochastic:
        told = _per_goal(plan, stochastic, "more", "less")
        lines += wrap(f"Planned for the mean scenario instead: {told}.", width)
    if information:
        told = _per_goal(plan, information, "less", "more")
        lines += wrap(f"If the scenario were known beforehand, on average: {told}.", width)
    return lines


def _per_goal(plan: Plan, values: Mapping[str, float], above: str, below: str) -> str:
    """Say how much more or less there is of every goal; noise is no difference."""
    goals, parts = {goal.name: goal for goal in plan.goals}, []
    for name, value in values.items():
        goal = goals[name]
        noise = TOLD + NOISE * abs(goal.value or 0.0)
        size = f"{number(abs(value))} {goal.unit} {above if value > 0 else below}"
        parts.append(f"{goal_words(name)} {'the same' if abs(value) <= noise else size}")
    return "; ".join(parts)
