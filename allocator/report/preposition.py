"""A plan of reserves for a terminal: what opens, what it costs, what happens, who goes without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from allocator.instance import Instance
from allocator.instance.futures import reserve_case
from allocator.plan import Plan
from allocator.report.layout import headed, table, wrap
from allocator.report.preposition_scenarios import uncovered_lines, worst_lines
from allocator.report.preposition_sites import item_lines, site_lines
from allocator.report.words import TOLD, count, goal_amount, goal_words, number, percent

WORST = 5
OTHERS = {
    "present": "present reserves",
    "in_proportion": "by people",
    "present_by_rule": "present, by rule",
    "in_proportion_by_rule": "by people, by rule",
}
BY_RULE = (
    "By rule: there was no time to answer the scenarios as well as these reserves allow; over the"
    " cheapest lanes first they come to this."
)
COSTS = {
    "sites": "sites",
    "stock": "stock",
    "agreements": "agreements",
    "transport": "transport",
    "called": "goods called",
    "shortage": "shortage",
    "surplus": "surplus",
}


def head_sentence(plan: Plan, instance: Instance | None) -> str:
    """Return how much is decided and against how many scenarios."""
    open_, stock = plan.sites, plan.reserves
    parts = [f"{count(len(open_), 'site')} open"]
    if instance is not None:
        status = instance["sites"].set_index("site_id")["status"]
        fresh = int((status.reindex(open_["site_id"]) == "candidate").sum())
        parts[0] += f" ({number(fresh)} new)" if fresh else ""
    parts.append(f"{count(stock['item_id'].nunique(), 'item')} in reserve")
    agreements = int((plan["agreements"]["quantity"] > 0).sum())
    if agreements:
        parts.append(count(agreements, "agreement"))
    if plan.states("outcomes"):
        parts.append(f"answered in {count(len(plan.outcomes), 'scenario')}")
    return f"{', '.join(parts)}."


def compared_lines(plan: Plan, width: int) -> list[str]:
    """Return what the present reserves and stock by people come to in the same scenarios."""
    others = {name: plan.summary.get(name) or {} for name in OTHERS}
    shown = {OTHERS[name]: found for name, found in others.items() if found}
    if not shown:
        return []
    columns = headed("Compared with", "this plan", *shown)
    rows = [
        (
            goal_words(goal.name),
            goal_amount(goal.name, goal.value),
            *(goal_amount(goal.name, found.get(goal.name)) for found in shown.values()),
        )
        for goal in plan.goals
    ]
    lines = table(columns, rows, width)
    for title, found in shown.items():
        if not title.endswith("by rule"):
            lines += wrap(_gain(plan, title, found), width)
    if any(others[name] for name in others if name.endswith("_by_rule")):
        lines += wrap(BY_RULE, width)
    return lines


def _gain(plan: Plan, title: str, other: Mapping[str, float]) -> str:
    """Say how this plan differs from another in the same scenarios."""
    parts = []
    for goal in plan.goals:
        more = (goal.value or 0.0) - other.get(goal.name, np.nan)
        if np.isfinite(more) and abs(more) > 1e-5 * abs(goal.value or 0.0) + TOLD:
            share = f" ({percent(abs(more / other[goal.name]))})" if other[goal.name] else ""
            word = "more" if more > 0 else "less"
            parts.append(f"{number(abs(more))} {goal.unit} {word} {goal_words(goal.name)}{share}")
    by_people = "the same stock spread by the people near each site"
    what = by_people if title == "by people" else f"the {title}"
    return f"Against {what}: {'; '.join(parts) or 'no difference'}."


def cost_lines(plan: Plan, instance: Instance | None, width: int) -> list[str]:
    """Return what the money goes to: before, and on average in a scenario."""
    first, mean = plan.summary.get("first_stage") or {}, plan.summary.get("mean_cost") or {}
    if not first:
        return []
    columns = headed("Money", "before", "in a scenario")
    rows = [
        (words, number(first[name]) if name in first else "", _paid(mean, name))
        for name, words in COSTS.items()
        if abs(first.get(name, 0.0)) > TOLD or abs(mean.get(name, 0.0)) > TOLD
    ]
    rows.append(("together", number(sum(first.values())), number(sum(mean.values()))))
    lines = table(columns, rows, width)
    for sentence in _about_money(instance) if mean else ():
        lines += wrap(sentence, width)
    return lines


def _about_money(instance: Instance | None) -> Iterator[str]:
    yield (
        "In a scenario: the mean over the scenarios, by probability; shortage and surplus are the"
        " prices put on them."
    )
    policy = None if instance is None else instance.policy
    if policy is not None and policy.risk != "expected":
        part = percent(policy.risk_weight)
        worst = percent(1 - policy.risk_level)
        measure = "the worst scenario" if policy.risk == "worst" else f"the worst {worst}"
        yield f"The goal cost counts {measure} with weight {part}, and the mean with the rest."


def _paid(mean: Mapping[str, float], name: str) -> str:
    return number(mean[name]) if name in mean else ""


def sections(plan: Plan, instance: Instance | None, width: int) -> list[list[str]]:
    """Return what is told of a plan of reserves beside its head and goals."""
    found = [
        compared_lines(plan, width),
        site_lines(plan, instance, width),
        cost_lines(plan, instance, width),
    ]
    if not plan.states("recourse"):
        note = "The plan does not say what it does in the scenarios; see: allocator assess"
        return [*found, wrap(f"{note}.", width)]
    found.append(worst_lines(plan, instance, width))
    if instance is not None:
        case = reserve_case(instance)
        found.insert(2, item_lines(plan, instance, case, width))
        found.append(uncovered_lines(plan, case, width))
    if plan.states("reasons") and len(plan.reasons):
        found.append(_reason_lines(plan, width))
    return found


def _reason_lines(plan: Plan, width: int) -> list[str]:
    lines = wrap("Why (more, and why sites are open: allocator explain PLAN)", width)
    for text in plan.reasons["text"].head(WORST):
        lines += wrap(str(text), width, "  ")
    return lines
