"""What the plan rests on: the lanes, the rules chosen and the data filled in."""

from __future__ import annotations

from allocator.instance import Instance
from allocator.instance.lanes import lanes, places
from allocator.plan import Plan
from allocator.report.words import count, number

MOST = 8


def assumption_sentences(plan: Plan, instance: Instance) -> list[str]:
    """Return what was assumed, one sentence each."""
    policy = instance.policy
    window = count(policy.fairness_window, "period")
    rule = f"Fairness rule: {policy.fairness}; shares are compared in windows of {window}."
    sentences = [_lanes(instance), rule]
    if policy.fairness == "none":
        sentences[-1] = "Fairness rule: none."
    arriving = len(instance["arrivals"]) + len(instance["in_transit"])
    if arriving and policy.reliability == "discount":
        sentences.append("Goods to come count with their reliability.")
    if (instance["communities"]["vulnerability"] != 1).any():
        sentences.append("The goals weigh people by vulnerability; the tables of shortages do not.")
    return [*sentences, *_imputed(instance), *_stamped(instance)]


def _lanes(instance: Instance) -> str:
    """Say which lanes there are: bounds hold for them only."""
    policy = instance.policy
    found = lanes(instance, places(instance))
    rule = policy.lanes
    if rule == "auto":
        rule = "listed" if len(instance["links"]) else "nearest_k"
    how = {
        "listed": "those of links",
        "within_minutes": f"those of links and all within {number(policy.lanes_minutes)} minutes",
        "nearest_k": f"those of links and the {policy.lanes_k} nearest sites of a place",
    }[rule]
    computed = int((~found.listed & ~found.reusable_only).sum())
    assumed = (
        f"; {number(computed)} of them assumed: great circle x {policy.detour:g}"
        f" at {policy.speed_kmh:g} km/h"
    )
    back = int(found.reusable_only.sum())
    ways = f", {number(back)} of them ways back for reusable items" if back else ""
    text = f"Lanes: {number(len(found))} ({rule}: {how}{ways}{assumed if computed else ''})"
    return f"{text}. No other lane was considered."


def _imputed(instance: Instance) -> list[str]:
    imputed = dict(instance.notes.get("imputed", {}))
    if not imputed:
        return []
    shown = [f"{field} in {count(rows, 'row')}" for field, rows in list(imputed.items())[:MOST]]
    rest = len(imputed) - MOST
    more = f" and {count(rest, 'more field')}" if rest > 0 else ""
    return [f"Filled in with defaults: {', '.join(shown)}{more}."]


def _stamped(instance: Instance) -> list[str]:
    """Return how many rows say themselves that they are estimates."""
    stamped = {
        name: int(frame["imputed"].astype(str).str.lower().isin(("true", "1", "yes")).sum())
        for name, frame in instance.tables.items()
        if "imputed" in frame.columns
    }
    shown = [f"{number(rows)} of {name}" for name, rows in stamped.items() if rows]
    return [f"Rows stamped imputed: {', '.join(shown)}."] if shown else []
