"""What no route can do: the needs of each period as a routing case, without any search."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from allocator.doctor.finding import Finding
from allocator.doctor.words import count, some
from allocator.errors import Fault
from allocator.instance.instance import Instance
from allocator.instance.route_build import route_case

TABLES = ("capacities", "loads", "curfews", "stops", "route_pins")
MOST_PLACES = 1500
"""Above this the ways between all places would take longer than a doctor should."""
_CODES = {
    "E1601": "W3941",
    "E1602": "W3942",
    "E1603": "W3943",
    "E1604": "W3944",
    "E1608": "W3944",
    "E1605": "W3945",
    "E1607": "W3946",
    "W1601": "W3947",
    "E1609": "W3947",
}


def route_findings(instance: Instance) -> list[Finding]:
    """Return what is found of routes; nothing for an instance without tables of them."""
    places = len(instance["communities"]) + len(instance["sites"])
    ruled = any(len(instance[table]) for table in TABLES)
    if not ruled or not len(instance["vehicles"]) or places > MOST_PLACES:
        return []
    found: dict[str, list[tuple[int, Fault]]] = {}
    for period in np.unique(instance["needs"]["period"]).tolist():
        for fault in route_case(instance, None, int(period), check=False).notes:
            if fault.code in _CODES:
                found.setdefault(_CODES[fault.code], []).append((int(period), fault))
    return [_finding(code, faults) for code, faults in sorted(found.items())]


def _finding(code: str, faults: list[tuple[int, Fault]]) -> Finding:
    names = _places(fault for _, fault in faults)
    periods = sorted({period for period, _ in faults})
    rule = faults[0][1].rule
    when = f"in {count(len(periods), 'period')}" + (f" (first: {periods[0]})" if periods else "")
    what = f"{some(names)}: {rule}, {when}."
    numbers = {"places": len(names), "periods": len(periods)}
    examples = tuple(
        f"period {period}: {fault.where} {fault.value}".rstrip() for period, fault in faults[:5]
    )
    return Finding(code, what, numbers, faults[0][1].action, examples=examples)


def _places(faults: Iterable[Fault]) -> list[str]:
    """Return the places behind the faults, each once, in order."""
    names = (fault.where.removeprefix("stop ").split("@")[0] for fault in faults)
    return list(dict.fromkeys(names))
