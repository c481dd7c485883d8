"""The cheapest change of the data that lets goods reach needs that are cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from allocator.doctor.reach import first_periods
from allocator.doctor.words import count, line, number, some
from allocator.instance.lanes import Ints, great_circle_km, lanes, places
from allocator.instance.network import Network
from allocator.instance.schema import ACCESS_CLASSES


def permit(net: Network, rows: Ints) -> str:
    """Name the vehicle rows, and the zones and classes of access they would have to be let into."""
    cut = np.unique(net.needs.place[rows])
    barred = _barred(net, cut)
    if barred.empty:
        return "give the sites of their lanes a vehicle, or add a pool vehicle (blank site_id)"
    people = pd.Series(net.needs.people[rows]).groupby(net.needs.place[rows]).max()
    barred["people"] = barred["target"].map(people)
    keys = ["vehicle", "zone", "level"]
    groups = barred.drop_duplicates([*keys, "target"]).groupby(keys)
    total = groups["people"].agg(["size", "sum"]).sort_values(["sum", "size"], ascending=False)
    best = total.reset_index().drop_duplicates(["zone", "level"]).head(3)
    return "; ".join(_permission(net, *key) for key in best.itertuples(index=False))


def _permission(
    net: Network, vehicle: int, zone: str, level: str, towns: int, people: float
) -> str:
    row = net.instance["vehicles"].iloc[vehicle]
    into = " and ".join(
        part for part in (zone and f"zone {zone}", level and f"{level} places") if part
    )
    kind = f"{row['type']} ({line('vehicles', vehicle)})"
    return f"let {kind} into {into}: opens {count(towns, 'place')}, {number(people)} people"


def _barred(net: Network, cut: Ints) -> pd.DataFrame:
    """Return (vehicle row, target, zone, class): what keeps vehicles off the lanes into places."""
    into = np.flatnonzero(np.isin(net.lanes.target, cut) & net.places.is_site[net.lanes.origin])
    table = net.instance["vehicles"]
    home = np.where(table["site_id"] == "", -2, net.places.find(table["site_id"]))
    pair = pd.DataFrame({"lane": into}).merge(
        pd.DataFrame({"vehicle": np.arange(len(table))}), how="cross"
    )
    at_home = home[pair["vehicle"]]
    pair = pair[(at_home == -2) | (at_home == net.lanes.origin[pair["lane"]])]
    target = net.lanes.target[pair["lane"]]
    zone = pd.Series(net.places.zone[target], index=pair.index, dtype=object)
    level = pd.Series(
        np.array(ACCESS_CLASSES)[_strictest(net)[target]], index=pair.index, dtype=object
    )
    zones = table["zones"].iloc[pair["vehicle"]].set_axis(pair.index)
    classes = table["access"].iloc[pair["vehicle"]].set_axis(pair.index)
    pair = pair.assign(target=target, zone=_outside(zone, zones), level=_outside(level, classes))
    kept: pd.DataFrame = pair.loc[((pair["zone"] != "") | (pair["level"] != "")).to_numpy(bool)]
    return kept


def _strictest(net: Network) -> Ints:
    return np.asarray(net.access.max(axis=1), dtype=np.int64)


def _outside(value: pd.Series, lists: pd.Series) -> pd.Series:
    """Return the value where a list is given and does not name it, else blank."""
    named = [
        not v or not names or v in [part.strip() for part in names.split("|")]
        for v, names in zip(value, lists, strict=True)
    ]
    return value.where(~np.asarray(named, dtype=bool), "")


def earmark(net: Network, rows: Ints) -> str:
    """Name the earmarks, and what they hold of the items that are missing."""
    lots, batches = net.lots, net.batches
    held = np.isin(batches.item[lots.batch], np.unique(net.needs.item[rows])) & (
        batches.earmark[lots.batch] != ""
    )
    amount = (
        pd.Series(lots.quantity[held])
        .groupby(batches.earmark[lots.batch[held]])
        .sum()
        .sort_values()
    )
    names = [f"{name} ({number(value)} units)" for name, value in amount[::-1].items()]
    return f"free a part of what is earmarked for {some(names, 3)}"


def owner(net: Network, rows: Ints) -> str:
    """Name the owners whose goods would do."""
    table = net.instance["owners"]
    barred = table.loc[~table["vetted"], "owner_id"]
    items = net.items.ids[np.unique(net.needs.item[rows])]
    parts = [net.instance[name] for name in ("stocks", "arrivals", "in_transit")]
    lots = pd.concat([part[["owner_id", "item_id", "quantity"]] for part in parts])
    lots = lots[lots["owner_id"].isin(barred) & lots["item_id"].isin(items)]
    amount = lots.groupby("owner_id")["quantity"].sum().sort_values(ascending=False)
    names = [f"{name} ({number(value)} units)" for name, value in amount.items()]
    return f"vet {some(names, 3)}, or set use_unvetted"


def opening(net: Network, rows: Ints) -> str:
    """Name the lanes into these places that are closed at some time."""
    cut = np.isin(net.lanes.target, np.unique(net.needs.place[rows]))
    narrow = cut & ((net.lanes.open_from > 1) | (net.lanes.open_to < net.periods))
    names = [
        f"{net.places.ids[net.lanes.origin[n]]} -> {net.places.ids[net.lanes.target[n]]} "
        f"(open in periods {net.lanes.open_from[n]} to {net.lanes.open_to[n]})"
        for n in np.flatnonzero(narrow)[:4]
    ]
    first = int(net.needs.period[rows].min()) + 1
    listed = some(names, 3) if names else "the lanes on the way there"
    return f"open {listed} in time for period {first}"


def site(net: Network, rows: Ints) -> str:
    """Name the closed site whose lanes lead to most of these places."""
    table = net.instance["sites"]
    opened = net.instance.replace(sites=table.assign(status="open"))
    where = places(opened)
    joined = lanes(opened, where)
    cut = set(net.places.ids[np.unique(net.needs.place[rows])])
    closed = table.loc[table["status"] != "open", "site_id"]
    ends = pd.DataFrame({"site": where.ids[joined.origin], "place": where.ids[joined.target]})
    ends = ends[ends["site"].isin(closed) & ends["place"].isin(cut)].drop_duplicates()
    reach = ends.groupby("site").size().sort_values(ascending=False)
    if reach.empty:
        return f"open {some(closed, 3)}"
    row = int(np.flatnonzero(table["site_id"] == reach.index[0])[0])
    return (
        f"open {reach.index[0]} ({line('sites', row)}): it has lanes to "
        f"{count(int(reach.iloc[0]), 'of them', 'of them')}"
    )


def earlier(net: Network, rows: Ints) -> str:
    """Say when goods can be there at the earliest."""
    first = first_periods(net)
    needs = net.needs
    best = np.full(len(rows), net.periods)
    for item in np.unique(needs.item[rows]):
        here = needs.item[rows] == item
        label = first[net.batches.item == item].min(axis=0, initial=net.periods)
        best[here] = label[needs.place[rows[here]]]
    known = best < net.periods
    if not known.any():
        return "hold goods there before period 1, or take a faster lane"
    return (
        "hold goods there before period 1 or bring supply forward: the first can be "
        "there in period "
        f"{int(best[known].min()) + 1} (soonest) to {int(best[known].max()) + 1} (latest of them)"
    )


def lane(net: Network, rows: Ints) -> str:
    """Name the missing points, or the nearest place that holds the goods."""
    cut = np.unique(net.needs.place[rows])
    without = cut[np.isnan(net.places.lat[cut]) | np.isnan(net.places.lon[cut])]
    has_lane = np.isin(without, net.lanes.target)
    if len(without[~has_lane]) and _computed(net):
        return (
            f"give {some(net.places.ids[without[~has_lane]], 3)} a point (lat, lon), or "
            "list a link to it in links.csv"
        )
    pairs = [_nearest(net, rows, int(place)) for place in cut[:3]]
    return (
        f"list in links.csv: {some([p for p in pairs if p], 3)}"
        if any(pairs)
        else "list a link to them in links.csv"
    )


def _computed(net: Network) -> bool:
    """Say whether lanes are computed from points."""
    rule = net.instance.policy.lanes
    return rule != "listed" and not (rule == "auto" and len(net.instance["links"]))


def _nearest(net: Network, rows: Ints, place: int) -> str:
    item = int(net.needs.item[rows[net.needs.place[rows] == place]][0])
    lots = net.lots
    holders = np.unique(lots.place[(net.batches.item[lots.batch] == item) & (lots.place != place)])
    holders = holders[net.places.is_site[holders]] if net.places.is_site[holders].any() else holders
    if not len(holders):
        return ""
    measure: Callable[..., np.ndarray] = great_circle_km
    where = net.places
    km = measure(where.lat[holders], where.lon[holders], where.lat[place], where.lon[place])
    near = int(holders[np.argmin(np.where(np.isnan(km), np.inf, km))])
    distance = np.nanmin(km) * net.instance.policy.detour if not np.isnan(km).all() else np.nan
    note = "" if np.isnan(distance) else f" ({number(distance)} km)"
    return f"{where.ids[near]} -> {where.ids[place]}{note}"


def cheapest(net: Network, code: str, rows: Ints) -> str:
    """Return the cheapest repair of needs that a rule (code of a finding) keeps goods away from."""
    found = REPAIRS.get(code)
    return found(net, rows) if found else ""


REPAIRS: Mapping[str, Callable[[Network, Ints], str]] = {
    "W3201": permit,
    "W3202": earmark,
    "W3203": owner,
    "W3204": opening,
    "W3205": site,
    "W3207": earlier,
    "W3208": lane,
}
