"""Minutes at the gates: what the need asks for against what there is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.doctor.finding import Finding
from allocator.doctor.ledger import Ledger
from allocator.doctor.words import count, number
from allocator.instance.lanes import Floats
from allocator.instance.network import Network

WORKER_MINUTES = 480.0  # a shift of eight hours, to say minutes as workers


def gate_minutes(ledger: Ledger) -> pd.DataFrame:
    """Return community_id, period, minutes_needed, minutes_available, minutes_short, people.

    Goods may come early, so minutes are summed from period 1 on: minutes_short is what the sum
    lacks at the end of the period, in minutes of that period. Needed is the least: own goods go
    first.
    """
    net = ledger.net
    room = _room(net)
    at = np.flatnonzero(np.isfinite(room).any(axis=1))
    need = ledger.weighted_imports(net.items.handling)[at]
    with np.errstate(invalid="ignore"):
        short = np.maximum(0.0, need - room[at].cumsum(axis=1))
    share = _share(net)[at]
    needed = np.diff(need, axis=1, prepend=0.0) * share
    shape = (len(at), net.periods)
    people = np.zeros(len(net.places.ids))
    np.maximum.at(people, net.needs.place, net.needs.people)
    finite = np.isfinite(room[at])
    minutes = np.where(finite, np.where(finite, room[at], 0.0) * share, np.inf)
    frame = pd.DataFrame(
        {
            "community_id": np.repeat(net.places.ids[at], net.periods),
            "period": np.broadcast_to(np.arange(1, net.periods + 1), shape).ravel(),
            "minutes_needed": needed.ravel(),
            "minutes_available": minutes.ravel(),
            "minutes_short": (short * share).ravel(),
            "people": np.repeat(people[at], net.periods),
        }
    )
    return frame.loc[np.isfinite(minutes.ravel())].reset_index(drop=True)


def _room(net: Network) -> Floats:
    """Return places x periods of handling minutes for goods in full; inf without a gate."""
    gates = net.gates
    room = np.full((len(net.places.ids), net.periods), np.inf)
    tight = gates.share > 0
    room[gates.place[tight], gates.period[tight]] = gates.minutes[tight] / gates.share[tight]
    return room


def _share(net: Network) -> Floats:
    share = np.ones((len(net.places.ids), net.periods))
    share[net.gates.place, net.gates.period] = net.gates.share
    return share


def gate_findings(
    table: pd.DataFrame, code: str = "W3401", of: str = "all that is needed"
) -> list[Finding]:
    """Return one finding over all gates that are too narrow, the five worst named."""
    short = table[table["minutes_short"] > 1e-6 * table["minutes_available"].clip(lower=1.0)]
    if short.empty:
        return []
    peak = short.sort_values("minutes_short", ascending=False, kind="stable").drop_duplicates(
        "community_id"
    )
    people, minutes = float(peak["people"].sum()), float(peak["minutes_short"].sum())
    workers = int(np.ceil(peak["minutes_short"] / (WORKER_MINUTES * peak["period"])).sum())
    worst = tuple(
        f"{row['community_id']}: {number(row['minutes_short'])} minutes short by period "
        f"{row['period']}, {number(row['people'])} people"
        for row in peak.head(5).to_dict("records")
    )
    what = (
        f"The gates of {count(len(peak), 'community', 'communities')} ({number(people)} "
        "people) have too few "
        f"minutes to hand over {of}."
    )
    repair = (
        f"{number(minutes)} minutes more over these gates: about {count(workers, 'worker')} "
        "of 8 hours a period"
    )
    numbers = {"gates": len(peak), "people": people, "minutes": minutes, "workers": workers}
    return [Finding(code, what, numbers, repair, examples=worst)]
