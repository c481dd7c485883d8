"""Times, names and loads of routes in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from allocator.instance import Instance
from allocator.instance.clock import period_clock
from allocator.report.words import label

DAY = 1440


@dataclass(frozen=True)
class Names:
    """What ids are called, and the time of the day the period starts at (None = not known)."""

    places: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    start: float | None = None

    def place(self, identity: str) -> str:
        """Return the name of a place with its id."""
        return label(identity, self.places.get(identity, ""))

    def item(self, identity: str) -> str:
        """Return the name of an item with its id."""
        return label(identity, self.items.get(identity, ""))

    def clock(self, minute: float) -> str:
        """Write a minute of the period as a time of the day: 08:15, 01:30+1 on the next day."""
        if minute != minute:
            return "-"
        whole = round((self.start or 0.0) + minute)
        days, rest = divmod(whole, DAY)
        return f"{rest // 60:02d}:{rest % 60:02d}" + (f"{days:+d}" if days else "")


def names_of(instance: Instance | None, period: int) -> Names:
    """Return the names of an instance."""
    if instance is None:
        return Names()
    places: dict[str, str] = {}
    for table, key in (("sites", "site_id"), ("communities", "community_id")):
        frame = instance[table]
        places |= dict(zip(frame[key], frame["name"], strict=True))
    items = instance["items"]
    return Names(
        places,
        dict(zip(items["item_id"], items["name"], strict=True)) if "name" in items else {},
        dict(zip(items["item_id"], items["unit"], strict=True)),
        period_clock(instance["periods"], period)[0],
    )


def hours(minutes: float) -> str:
    """Write minutes as 2 h 05."""
    whole = round(minutes)
    return f"{whole // 60} h {whole % 60:02d}"
