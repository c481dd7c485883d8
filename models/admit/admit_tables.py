"""Section 1 of formulation.md: the instance looked up by key, from its tables alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from allocator.instance import Instance

RADIUS_KM = 6371.0088


def rows(instance: Instance, table: str) -> list[dict[str, Any]]:
    return instance[table].to_dict("records")


class Tables:
    """Sets and data in the words of the page."""

    def __init__(self, instance: Instance) -> None:
        """Read the tables."""
        self.instance, self.policy = instance, instance.policy
        self.delay = instance.policy.information_delay
        self.days = {p["period"]: p["minutes"] / 1440 for p in rows(instance, "periods")}
        self.periods = sorted(self.days)
        self.care = {one["severity"]: one for one in rows(instance, "care")}
        self.classes = list(self.care)
        self.kinds = {s: one["kind"] for s, one in self.care.items()}
        self.hours = {s: one["hours"] for s, one in self.care.items()}
        self.passes = {(p, s): self._passes(p, s) for p in self.classes for s in self.classes}
        self.wards = {ward["ward_id"]: self._ward(ward) for ward in rows(instance, "beds")}
        with_beds = {ward["site_id"] for ward in self.wards.values()}
        self.spots = {p["community_id"]: p for p in rows(instance, "communities")}
        self.spots |= {p["site_id"]: p for p in rows(instance, "sites")}
        self.sites = [
            one["site_id"]
            for one in rows(instance, "sites")
            if one["status"] == "open" and one["site_id"] in with_beds
        ]
        self.stays = rows(instance, "stays")
        self.changes = sorted(
            {(one["severity"], one["steps_to"]) for one in self.stays if one["steps_to"]}
        )
        self.chance, self.arrivals = self._scenarios()
        self.places = sorted({c for new in self.arrivals.values() for c, _, _ in new})
        self.district = {c: self.spots[c]["district"] or c for c in self.places}
        self.ways = {(c, h): m for c in self.places for h, m in self._near(c)}
        self.transfers = {
            (h, g): m
            for h in self.sites
            for g, m in self._near(h)
            if h == g or self.policy.transfers
        }
        self._staff_and_items()

    def _passes(self, p: str, s: str) -> float:
        one = self.care[p]
        worse = one["worsens"] if one["worsens_to"] else 0.0
        return (1 - one["leaves"] - worse) * (p == s) + worse * (one["worsens_to"] == s)

    def _ward(self, ward: dict[str, Any]) -> dict[str, Any]:
        uses = [ward["severity"], *(word for word in ward["also"].split("|") if word)]
        closes = ward["closes"]
        last = max(self.days) if closes is None or math.isnan(closes) else closes
        return ward | {"uses": list(dict.fromkeys(uses)), "closes": int(last)}

    def takes(self, h: str, s: str) -> bool:
        """Whether a site has beds a class may lie in."""
        return any(ward["site_id"] == h and s in ward["uses"] for ward in self.wards.values())

    # -- patients ------------------------------------------------------------------------------

    def _scenarios(self) -> tuple[dict[str, float], dict[str, dict[Any, float]]]:
        instance = self.instance
        bulk = rows(instance, "scenario_patients")
        if not bulk and not (instance["overlays"]["table"] == "patients").any():
            return {"": 1.0}, {"": self._spread(rows(instance, "patients"))}
        chance = {one["scenario_id"]: one["probability"] for one in rows(instance, "scenarios")}
        arrivals = {}
        for z in chance:
            own = [one for one in bulk if one["scenario_id"] == z]
            arrivals[z] = self._spread(own or rows(instance.scenario(z), "patients"))
        return chance, arrivals

    def _spread(self, table: list[dict[str, Any]]) -> dict[Any, float]:
        found: dict[Any, float] = {}
        for one in table:
            shares = {one["severity"]: 1.0} if one["severity"] else self._mix()
            for s, share in shares.items():
                key = (one["community_id"], s, one["period"])
                found[key] = found.get(key, 0.0) + share * one["number"]
        return found

    def _mix(self) -> dict[str, float]:
        return {s: one["mix"] for s, one in self.care.items() if one["mix"] == one["mix"]}

    # -- stays ---------------------------------------------------------------------------------

    def _share(self, s: str, age: int, to: str | None = None) -> float:
        """Share of those who enter s that go after `age` periods (to one class)."""
        mine = [one for one in self.stays if one["severity"] == s]
        total = sum(one["share"] for one in mine)
        gone = sum(
            one["share"]
            for one in mine
            if one["periods"] == age and (to is None or one["steps_to"] == to)
        )
        return gone / total if total else 0.0

    def still(self, s: str, age: int) -> float:
        return 1.0 - sum(self._share(s, one) for one in range(1, age + 1))

    def step(self, r: tuple[str, str], age: int) -> float:
        return self._share(r[0], age, r[1])

    def _inpatients(self, h: str, s: str) -> Iterator[tuple[int, float]]:
        """Give age and number, as if they had entered then, of those in beds before period 1."""
        for one in rows(self.instance, "inpatients"):
            if one["site_id"] == h and one["severity"] == s:
                age = int(one["periods_in"])
                yield age, one["number"] / self.still(s, age - 1)

    def before_inside(self, h: str, s: str, t: int) -> float:
        return sum(n * self.still(s, age + t - 1) for age, n in self._inpatients(h, s))

    def before_step(self, h: str, r: tuple[str, str], t: int) -> float:
        return sum(n * self.step(r, age + t - 1) for age, n in self._inpatients(h, r[0]))

    # -- ways ----------------------------------------------------------------------------------

    def _near(self, place: str) -> Iterator[tuple[str, float]]:
        most = self.policy.admit_minutes
        for h in self.sites:
            minutes = 0.0 if h == place else self._minutes(place, h)
            if minutes is not None and (h == place or most is None or minutes <= most + 1e-9):
                yield h, minutes

    def _minutes(self, place: str, h: str) -> float | None:
        a, b, policy = self.spots[place], self.spots[h], self.policy
        for link in rows(self.instance, "links"):
            if (link["from_id"], link["to_id"]) == (place, h):
                return None if link["closed"] else link["minutes"]
        points = [one[name] for one in (a, b) for name in ("lat", "lon")]
        if policy.lanes == "listed" or any(one is None or math.isnan(one) for one in points):
            return None
        lat, lon, lat2, lon2 = (math.radians(one) for one in points)
        chord = math.sin((lat2 - lat) / 2) ** 2
        chord += math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
        return 60 * policy.detour * 2 * RADIUS_KM * math.asin(math.sqrt(chord)) / policy.speed_kmh

    def allowed(self, place: str, h: str, s: str, t: int) -> bool:
        """Of the entry rules that match the last one decides."""
        spot, verdict = self.spots[place], True
        names = {"", place, spot["district"], spot["zone_id"]}
        for rule in rows(self.instance, "entry_rules"):
            last = rule["period_to"]
            until = max(self.days) if last is None or math.isnan(last) else last
            if (
                rule["from_id"] in names
                and rule["site_id"] in ("", h)
                and rule["severity"] in ("", s)
                and rule["period_from"] <= t <= until
            ):
                verdict = bool(rule["allowed"])
        return verdict

    # -- staff and items -----------------------------------------------------------------------

    def _staff_and_items(self) -> None:
        self.staff: dict[str, dict[int, float]] = {}
        for one in rows(self.instance, "staff_hours"):
            if one["site_id"] in self.sites:
                self.staff.setdefault(one["site_id"], {})[one["period"]] = one["hours"]
        self.use = {
            (one["item_id"], one["severity"]): one["quantity"]
            for one in rows(self.instance, "care_items")
        }
        needed = {item for item, _ in self.use}
        self.items = {
            one["item_id"]: one for one in rows(self.instance, "items") if one["item_id"] in needed
        }

    def level(self, h: str, i: str, t: int) -> float:
        """Units that have come to a site by a period."""
        total = 0.0
        for table in ("stocks", "arrivals", "in_transit"):
            for one in rows(self.instance, table):
                if (one["place_id"], one["item_id"]) == (h, i) and one.get("period", 1) <= t:
                    total += one["quantity"] * one.get("reliability", 1.0)
        return total
