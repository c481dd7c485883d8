"""Sites, their sizes and the lanes of the case of reserves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.figures import Figures
from allocator.generate.shanghai.case import Case
from allocator.generate.shanghai.supply import depot_ids
from allocator.generate.shapes import KM_PER_DEGREE, Floats

DEPOT_SIZES = ("present", "extended")
JIEDAO_SIZES = ("room", "store", "hall")


def reserve_ids(case: Case) -> pd.Series:
    """Return the site of each jiedao's reserve."""
    return case.units["community_id"] + "-reserve"


def sites_table(case: Case) -> pd.DataFrame:
    """Return the warehouses of the districts (existing) and a candidate in every jiedao."""
    columns = ["district", "lat", "lon"]
    depots = case.districts[columns].assign(
        site_id=depot_ids(case),
        name="Warehouse of " + case.districts["district"],
        kind="warehouse",
        status="open",
    )
    reserves = case.units[columns].assign(
        site_id=reserve_ids(case),
        name="Reserve of " + case.units["name"],
        kind="reserve",
        status="candidate",
    )
    table = pd.concat([depots, reserves], ignore_index=True)
    return table[["site_id", "name", "kind", *columns, "status"]]


def sizes_table(case: Case, figures: Figures) -> pd.DataFrame:
    """Return the sizes a warehouse and a reserve of a jiedao may have."""
    depots = _sizes(depot_ids(case), "depot", DEPOT_SIZES, figures)
    return pd.concat(
        [depots, _sizes(reserve_ids(case), "jiedao", JIEDAO_SIZES, figures)], ignore_index=True
    )


def _sizes(sites: pd.Series, kind: str, names: tuple[str, ...], figures: Figures) -> pd.DataFrame:
    count = len(sites)

    def column(figure: str) -> Floats:
        return np.tile([figures(kind, f"{name}_{figure}") for name in names], count)

    return pd.DataFrame(
        {
            "site_id": np.repeat(sites.to_numpy(object), len(names)),
            "size_id": np.tile(np.array(names, dtype=object), count),
            "fixed_cost": column("cost"),
            "volume_m3": column("m3"),
            "throughput_m3": column("throughput"),
        }
    )


def links_table(case: Case, figures: Figures) -> pd.DataFrame:
    """Return lanes from the nearest reserves, the nearest warehouses and that of the district."""
    towns, wares = case.units, case.districts
    near = _nearest(_straight_km(towns, towns), int(figures("lanes", "jiedao")))
    depots = _nearest(_straight_km(towns, wares), int(figures("lanes", "depots")))
    own = np.column_stack([np.arange(len(towns)), case.home])
    depots = np.unique(np.vstack([depots, own]), axis=0)
    pairs = ((near, towns, reserve_ids(case)), (depots, wares, depot_ids(case)))
    parts = [_lanes(case, ends, origin, names) for ends, origin, names in pairs]
    table = pd.concat(parts, ignore_index=True)
    trip = case.figures("van", "cost_per_trip") + 2 * table["km"] * case.figures(
        "van", "cost_per_km"
    )
    return table.assign(cost_m3=np.round(trip * figures("costs", "cost_trip_share"), 2))


def _nearest(km: Floats, count: int) -> np.ndarray:
    """Return (row, column) of the nearest columns of every row."""
    chosen = np.argsort(np.round(km, 6), axis=1, kind="stable")[:, :count]
    return np.column_stack([np.repeat(np.arange(len(km)), count), chosen.ravel()])


def _lanes(case: Case, ends: np.ndarray, origins: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Return road kilometres, with the way inside the jiedao added."""
    town, origin = ends[:, 0], ends[:, 1]
    inner = case.units["radius_km"].to_numpy()[town] * case.figures("roads", "inner_share")
    straight = _straight_km(case.units, origins)[town, origin]
    return pd.DataFrame(
        {
            "from_id": names.to_numpy(object)[origin],
            "to_id": case.units["community_id"].to_numpy(object)[town],
            "km": np.round((straight + inner) * case.figures("roads", "detour"), 2),
        }
    )


def _straight_km(towns: pd.DataFrame, others: pd.DataFrame) -> Floats:
    """Return towns x others in km, on a flat map: good to 0.1 % over a city."""
    lat, lon = (towns[name].to_numpy()[:, None] for name in ("lat", "lon"))
    to_lat, to_lon = (others[name].to_numpy()[None, :] for name in ("lat", "lon"))
    narrow = np.cos(np.radians((lat + to_lat) / 2))
    return np.asarray(np.hypot(lat - to_lat, (lon - to_lon) * narrow) * KM_PER_DEGREE)
