"""One rule lifted at a time: which of them keeps goods away from a need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from allocator.doctor.reach import first_periods, reachable
from allocator.instance.lanes import Bools, Ints
from allocator.instance.network import Network, network

Lift = Callable[[Network], Network | None]


def _dated(net: Network) -> Bools:
    period = np.arange(1, net.periods + 1)[None, :]
    return np.asarray(
        (period >= net.lanes.open_from[:, None]) & (period <= net.lanes.open_to[:, None])
    )


def permits(net: Network) -> Network | None:
    """Let every vehicle run every lane."""
    return replace(net, open=_dated(net)) if net.fleet.limited else None


def earmarks(net: Network) -> Network | None:
    """Let goods go anywhere."""
    if not (net.batches.earmark != "").any():
        return None
    return replace(net, batches=replace(net.batches, allowed=np.ones_like(net.batches.allowed)))


def owners(net: Network) -> Network | None:
    """Use the goods of owners not vetted."""
    if net.instance.policy.use_unvetted or net.instance["owners"]["vetted"].all():
        return None
    return network(net.instance.replace(policy=net.instance.policy.replace(use_unvetted=True)))


def openings(net: Network) -> Network | None:
    """Keep every lane open in every period."""
    if _dated(net).all():
        return None
    return replace(net, open=np.ones_like(net.open) & net.fleet.lane_permitted)


def sites(net: Network) -> Network | None:
    """Open every site."""
    table = net.instance["sites"]
    if (table["status"] == "open").all():
        return None
    return network(net.instance.replace(sites=table.assign(status="open")))


def expiries(net: Network) -> Network | None:
    """Let goods keep. Lots that expired before they count stay out."""
    keeps = np.full_like(net.batches.expiry, net.periods)
    if (keeps == net.batches.expiry).all():
        return None
    return replace(net, batches=replace(net.batches, expiry=keeps))


def leads(net: Network) -> Network | None:
    """Let goods be there at once, and lots enter in the first period."""
    lots = replace(net.lots, period=np.zeros_like(net.lots.period))
    return replace(net, lead=np.zeros_like(net.lead), lots=lots)


# In the order in which a planner can change them: paper first, roads last.
LIFTS: Mapping[str, Lift] = {
    "W3201": permits,
    "W3202": earmarks,
    "W3203": owners,
    "W3204": openings,
    "W3205": sites,
    "W3206": expiries,
    "W3207": leads,
}


def blocking_rule(net: Network, blocked: Ints) -> np.ndarray:
    """Return for each blocked need the code of the first rule whose lifting lets goods come.

    Needs that no single rule opens get W3209 when all rules together open them, W3208 when
    no chain of lanes leads there at all, and W3102 when the item has no goods to begin with.
    """
    reason = np.full(len(blocked), "", dtype=object)
    reason[~np.isin(net.needs.item[blocked], _supplied(net))] = "W3102"
    lifted: Network | None = net
    for code, lift in LIFTS.items():
        other = lift(net)
        if other is None:
            continue
        opens = _opened(net, other, blocked)
        without_goods = reason == "W3102"
        if code in ("W3203", "W3205"):
            reason[without_goods & opens] = code
        reason[(reason == "") & opens] = code
        lifted = _both(lifted, lift)
    if lifted is not None and (reason == "").any():
        reason[(reason == "") & _opened(net, lifted, blocked)] = "W3209"
    reason[reason == ""] = "W3208"
    return reason


def _both(net: Network | None, lift: Lift) -> Network | None:
    """Lift one rule more; a lift that does nothing here leaves the network as it is."""
    return net if net is None else (lift(net) or net)


def _supplied(net: Network) -> Ints:
    return np.unique(net.batches.item)


def _opened(net: Network, other: Network, blocked: Ints) -> Bools:
    """Say which blocked needs of `net` goods reach in `other`, whose needs are the same or more."""
    can = reachable(other, first_periods(other))
    at = np.searchsorted(other.needs.row, net.needs.row[blocked])
    return can[at]
