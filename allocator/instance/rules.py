"""Rules that join several cells or tables; each names the tables it looks at."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import numpy as np

from allocator.instance.checked import CheckedTables
from allocator.instance.rules_beds import (
    check_beds,
    check_care,
    check_inpatients,
    check_patients,
    check_stays,
)
from allocator.instance.rules_overlays import check_overlays, check_probabilities
from allocator.instance.rules_owners import check_earmarks, check_owners
from allocator.instance.rules_reserves import (
    check_agreements,
    check_reserve_pins,
    check_reserves,
    check_sizes,
)
from allocator.instance.rules_routes import (
    check_capacities,
    check_curfews,
    check_hours,
    check_loads,
    check_route_pins,
    check_shift_times,
)
from allocator.instance.rules_staff import (
    check_availability,
    check_posts,
    check_shifts,
    check_training,
    check_workers,
)
from allocator.instance.text import rows_where

Rule = Callable[[CheckedTables], None]


def check_rules(checked: CheckedTables, changed: set[str]) -> None:
    """Run every rule that looks at a changed table and whose first table has rows."""
    for rule, looked_at in RULES.items():
        if changed & set(looked_at) and checked.has(looked_at[0]):
            rule(checked)


def _periods_in_order(checked: CheckedTables) -> None:
    numbers = checked.numbers("periods", "period")
    found = np.unique(numbers[numbers > 0])
    missing = np.setdiff1d(np.arange(1, len(numbers) + 1), found)
    if len(missing):
        label = checked.sources["periods"].label
        rule = f"the {len(numbers)} periods must be 1 to {len(numbers)} without gaps"
        action = "number the periods anew"
        checked.log.add("E1304", label, rule, action, f"no period {missing[0]:g}")


def _periods_start(checked: CheckedTables) -> None:
    column = checked.text("periods", "start")
    rows = rows_where(column, [bool(word) and not _is_date(word) for word in column.categories])
    rule = "start must be a date or date-time"
    action = "write 2022-04-01 or 2022-04-01T06:00"
    checked.log.rows("E1209", checked.sources["periods"], "start", rows, rule, action)


def _is_date(text: str) -> bool:
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _one_kind_of_place(checked: CheckedTables) -> None:
    communities = checked.words("communities", "community_id")
    column = checked.text("sites", "site_id")
    rows = rows_where(column, [word in communities for word in column.categories])
    rule = "site_id is the id of a community too"
    action = "rename one; a site may have needs and a community may hold stock under one id"
    checked.log.rows("E1303", checked.sources["sites"], "site_id", rows, rule, action)


def _access_shares(checked: CheckedTables) -> None:
    frame = checked.frames["access"]
    totals = frame.groupby([checked.text("access", "place_id").codes, frame["period"].to_numpy()])[
        "share"
    ].transform("sum")
    rows = np.flatnonzero(totals.to_numpy() > 1 + 1e-6)
    rule = "the shares of a place in a period add up to more than 1"
    action = "lower the shares of the classes of this place and period"
    checked.log.rows("E1317", checked.sources["access"], "share", rows, rule, action)


def _waiting_needs(checked: CheckedTables) -> None:
    items = checked.frames["items"]
    reusable = set(checked.strings("items", "item_id")[items["reusable"].to_numpy()]) - {""}
    item, backlog = checked.text("needs", "item_id"), checked.text("needs", "backlog")
    waits = np.array([word == "waits" for word in backlog.categories], dtype=bool)
    kept = np.array([word in reusable for word in item.categories], dtype=bool)
    rows = np.flatnonzero(waits[backlog.codes] & kept[item.codes])
    rule = "the need of a reusable item cannot wait: it is a level in use, not a flow"
    action = "write lost, or make the item a consumable"
    checked.log.rows("E1309", checked.sources["needs"], "backlog", rows, rule, action)


def _waits_or_is_lost(checked: CheckedTables) -> None:
    place, item = checked.text("needs", "community_id"), checked.text("needs", "item_id")
    pair = place.codes.astype(np.int64) * (len(item.categories) + 1) + item.codes
    waits = checked.strings("needs", "backlog") == "waits"
    mixed = np.intersect1d(pair[waits], pair[~waits])
    rows = np.flatnonzero(waits & np.isin(pair, mixed))
    rule = "the need of a place for an item waits in one period and is lost in another"
    action = "write the same backlog in every period of the place and item"
    checked.log.rows("E1319", checked.sources["needs"], "backlog", rows, rule, action)


def _needs_without_people(checked: CheckedTables) -> None:
    frame = checked.frames["needs"]
    rows = np.flatnonzero((frame["people"].to_numpy() == 0) & (frame["quantity"].to_numpy() > 0))
    rule = "the need counts for nobody: people is 0"
    action = "state the people behind it, or its shortage weighs nothing"
    checked.log.rows("W1304", checked.sources["needs"], "people", rows, rule, action)


def _links_lead_somewhere(checked: CheckedTables) -> None:
    source, log = checked.sources["links"], checked.log
    origin, destination = checked.strings("links", "from_id"), checked.strings("links", "to_id")
    same = np.flatnonzero((origin == destination) & (origin != ""))
    log.rows("E1305", source, "to_id", same, "a link must join two places", "correct one of them")
    frame = checked.frames["links"]
    closed = np.flatnonzero(frame["open_to"].to_numpy() < frame["open_from"].to_numpy())
    rule = "open_to must not be before open_from"
    log.rows("E1307", source, "open_to", closed, rule, "correct one of the periods")


def _links_have_length(checked: CheckedTables) -> None:
    frame = checked.frames["links"]
    bare = np.flatnonzero((frame["minutes"].isna() & frame["km"].isna()).to_numpy())
    if not len(bare) or checked.untrusted & {"communities", "sites"}:
        return
    placed = _places_with_points(checked)
    known = checked.places()
    lost = np.zeros(len(bare), dtype=bool)
    for field in ("from_id", "to_id"):
        ends = checked.strings("links", field)[bare]
        lost |= np.array([end in known and end not in placed for end in ends], dtype=bool)
    rule = "a link needs minutes or km, or lat and lon of both its places"
    action = "fill in minutes or km, or the points of the two places"
    source = checked.sources["links"]
    checked.log.rows("E1308", source, "minutes", bare[lost], rule, action)


def _places_with_points(checked: CheckedTables) -> set[str]:
    placed: set[str] = set()
    for table, key in (("communities", "community_id"), ("sites", "site_id")):
        frame = checked.frames[table]
        pointed = (frame["lat"].notna() & frame["lon"].notna()).to_numpy()
        placed |= set(checked.strings(table, key)[pointed])
    return placed


def _lots_usable(table: str) -> Rule:
    def check(checked: CheckedTables) -> None:
        frame = checked.frames[table]
        enters = frame["period"].to_numpy() if "period" in frame else 1
        rows = np.flatnonzero(frame["expiry"].to_numpy() < enters)
        rule = "the goods expire before they are there, and are left out"
        action = "correct expiry: it is the last usable period"
        checked.log.rows("W1301", checked.sources[table], "expiry", rows, rule, action)

    return check


RULES: dict[Rule, tuple[str, ...]] = {
    _periods_in_order: ("periods",),
    _periods_start: ("periods",),
    _one_kind_of_place: ("sites", "communities"),
    check_hours("gates"): ("gates",),
    check_hours("stops"): ("stops",),
    check_shift_times: ("vehicles",),
    check_curfews: ("curfews",),
    check_capacities: ("capacities", "vehicles"),
    check_loads: ("loads", "capacities"),
    check_route_pins: ("route_pins", "vehicles"),
    _access_shares: ("access",),
    _waiting_needs: ("needs", "items"),
    _waits_or_is_lost: ("needs",),
    _needs_without_people: ("needs",),
    _links_lead_somewhere: ("links",),
    _links_have_length: ("links", "communities", "sites"),
    **{_lots_usable(table): (table,) for table in ("stocks", "arrivals", "in_transit")},
    check_owners: ("owners",),
    **{
        check_earmarks(table): (table, "owners", "communities", "sites")
        for table in ("stocks", "arrivals", "in_transit")
    },
    check_sizes: ("sizes", "sites"),
    check_reserves: ("reserves",),
    check_agreements: ("agreements", "sites"),
    check_reserve_pins: ("reserve_pins", "sizes", "sites"),
    check_workers: ("workers", "periods"),
    check_shifts: ("shifts",),
    check_posts: ("posts", "workers", "communities", "training"),
    check_training: ("training",),
    check_availability: ("availability",),
    check_care: ("care",),
    check_stays: ("stays",),
    check_beds: ("beds",),
    check_patients: ("patients", "care", "beds"),
    check_inpatients: ("inpatients", "stays"),
    check_probabilities: ("scenarios",),
    check_overlays: ("overlays", "communities", "sites", "items"),
}
