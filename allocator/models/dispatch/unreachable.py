"""What members of groups could attain alone, by first possible arrivals (formulation section 6)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from allocator.engine.program import Floats, Ints
from allocator.models.dispatch.groups import Groups
from allocator.models.dispatch.need import late_keys, need_rows
from allocator.models.dispatch.sets import NEVER


def unreachable_table(groups: Groups, first: Ints, tiers: Iterable[int]) -> pd.DataFrame:
    """Return person-days attainable alone where less than the need: a row a place, tier and window.

    `first` is batches x coarse places: the first period a batch can be there, alike for members.
    """
    net = groups.fine
    earliest = np.full((len(net.items.ids), first.shape[1]), NEVER)
    np.minimum.at(earliest, net.batches.item, first)
    needs = need_rows(net)
    keys = late_keys(net, needs)
    cut = earliest[needs.item, groups.of[needs.place]] > needs.period
    late = np.zeros(len(keys.place))
    np.maximum.at(late, keys.of_need[cut], (needs.rate * needs.quantity)[cut])
    frames = []
    for tier in tiers:
        mine = np.flatnonzero((keys.tier == tier) & (keys.people > 0))
        at = (keys.place[mine], keys.period[mine])
        shape = (len(net.places.ids), net.periods)
        width = min(net.instance.policy.fairness_window, net.periods)
        days = net.days[keys.period[mine]]
        needed = _windows(at, days * keys.people[mine], shape, width)
        attained = np.maximum(0.0, needed - _windows(at, days * late[mine], shape, width))
        place, window = np.nonzero(attained < needed * (1 - 1e-9))
        frame = {
            "place_id": net.places.ids[place],
            "tier": tier,
            "window_start": window + 1,
            "attainable": attained[place, window],
        }
        frames.append(pd.DataFrame(frame))
    columns = ["place_id", "tier", "window_start", "attainable"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _windows(at: tuple[Ints, Ints], values: Floats, shape: tuple[int, int], width: int) -> Floats:
    total = np.zeros(shape)
    np.add.at(total, at, values)
    summed = np.cumsum(np.pad(total, ((0, 0), (1, 0))), axis=1)
    return np.asarray(summed[:, width:] - summed[:, :-width])
