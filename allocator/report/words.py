"""Numbers, goals and names in words."""

from __future__ import annotations

from allocator.plan import GoalResult

TOLD = 5e-6  # what is smaller is told as zero: the slack between goals alone comes to 1e-6

GOALS = {
    "floors": "need below the promised floors",
    "critical": "life-critical need not met",
    "item_days": "need not met, added up over items",
    "units_short": "units short",
    "change": "changed against the start plan",
    "required_unserved": "required stops not served",
    "unserved": "worth of stops left behind",
    "distance": "kilometres",
    "duration": "minutes of duty",
    "vehicles": "vehicles used",
    "critical_waiting": "critical patients wait",
    "severe_waiting": "severe patients wait",
    "waiting": "patients wait, all classes",
    "worst_district": "district worst off waits",
    "transfers": "patients moved between sites",
    "travel": "travel of patients",
    "surge_cost": "cost of surge wards",
    "latest_arrival": "latest arrival",
    "arrivals": "arrivals, weighted",
    "tardiness": "lateness, weighted",
    "longest_work": "longest duty",
    "work_spread": "spread of duty",
    "exposure": "people met",
    "transport": "transport cost",
    "cost": "cost",
}


def number(value: float | None) -> str:
    """Write a number for people: 1,234 or 12.5 or 0.083; unknown is a hyphen."""
    if value is None or value != value:
        return "-"
    if abs(value) <= TOLD:
        return "0"
    if abs(value) >= 1000 or abs(value - round(value)) < 0.005:
        return f"{value:,.0f}" if abs(value) >= 0.5 else f"{value:.2g}"
    return f"{value:.1f}".removesuffix(".0") if abs(value) >= 1 else f"{value:.3g}"


def percent(share: float | None) -> str:
    """Write a share: 74.9 %, 0.03 %, `< 0.01 %`, 100 %."""
    if share is None or share != share:
        return "-"
    if abs(share) <= TOLD:
        return "0 %"
    if abs(share) < 0.95e-4:
        return "< 0.01 %"
    if abs(share) < 0.01:
        return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"
    # Rounding must not turn nearly all into all.
    shown = f"{100 * share:.1f}"
    if shown == "100.0":
        return "100 %" if abs(share - 1) <= 1e-6 else "99.9 %" if share < 1 else "100.1 %"
    return f"{shown} %"


def count(value: float, one: str, many: str = "") -> str:
    """Write `1 lane`, `12 lanes`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def is_share(name: str) -> bool:
    """Return whether a goal is a share: its value is 1 - the smallest share served."""
    return name.partition(".")[0] == "fairness"


def goal_words(name: str) -> str:
    """Return a goal in words; a weighted sum speaks for itself."""
    kind, _, rest = name.partition(".")
    tier, _, level = rest.partition("@")
    if kind == "fairness":
        who = f"worst-off place (level {level})" if level else "worst-off place"
        return f"{who} gets, {tier_words(tier)}"
    if kind == "remaining":
        return f"other need not met, {tier_words(tier)}"
    return GOALS.get(name, name)


def tier_words(tier: object) -> str:
    """Return `life-critical` for tier 1 and `tier 2` for the others."""
    return "life-critical" if str(tier) == "1" else f"tier {tier}"


def goal_amount(name: str, value: float | None, unit: str = "") -> str:
    """Write the value of a goal; a fairness goal as the smallest share served."""
    if value is None:
        return "-"
    if is_share(name):
        return f"{served(value)}{' of what it could' if unit else ''}"
    return f"{number(value)} {unit}".rstrip()


def served(missing: float) -> str:
    """Write the share served, given 1 - share; noise near nothing is nothing."""
    return percent(1.0 - missing) if 1.0 - missing > 5e-5 else "0 %"


def gap_words(goal: GoalResult) -> str:
    """Write the gap: a share of the value, or units where the value is zero."""
    if goal.gap is None:
        return "no bound"
    if goal.value and abs(goal.value) > TOLD:
        return percent(goal.gap)
    return "0" if goal.gap <= TOLD else f"{number(goal.gap)} {goal.unit}".rstrip()


def label(identity: str, name: str = "") -> str:
    """Return the name, with the id behind it unless the name shows it."""
    if not name.strip() or name == identity:
        return identity
    return name if _bare(identity) in _bare(name) else f"{name} ({identity})"


def _bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
