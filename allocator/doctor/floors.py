"""Floors that cannot hold: the same sums as for the whole need, for the share that comes first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from allocator.doctor.access import people_at, worst
from allocator.doctor.capacity import fleet_findings, fleet_minutes
from allocator.doctor.finding import Finding
from allocator.doctor.gates import gate_findings, gate_minutes
from allocator.doctor.ledger import Ledger
from allocator.doctor.supply import supply_findings, supply_need
from allocator.doctor.words import count, number
from allocator.instance.lanes import Bools
from allocator.instance.network import Network


def floor_findings(net: Network, can: Bools) -> list[Finding]:
    """Return what keeps floors from holding; `can` has one entry a need: goods can be there."""
    wanted = net.needs.floor * net.needs.quantity
    if not (wanted > 0).any():
        return []
    ledger = Ledger(net, np.where(can, wanted, 0.0))
    found = _unreachable(net, np.flatnonzero((wanted > 0) & ~can))
    found += [_as_floor(one) for one in supply_findings(net, supply_need(ledger))]
    found += gate_findings(gate_minutes(ledger), "W3603", "the floors alone")
    return found + fleet_findings(fleet_minutes(ledger), "W3604", "the floors alone")


def _unreachable(net: Network, rows: np.ndarray) -> list[Finding]:
    if not len(rows):
        return []
    people = people_at(net, rows)
    places = int((people > 0).sum())
    what = (
        f"{count(len(rows), 'floor')} at {count(places, 'place')} "
        f"({number(people.sum())} people) cannot hold: "
        "no goods can be there in time."
    )
    numbers = {"floors": len(rows), "places": places, "people": float(people.sum())}
    return [
        Finding("W3601", what, numbers, "see the W32 findings", examples=worst(net, rows, people))
    ]


def _as_floor(found: Finding) -> Finding:
    return replace(found, code="W3602", what=f"Floors of {found.what}")
