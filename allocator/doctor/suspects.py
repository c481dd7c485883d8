"""Data that is valid but hardly meant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from allocator.doctor.finding import Finding
from allocator.doctor.words import count, line, number, some
from allocator.instance.instance import Instance
from allocator.instance.network import Network

FAR_ABOVE = 50.0  # times the median need a person
_LOTS = ("stocks", "arrivals", "in_transit")


def suspect_findings(net: Network) -> list[Finding]:
    """Return what a planner would want to look at again."""
    instance = net.instance
    checks = (
        _far_above(net),
        _nobody(net),
        _crowds(net),
        _expired(instance),
        _unvetted(instance),
        _at_closed_sites(instance),
        _earmarks(instance),
        _imputed(instance),
        _needless(net),
    )
    return [one for check in checks for one in check]


def _far_above(net: Network) -> Iterator[Finding]:
    needs = net.needs
    inhabited = needs.people > 0
    each = np.where(inhabited, needs.quantity / np.where(inhabited, needs.people, 1.0), np.nan)
    median = pd.Series(each).groupby(needs.item).transform("median").to_numpy(float)
    rows = np.flatnonzero(each > FAR_ABOVE * median)
    if not len(rows):
        return
    order = rows[np.argsort(-(each / median)[rows], kind="stable")]
    examples = tuple(
        f"{line('needs', needs.row[n])}: {net.items.ids[needs.item[n]]} at "
        f"{net.places.ids[needs.place[n]]}, "
        f"{number(each[n])} a person; median {number(median[n])}"
        for n in order[:5]
    )
    what = (
        f"{count(len(rows), 'need')} a person at least {number(FAR_ABOVE)} times the median "
        "of the item."
    )
    repair = "check quantity, people and the unit of the item"
    yield Finding("W3801", what, {"needs": len(rows)}, repair, examples=examples)


def _nobody(net: Network) -> Iterator[Finding]:
    towns = ~net.places.is_site
    wanted = np.bincount(net.needs.place, net.needs.quantity, len(towns)) > 0
    places = np.flatnonzero(towns & (net.places.people <= 0) & wanted)
    if len(places):
        what = (
            f"{count(len(places), 'community', 'communities')} with needs and a population "
            f"of 0: {some(net.places.ids[places])}."
        )
        yield Finding(
            "W3802", what, {"communities": len(places)}, "give population, or people of the needs"
        )


def _crowds(net: Network) -> Iterator[Finding]:
    needs = net.needs
    people = net.places.people[needs.place]
    rows = np.flatnonzero(
        ~net.places.is_site[needs.place] & (people > 0) & (needs.people > people * (1 + 1e-9))
    )
    if len(rows):
        examples = tuple(
            f"{line('needs', needs.row[n])}: {number(needs.people[n])} people, "
            f"{net.places.ids[needs.place[n]]} has "
            f"{number(people[n])}"
            for n in rows[:5]
        )
        what = f"{count(len(rows), 'need')} with more people than the community has residents."
        yield Finding(
            "W3810", what, {"needs": len(rows)}, "check people and population", examples=examples
        )


def _expired(instance: Instance) -> Iterator[Finding]:
    for table in _LOTS:
        lots = instance[table]
        enters = lots.get("period", 1)
        rows = np.flatnonzero(
            (lots["expiry"] < enters).to_numpy(bool) & (lots["quantity"] > 0).to_numpy(bool)
        )
        if len(rows):
            amount = lots["quantity"].iloc[rows].groupby(lots["item_id"].iloc[rows]).sum()
            what = (
                f"{count(len(rows), 'lot')} of {table} expired before they count: "
                f"{_amounts(amount)}."
            )
            examples = tuple(line(table, row) for row in rows[:5])
            yield Finding(
                "W3803",
                what,
                {"lots": len(rows)},
                "remove them or correct expiry",
                examples=examples,
            )


def _unvetted(instance: Instance) -> Iterator[Finding]:
    owners = instance["owners"]
    barred = set(owners.loc[~owners["vetted"], "owner_id"])
    if instance.policy.use_unvetted or not barred:
        return
    lots = pd.concat([instance[table][["owner_id", "item_id", "quantity"]] for table in _LOTS])
    lots = lots[lots["owner_id"].isin(barred)]
    if len(lots):
        total = lots.groupby("item_id")["quantity"].sum()
        what = (
            f"Goods of {count(lots['owner_id'].nunique(), 'owner')} not vetted are left "
            f"out: {_amounts(total)}."
        )
        names = sorted(set(lots["owner_id"]))
        numbers = {str(item): float(value) for item, value in total.items()}
        yield Finding("I3804", what, numbers, f"vet {some(names)}, or set use_unvetted = true")


def _at_closed_sites(instance: Instance) -> Iterator[Finding]:
    sites = instance["sites"]
    closed = sites.loc[sites["status"] != "open", "site_id"]
    lots = pd.concat([instance[table][["place_id", "item_id", "quantity"]] for table in _LOTS])
    lots = lots[lots["place_id"].isin(closed) & (lots["quantity"] > 0)]
    for site, here in lots.groupby("place_id"):
        row = int(np.flatnonzero(sites["site_id"] == site)[0])
        total = here.groupby("item_id")["quantity"].sum()
        what = (
            f"{site} is {sites['status'][row]} and takes no part, yet goods are there: "
            f"{_amounts(total)}."
        )
        numbers = {str(item): float(value) for item, value in total.items()}
        yield Finding(
            "W3805",
            what,
            numbers,
            f"open {site}, or move the goods to an open site",
            line("sites", row),
        )


def _earmarks(instance: Instance) -> Iterator[Finding]:
    towns = instance["communities"]
    known = {"", *towns["community_id"], *towns["district"], *towns["zone_id"]}
    for table in _LOTS:
        lots = instance[table]
        rows = np.flatnonzero(~lots["earmark"].isin(known).to_numpy(bool))
        if len(rows):
            names = sorted(set(lots["earmark"].iloc[rows]))
            what = (
                f"{count(len(rows), 'lot')} of {table} with an earmark no community is in: "
                f"{some(names)}."
            )
            repair = "correct the earmark; these goods can go to no community"
            yield Finding("W3811", what, {"lots": len(rows)}, repair, line(table, int(rows[0])))


def _imputed(instance: Instance) -> Iterator[Finding]:
    amount = {name: _count_imputed(table) for name, table in instance.tables.items()}
    amount = {name: rows for name, rows in amount.items() if rows}
    if amount:
        names = [f"{name} {number(rows)}" for name, rows in amount.items()]
        what = f"Values filled in and not given, rows a table: {some(names, 12)}."
        yield Finding("I3809", what, amount, "look at the column imputed of these tables")


def _count_imputed(table: pd.DataFrame) -> int:
    if "imputed" not in table:
        return 0
    text = table["imputed"].astype("str").str.lower()
    return int((~text.isin(["", "false", "0", "no", "nan", "none"])).sum())


def _needless(net: Network) -> Iterator[Finding]:
    wanted = np.zeros(len(net.places.ids), dtype=bool)
    wanted[net.needs.place] = True
    places = np.flatnonzero(~net.places.is_site & ~wanted)
    if len(places):
        what = (
            f"{count(len(places), 'community', 'communities')} without any need: "
            f"{some(net.places.ids[places])}."
        )
        yield Finding("I3812", what, {"communities": len(places)})


def _amounts(total: pd.Series) -> str:
    return some([f"{item} {number(float(value))}" for item, value in total.items()])
