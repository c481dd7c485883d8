"""Where vehicles may go: their zones and classes of access."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance.lanes import Bools, Ints
from allocator.instance.network import Network
from allocator.instance.schema import ACCESS_CLASSES
from allocator.instance.vehicles import allowed_words


def permits(net: Network, place: Ints, period: int) -> Bools:
    """Return (places asked for, lines of vehicles): the type may go there in the period."""
    table = net.instance["vehicles"]
    zone = net.places.zone[place]
    zones = sorted({name for name in zone if name})
    at = pd.Index(zones).get_indexer(pd.Index(zone))
    in_zone = allowed_words(table["zones"], zones)[:, np.maximum(at, 0)].T
    access = net.access[place, period - 1]
    in_class = allowed_words(table["access"], ACCESS_CLASSES)[:, access].T
    return np.asarray((in_zone | (at < 0)[:, None]) & in_class)
