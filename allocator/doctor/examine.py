"""The doctor: every sum over an instance, all findings at once."""

from __future__ import annotations

import numpy as np

from allocator.doctor.access import access_findings
from allocator.doctor.capacity import fleet_findings, fleet_minutes, site_findings
from allocator.doctor.diagnosis import Diagnosis
from allocator.doctor.finding import Finding
from allocator.doctor.floors import floor_findings
from allocator.doctor.gates import gate_findings, gate_minutes
from allocator.doctor.holds import hold_findings
from allocator.doctor.idle import idle_findings
from allocator.doctor.ledger import full
from allocator.doctor.pins import pin_findings
from allocator.doctor.reach import first_periods, reachable
from allocator.doctor.supply import supply_findings, supply_need
from allocator.doctor.suspects import suspect_findings
from allocator.instance.gate_staff import most_staffed, staffs_gates
from allocator.instance.instance import Instance
from allocator.instance.network import Network, network

_ORDER = {"error": 0, "warning": 1, "note": 2}


def doctor(instance: Instance, net: Network | None = None) -> Diagnosis:
    """Examine a valid instance without solving anything.

    Args:
        instance: The instance.
        net: Its network when the caller has it already.

    Gates that dispatch staffs itself are taken to have all who may stand there.

    Returns:
        Findings with numbers and repairs, and the tables of sums behind them. An error proves
        that no plan can obey the hard rules; without one the solve may still find that out.
    """
    if staffs_gates(instance):
        net = network(most_staffed(instance))
    net = net or network(instance)
    first = first_periods(net)
    can = reachable(net, first)
    everything, within_reach = full(net, np.ones_like(can)), full(net, can)
    tables = {
        "supply_need": supply_need(everything),
        "gates": gate_minutes(within_reach),
        "fleet": fleet_minutes(within_reach),
    }
    found: list[Finding] = [
        *hold_findings(net, first),
        *pin_findings(net, first),
        *supply_findings(net, tables["supply_need"]),
        *access_findings(net, can),
        *fleet_findings(tables["fleet"]),
        *gate_findings(tables["gates"]),
        *site_findings(within_reach),
        *floor_findings(net, can),
        *suspect_findings(net),
        *idle_findings(net),
    ]
    found.sort(key=lambda one: _ORDER[one.level])
    return Diagnosis(instance.name, _size(net), tuple(found), tables)


def _size(net: Network) -> dict[str, int]:
    return {
        "communities": int((~net.places.is_site).sum()),
        "sites": int(net.places.is_site.sum()),
        "lanes": len(net.lanes),
        "items": len(net.items.ids),
        "periods": net.periods,
        "needs": len(net.needs),
    }
