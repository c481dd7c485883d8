"""Sites, stocks, arrivals, gifts and purchases of the Shanghai case."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.generate.shanghai.case import PERIODS, Case
from allocator.generate.shanghai.needs import EQUIPMENT
from allocator.generate.shanghai.pressure import workers_per_household
from allocator.generate.shapes import Names, long_table

KG_PER_TONNE = 1000
MARKET_ITEMS = ("vegetables", "meat", "eggs")
MEDICAL = (*EQUIPMENT, "antigen_tests", "concentrators")
LotRow = tuple[object, ...]
LOT_COLUMNS = ["place_id", "item_id", "period", "quantity", "owner_id", "earmark", "reliability"]
HUBS = {  # site_id: name, kind, district
    "jiangqiao": ("Jiangqiao wholesale market", "market", "Jiading"),
    "caolu": ("Caolu emergency warehouse", "warehouse", "Pudong"),
    "aid": ("Yard for food from other provinces", "warehouse", "Qingpu"),
    "food_reserve": ("Food reserve of the city", "reserve", "Baoshan"),
    "medical_reserve": ("Medical reserve of the city", "reserve", "Minhang"),
}


def sites_table(case: Case) -> pd.DataFrame:
    """Return five sites of the city and one depot a district."""
    figures = case.figures
    zone = dict(zip(case.districts["district"], case.districts["zone_id"], strict=True))
    rows = [
        (site, *facts, zone[facts[2]], figures(site, "lat"), figures(site, "lon"))
        for site, facts in HUBS.items()
    ]
    hubs = pd.DataFrame(
        rows,
        columns=["site_id", "name", "kind", "district", "zone_id", "lat", "lon"],
    )
    packs = figures("caolu", "packs_per_day") * figures("caolu", "kg_per_pack")
    hubs["throughput_kg"] = np.where(hubs["site_id"] == "caolu", packs, np.nan)
    towns = case.districts
    depots = towns[["district", "zone_id", "lat", "lon"]].assign(
        site_id=depot_ids(case), name="Depot of " + towns["district"], kind="warehouse"
    )
    return pd.concat([hubs, depots], ignore_index=True)


def depot_ids(case: Case) -> pd.Series:
    """Return the site of each district's depot."""
    return case.districts["slug"] + "-depot"


def source_of(item: str) -> str:
    """Return the site of the city that receives what firms bring of an item."""
    if item in MEDICAL:
        return "medical_reserve"
    return "jiangqiao" if item in MARKET_ITEMS else "food_reserve"


def daily_need(case: Case) -> dict[str, float]:
    """Return the city's full dispatched need per day: what supply is measured by."""
    return {item: _full_need(case, item) for item in case.figures.having("tier")}


def _full_need(case: Case, item: str) -> float:
    figures = case.figures
    eating = float(case.people.sum()) * figures("city", "dispatch_share")
    if item in EQUIPMENT:
        households = float(case.people.sum()) / figures("city", "household_size")
        workers = households * workers_per_household(figures)
        screeners = workers * figures("staff", "screener_share")
        carers = 2 * workers - screeners  # with one volunteer a worker
        worn = screeners * figures(item, "per_screener")
        return worn + carers * figures.find(item, "per_carer")
    if item == "antigen_tests":
        return float(case.people.sum()) * figures(item, "per_person")
    if item == "concentrators":
        return float(case.people.sum()) * figures("city", "home_oxygen_share")
    part = {"formula": figures("city", "infant_share"), "water": figures("city", "no_tap_share")}
    return eating * part.get(item, 1.0) * figures(item, "per_person")


def stocks_table(case: Case) -> pd.DataFrame:
    """Return what depots and the city hold on the first day."""
    figures, need = case.figures, daily_need(case)
    items = list(need)
    share = case.districts["population"].to_numpy() / case.districts["population"].sum()
    held = figures.column(items, "depot_days") * np.array(list(need.values()))
    names: Names = {"place_id": depot_ids(case).tolist(), "item_id": items}
    depots = long_table(names, quantity=share[:, None] * held[None, :])
    rows = [(source_of(item), item, figures(item, "reserve_days") * need[item]) for item in items]
    received = figures("caolu", "received") * KG_PER_TONNE
    rows += [("caolu", item, received * figures.find("caolu", f"share_{item}")) for item in items]
    city = pd.DataFrame(rows, columns=["place_id", "item_id", "quantity"])
    table = pd.concat([depots, city], ignore_index=True)
    table["quantity"] = table["quantity"].round(1)
    return table[table["quantity"] > 0].assign(owner_id="city").reset_index(drop=True)


