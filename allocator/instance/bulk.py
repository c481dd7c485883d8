"""One scenario of the bulk tables, written into the tables of the instance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

Frames = Mapping[str, pd.DataFrame]


def bulk_changes(frames: Frames, scenario: str) -> dict[str, pd.DataFrame]:
    """Return the tables that the bulk rows of a scenario change.

    Needs without a period are spread over the periods like those of `needs`, or evenly. What does
    not survive is missing from the stocks of the site. Of lanes, the links that are listed change.
    """
    changed: dict[str, pd.DataFrame] = {}
    for table, change in _CHANGES.items():
        rows = frames[table]
        rows = rows[rows["scenario_id"] == scenario]
        if len(rows):
            changed |= change(dict(frames) | changed, rows)
    return changed


def _needs(frames: Frames, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    base, pair = frames["needs"], ["community_id", "item_id"]
    fixed = rows[rows["period"].notna()][[*pair, "period", "quantity", "people"]]
    loose = rows[rows["period"].isna()][[*pair, "quantity", "people"]]
    parts = base[[*pair, "period", "quantity", "people"]]
    parts = parts.rename(columns={"quantity": "weight", "people": "usual"})
    spread = loose.merge(parts[parts["weight"] > 0], on=pair, how="left")
    known, new = spread[spread["period"].notna()], spread[spread["period"].isna()]
    even = new.drop(columns="period").merge(frames["periods"][["period"]], how="cross")
    spread = pd.concat([known, even.assign(weight=1.0)], ignore_index=True)
    share = spread["weight"] / spread.groupby(pair)["weight"].transform("sum")
    spread["quantity"] = spread["quantity"] * share
    spread["people"] = spread["people"].fillna(spread["usual"])
    needs = pd.concat([fixed, spread[fixed.columns]], ignore_index=True)
    settings = base.groupby(pair, as_index=False)[["floor_share", "backlog"]].first()
    needs = needs.merge(settings, on=pair, how="left")
    needs = needs.groupby([*pair, "period"], as_index=False, sort=False).agg(
        {"quantity": "sum", "people": "max", "floor_share": "first", "backlog": "first"}
    )
    return {"needs": needs.assign(floor_share=needs["floor_share"].fillna(0.0))}


def _sites(frames: Frames, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    sites, stocks = frames["sites"], frames["stocks"]
    share = rows.set_index(["site_id", "item_id"])["survival"]
    single = share.reindex(pd.MultiIndex.from_frame(stocks[["place_id", "item_id"]])).to_numpy()
    blank = stocks[["place_id"]].assign(item_id="")
    whole = share.reindex(pd.MultiIndex.from_frame(blank)).to_numpy()
    left = np.where(np.isnan(single), whole, single)
    left = np.where(np.isnan(left), 1.0, left)
    cap = rows.groupby("site_id")["throughput_m3"].min()
    most = np.fmin(sites["throughput_m3"], sites["site_id"].map(cap))
    return {
        "stocks": stocks.assign(quantity=stocks["quantity"] * left),
        "sites": sites.assign(throughput_m3=most),
    }


def _links(frames: Frames, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    links = frames["links"]
    factor, closed = np.ones(len(links)), links["closed"].to_numpy(bool)
    for from_blank, to_blank in ((False, False), (False, True), (True, False), (True, True)):
        kind = rows[((rows["from_id"] == "") == from_blank) & ((rows["to_id"] == "") == to_blank)]
        ends = kind.set_index(["from_id", "to_id"])
        wanted = links[["from_id", "to_id"]].copy()
        wanted.loc[:, "from_id"] = "" if from_blank else wanted["from_id"]
        wanted.loc[:, "to_id"] = "" if to_blank else wanted["to_id"]
        found = ends.reindex(pd.MultiIndex.from_frame(wanted))
        factor = factor * found["factor"].fillna(1.0).to_numpy(float)
        closed = closed | found["closed"].eq(True).to_numpy(bool)
    return {
        "links": links.assign(
            **{name: links[name] * factor for name in ("minutes", "cost", "cost_m3")},
            closed=closed,
        )
    }


def _agreements(frames: Frames, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    agreements = frames["agreements"]
    share = agreements["agreement_id"].map(rows.set_index("agreement_id")["available"])
    return {"agreements": agreements.assign(available=share.fillna(agreements["available"]))}


def _patients(frames: Frames, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"patients": rows[["community_id", "severity", "period", "number"]]}


_CHANGES = {
    "scenario_needs": _needs,
    "scenario_sites": _sites,
    "scenario_links": _links,
    "scenario_agreements": _agreements,
    "scenario_patients": _patients,
}
