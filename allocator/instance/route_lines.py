"""The lines ordered at each stop, as the tables of a plan name them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.route_case import RouteCase

GOODS = "goods"
"""Item of a stop whose goods are not listed: all of them together are one unit."""


def lines_of(case: RouteCase) -> pd.DataFrame:
    """Return one row a line: stop (row), place_id, item_id, quantity, from_id, one column a load.

    A stop without lines in `goods` has one line: all its goods, as one unit.
    """
    stops, names = case.stops, list(case.dimensions)
    goods = case.goods
    listed = goods["stop"].to_numpy(np.int64) if len(goods) else np.zeros(0, np.int64)
    bare = np.setdiff1d(np.arange(len(stops)), listed)
    filled = pd.DataFrame({"stop": bare, "item_id": GOODS, "quantity": 1.0, "from_id": ""})
    filled[names] = stops.load[bare]
    kept = [part for part in (goods, filled) if len(part)]
    found = pd.concat(kept, ignore_index=True) if kept else filled
    found = found.sort_values("stop", kind="stable", ignore_index=True)
    place = np.array(case.places, dtype=object)[stops.place[found["stop"].to_numpy(np.int64)]]
    found["place_id"] = place
    return found[["stop", "place_id", "item_id", "quantity", "from_id", *names]]
