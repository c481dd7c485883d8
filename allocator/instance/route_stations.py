"""Sites that decontaminate vehicles between two stops of a trip."""

from __future__ import annotations

import numpy as np

from allocator.instance.faultlog import FaultLog
from allocator.instance.lanes import Floats
from allocator.instance.network import Network


def stations_of(net: Network, log: FaultLog) -> Floats:
    """Return the minutes of decontamination at each place that takes part; inf = none there.

    W1607: the policy allows it, and no open site does it.
    """
    found = np.full(len(net.places.ids), np.inf)
    if not net.instance.policy.decontamination_on_way:
        return found
    sites = net.instance["sites"]
    at = net.places.find(sites["site_id"])
    minutes = sites["decontamination_minutes"].to_numpy(float)
    there = (at >= 0) & ~np.isnan(minutes)
    found[at[there]] = minutes[there]
    if not there.any():
        rule = "decontamination_on_way is set, and no open site decontaminates vehicles"
        action = "give a site its decontamination_minutes, or leave decontamination_on_way out"
        log.add("W1607", "sites:decontamination_minutes", rule, action)
    return found
