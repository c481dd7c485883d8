"""The summary of a plan for a terminal."""

from __future__ import annotations

import os
from pathlib import Path

from allocator.instance import Instance
from allocator.plan import Plan
from allocator.report import admit, preposition, route, staff
from allocator.report.assumptions import assumption_sentences
from allocator.report.goals import compared_lines, goals_lines
from allocator.report.joint import joint_lines
from allocator.report.layout import wrap
from allocator.report.reasons import reason_lines
from allocator.report.shortages import shortage_lines
from allocator.report.status import status_sentences
from allocator.report.use import use_sentences
from allocator.report.words import count, number


def summary_text(plan: Plan, instance: Instance | None = None, width: int = 90) -> str:
    """Return what a planner wants to know of a plan, the path of the plan in the last line.

    Args:
        plan: Any plan; without values only its status is told.
        instance: The instance of the plan: names, shares of need, use and assumptions come from it.
        width: Cells of the terminal; lines keep to it, wide (Chinese) characters take two.
    """
    sections = [_head(plan, instance, width)]
    if plan.there and plan.decision == "preposition":
        sections += [goals_lines(plan, width) if plan.goals else []]
        sections += preposition.sections(plan, instance, width)
    elif plan.there and plan.decision == "admit":
        sections += [goals_lines(plan, width) if plan.goals else []]
        sections += admit.sections(plan, instance, width)
    elif plan.there and plan.decision == "staff":
        sections += [goals_lines(plan, width) if plan.goals else []]
        sections += staff.sections(plan, instance, width)
    elif plan.there and plan.decision == "route":
        sections += [goals_lines(plan, width) if plan.goals else []]
        sections += route.sections(plan, instance, width)
    elif plan.there:
        sections += [
            goals_lines(plan, width) if plan.goals else [],
            compared_lines(plan, width),
            joint_lines(plan, width),
            shortage_lines(plan, instance, width),
            reason_lines(plan, width),
            _basis(plan, instance, width),
        ]
    sections.append(path_lines(plan))
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _head(plan: Plan, instance: Instance | None, width: int) -> list[str]:
    name = instance.name if instance is not None else plan.instance.get("name", "")
    lines = wrap(f"Plan to {plan.decision} for {name}" if name else "Plan", width)
    if instance is not None and instance.policy.exercise:
        lines += ["EXERCISE: this is a drill."]
    if instance is not None:
        sizes = (("communities", "community"), ("sites", "site"), ("items", "item"))
        parts = [count(len(instance[table]), one, table) for table, one in sizes]
        parts.append(count(len(instance["periods"]), "period"))
        words = {"preposition": "scenarios", "staff": "workers", "admit": "beds"}
        last = words.get(plan.decision, "needs")
        lines += wrap(f"{', '.join(parts)}, {count(len(instance[last]), last[:-1])}", width)
    for sentence in status_sentences(plan):
        lines += wrap(sentence, width)
    if plan.there and plan.decision == "preposition":
        lines += wrap(preposition.head_sentence(plan, instance), width)
    elif plan.there and plan.decision == "admit":
        lines += wrap(admit.head_sentence(plan), width)
    elif plan.there and plan.decision == "staff":
        lines += wrap(staff.head_sentence(plan), width)
    elif plan.there and plan.decision == "route":
        lines += wrap(route.head_sentence(plan), width)
    elif plan.there:
        lines += wrap(_size(plan), width)
    return lines


def _size(plan: Plan) -> str:
    parts = [count(len(plan.shipments), "shipment")]
    if len(plan.trips):
        parts.append(f"{number(plan.trips['trips'].sum())} trips")
    if len(plan.purchases):
        parts.append(count(len(plan.purchases), "purchase"))
    return f"{', '.join(parts)}."


def _basis(plan: Plan, instance: Instance | None, width: int) -> list[str]:
    if instance is None:
        return []
    sentences = [*use_sentences(plan, instance), *assumption_sentences(plan, instance)]
    return [line for sentence in sentences for line in wrap(sentence, width)]


def path_lines(plan: Plan) -> list[str]:
    """Return the line that names the path of the plan, if it has one."""
    return [] if plan.path is None else [f"Plan: {_near(plan.path)}"]


def _near(path: Path) -> str:
    """Return the path as the user would type it from here."""
    try:
        near = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if near.startswith("..") else near