def arrivals_table(case: Case) -> pd.DataFrame:
    """Return what firms, other provinces and donors bring."""
    figures, need = case.figures, daily_need(case)
    market = figures("jiangqiao", "vegetables_per_day") * figures("city", "dispatch_share")
    rows: list[LotRow] = []
    for item, quantity in need.items():
        # The market's vegetables are on record; all else is measured by the need.
        share = figures.find(item, "arrival_share")
        per_day = quantity * share if share else market * KG_PER_TONNE
        days = range(int(figures.find(item, "arrival_from", 1)), PERIODS + 1)
        rows += [(source_of(item), item, day, per_day, "firms", "", 1.0) for day in days]
    rows += _aid_rows(case, list(need)) + _gift_rows(case)
    table = pd.DataFrame(rows, columns=LOT_COLUMNS)
    return table.assign(quantity=table["quantity"].astype(float).round(1))


def _aid_rows(case: Case, items: list[str]) -> list[LotRow]:
    figures = case.figures
    per_day = figures("aid", "tonnes") * KG_PER_TONNE / figures("aid", "days")
    mix = {item: figures.find("aid", f"share_{item}") for item in items}
    return [
        ("aid", item, period, per_day * share, "provinces", "", figures("aid", "reliability"))
        for item, share in mix.items()
        if share
        for period in range(3, PERIODS + 1)
    ]


def _gift_rows(case: Case) -> list[LotRow]:
    amount = {item: case.figures("gifts", item) for item in ("respirators", "masks", "vegetables")}
    doubt = case.figures("gifts", "reliability")
    reserve = "medical_reserve"
    bought = ("pudong-depot", "vegetables")
    return [
        (reserve, "respirators", 4, amount["respirators"], "charity", "Huangpu", doubt),
        (reserve, "masks", 3, amount["masks"], "strangers", "", doubt),
        *((*bought, day, amount["vegetables"], "neighbours", "", 1.0) for day in range(2, 7)),
    ]


def in_transit_table(case: Case) -> pd.DataFrame:
    """Return the aid already on the road on the first day, and a firm's gift of formula."""
    aid = pd.DataFrame(_aid_rows(case, list(daily_need(case))), columns=LOT_COLUMNS)
    # Two days of the same daily aid were loaded before the first day.
    road = aid[aid["period"].isin([3, 4])].assign(period=lambda rows: rows["period"] - 2)
    gift = ("food_reserve", "formula", 2, case.figures("gifts", "milk_formula"), "firms", "", 1.0)
    gifts = pd.DataFrame([gift], columns=LOT_COLUMNS)
    table = pd.concat([road, gifts], ignore_index=True)
    return table.assign(quantity=table["quantity"].astype(float).round(1))


def owners_table() -> pd.DataFrame:
    """Return who owns the goods: government, firms, social organisations, residents."""
    rows = [
        ("city", "City government", "government", True, "any", ""),
        ("provinces", "Other provinces", "government", True, "any", ""),
        ("firms", "Wholesalers and platforms", "firm", True, "any", ""),
        ("charity", "A charity", "social", True, "any", ""),
        ("strangers", "Donors not vetted", "social", False, "any", ""),
        ("neighbours", "Group purchase of residents", "residents", True, "own_district", "Pudong"),
    ]
    return pd.DataFrame(rows, columns=["owner_id", "name", "kind", "vetted", "terms", "district"])


def purchases_table(case: Case) -> pd.DataFrame:
    """Return what may be bought on the spot from the third day on."""
    figures = case.figures
    rows = [
        (source_of(item), item, period, figures(item, "price"), figures(item, "purchase_limit"))
        for item in figures.having("price")
        for period in range(3, PERIODS + 1)
    ]
    return pd.DataFrame(rows, columns=["site_id", "item_id", "period", "price", "limit"])


def limits_table(case: Case) -> pd.DataFrame:
    """Return the part of the respirators that stays in the reserve."""
    share = case.figures("medical_reserve", "stock_min_share")
    row = ("medical_reserve", "respirators", share)
    return pd.DataFrame([row], columns=["place_id", "item_id", "stock_min_share"])
