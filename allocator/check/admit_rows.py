"""The rows of a plan of beds as arrays, with everything in them that cannot be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ints, lookup
from allocator.check.rows import amounts, known, words
from allocator.check.verdict import Findings
from allocator.instance.admit_case import AdmitCase
from allocator.instance.admit_ways import Ways
from allocator.plan import Plan, plan_table
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Decided:
    """What a plan decides.

    Attributes:
        leaves: (Z, C, S, A, T) admitted from the lists of those waiting.
        enters: (Z, H, S, T) who enters a class at a site, by admission or by change of class.
        outside: (Z, H, S, T) of them those from another district.
        moved_out: (Z, H, R, T) class changers who leave the bed of their old class.
        minutes: (Z,) minutes of travel in all.
        between: (Z,) patients who change the site or the door they came to.
        ward: (W,) surge wards opened; `decided` the period of each decision.
        decided: (W,) period.
        first_row: (C, S, T) first row of admissions of a cell, 0 for none.
    """

    leaves: Floats
    enters: Floats
    outside: Floats
    moved_out: Floats
    minutes: Floats
    between: Floats
    ward: Ints
    decided: Ints
    first_row: Ints


@dataclass(frozen=True)
class _Rows:
    """Rows that can be read: scenario, ends of a way, class, period, number."""

    row: Ints
    scenario: Ints
    way: Ints
    kind: Ints
    period: Ints
    number: Floats


def decided_of(found: Findings, case: AdmitCase, plan: Plan) -> Decided:
    """Read admissions, transfers and openings."""
    shape = (len(case.scenarios), len(case.sites), len(case.classes), case.periods)
    enters, outside = np.zeros(shape), np.zeros(shape)
    leaves, first_row, entered = _admitted(found, case, plan, enters, outside)
    moved_out, moved = _moved(found, case, plan, enters, outside)
    ward, decided = _opened(found, case, plan)
    minutes = np.zeros(len(case.scenarios))
    between = np.zeros(len(case.scenarios))
    door = case.origins.site[case.ways.origin]
    to_other = (door >= 0) & (door != case.ways.site)
    other = case.transfers.origin != case.transfers.site
    for rows, ways, away in ((entered, case.ways, to_other), (moved, case.transfers, other)):
        np.add.at(minutes, rows.scenario, ways.minutes[rows.way] * rows.number)
        np.add.at(between, rows.scenario, away[rows.way] * rows.number)
    return Decided(leaves, enters, outside, moved_out, minutes, between, ward, decided, first_row)


def _admitted(
    found: Findings, case: AdmitCase, plan: Plan, enters: Floats, outside: Floats
) -> tuple[Floats, Ints, _Rows]:
    table = plan_table("admissions", plan["admissions"])
    rows = _read(found, case, table, "admissions", "community_id", "site_id", case.ways)
    rows = _let_in(found, case, case.ways, rows, "admissions")
    lists = case.delay + 1
    age = table["known"].fillna(case.delay).to_numpy(float)
    wrong = np.flatnonzero(~((age >= 0) & (age <= case.delay) & (age == np.floor(age))))
    said = words("known is {:g}, not one of 0 to {}", age[wrong], [case.delay] * len(wrong))
    found.add("bad_number", "admissions", wrong, np.ones(len(wrong)), said)
    age = np.where(np.isin(np.arange(len(age)), wrong), case.delay, age).astype(np.int64)
    _known_long_enough(found, case, rows, age)
    leaves = np.zeros((len(enters), len(case.origins), len(case.classes), lists, case.periods))
    origin = case.ways.origin[rows.way]
    cell = rows.scenario, origin, rows.kind, age[rows.row], rows.period
    np.add.at(leaves, cell, rows.number)
    first = np.zeros((len(case.origins), len(case.classes), case.periods), dtype=np.int64)
    backwards = np.s_[::-1]
    first[origin[backwards], rows.kind[backwards], rows.period[backwards]] = rows.row[backwards]
    _enter(case.ways, rows, enters, outside)
    return leaves, first, rows


def _known_long_enough(found: Findings, case: AdmitCase, rows: _Rows, age: Ints) -> None:
    """Record those the desk places before it knows of them."""
    by_desk: Bools = np.ones(len(rows.row), dtype=bool)
    if case.policy.admit_regime == "district-first":
        by_desk = ~case.ways.own[rows.way]
    early = np.flatnonzero(by_desk & (age[rows.row] < case.delay) & (rows.number > 0))
    said = words(
        "{:g} are placed {} periods after they are known to need a bed, the delay is {}",
        rows.number[early],
        age[rows.row[early]],
        [case.delay] * len(early),
    )
    found.add("known", "admissions", rows.row[early], rows.number[early], said)


def _moved(
    found: Findings, case: AdmitCase, plan: Plan, enters: Floats, outside: Floats
) -> tuple[Floats, _Rows]:
    stays = case.stays
    out = np.zeros((len(enters), len(case.sites), len(stays.step_from), case.periods))
    table = plan_table("transfers", plan["transfers"])
    rows = _read(found, case, table, "transfers", "from_site", "to_site", case.transfers)
    rows = _let_in(found, case, case.transfers, rows, "transfers")
    before = lookup(pd.Index(case.classes.ids), table["from_severity"])
    pairs = pd.MultiIndex.from_arrays([stays.step_from, stays.step_to])
    change = np.asarray(
        pairs.get_indexer(pd.MultiIndex.from_arrays([before[rows.row], rows.kind])), np.int64
    )
    wrong = np.flatnonzero(change < 0)
    said = (
        f"no stay leads from {table['from_severity'].iloc[row]!r} to it" for row in rows.row[wrong]
    )
    found.add("step", "transfers", rows.row[wrong], rows.number[wrong], said)
    rows = _take(rows, change >= 0)
    change = change[change >= 0]
    cell = rows.scenario, case.transfers.origin[rows.way], change, rows.period
    np.add.at(out, cell, rows.number)
    _enter(case.transfers, rows, enters, outside)
    return out, rows


def _enter(ways: Ways, rows: _Rows, enters: Floats, outside: Floats) -> None:
    cell = rows.scenario, ways.site[rows.way], rows.kind, rows.period
    np.add.at(enters, cell, rows.number)
    np.add.at(outside, cell, np.where(ways.own[rows.way], 0.0, rows.number))


def _read(
    found: Findings,
    case: AdmitCase,
    table: pd.DataFrame,
    name: str,
    start: str,
    end: str,
    ways: Ways,
) -> _Rows:
    """Return the rows whose ids, period and number can be read and whose ends are joined."""
    starts = case.origins.ids if start == "community_id" else case.sites.ids
    origin = lookup(pd.Index(starts), table[start])
    site = lookup(pd.Index(case.sites.ids), table[end])
    kind = lookup(pd.Index(case.classes.ids), table["severity"])
    scenario = lookup(pd.Index(case.scenarios), table["scenario_id"])
    fine = known(found, name, table, start, origin) & known(found, name, table, end, site)
    fine &= known(found, name, table, "severity", kind)
    fine &= known(found, name, table, "scenario_id", scenario)
    number, sound = amounts(found, name, table, "number")
    period, inside = period_of(found, name, table, case.periods)
    fine &= sound & inside
    pairs = pd.MultiIndex.from_arrays([ways.origin, ways.site])
    way = np.asarray(pairs.get_indexer(pd.MultiIndex.from_arrays([origin, site])), np.int64)
    lost = np.flatnonzero(fine & (way < 0))
    said = words("no way leads from {} to {}", table[start].iloc[lost], table[end].iloc[lost])
    found.add("entry", name, lost, number[lost], said)
    row = np.flatnonzero(fine & (way >= 0))
    return _Rows(row, scenario[row], way[row], kind[row], period[row], number[row])


def period_of(found: Findings, name: str, table: pd.DataFrame, periods: int) -> tuple[Ints, Bools]:
    """Return periods from 0 and which are whole numbers of the horizon."""
    values = table["period"].to_numpy(float)
    inside = np.isfinite(values) & (values == np.floor(values))
    inside &= (values >= 1) & (values <= periods)
    bad = np.flatnonzero(~inside)
    said = (f"period {value:g} is not one of 1 to {periods}" for value in values[bad])
    found.add("bad_number", name, bad, np.ones(len(bad)), said)
    return np.where(inside, values, 1).astype(np.int64) - 1, inside


def _let_in(found: Findings, case: AdmitCase, ways: Ways, rows: _Rows, name: str) -> _Rows:
    """Record who enters against the entry rules, or a site without beds of the class."""
    takes = np.zeros((len(case.sites), len(case.classes)), dtype=bool)
    np.logical_or.at(takes, case.pools.site, case.pools.uses)
    site = ways.site[rows.way]
    beds = takes[site, rows.kind]
    let = ways.allowed[rows.way, rows.kind, rows.period]
    wrong = np.flatnonzero(~(beds & let) & (rows.number > 0))
    reason = np.where(beds[wrong], "an entry rule keeps {} out of {}", "{} has no beds at {}")
    said = [
        text.format(case.classes.ids[kind], case.sites.ids[place])
        for text, kind, place in zip(reason, rows.kind[wrong], site[wrong], strict=True)
    ]
    found.add("entry", name, rows.row[wrong], rows.number[wrong], said)
    return rows


def _take(rows: _Rows, keep: Bools) -> _Rows:
    return _Rows(*(getattr(rows, name)[keep] for name in _Rows.__dataclass_fields__))


def _opened(found: Findings, case: AdmitCase, plan: Plan) -> tuple[Ints, Ints]:
    table, surge = plan_table("openings", plan["openings"]), case.surge
    ward = lookup(pd.Index(surge.ids), table["ward_id"])
    fine = known(found, "openings", table, "ward_id", ward)
    period, inside = period_of(found, "openings", table, case.periods)
    row = np.flatnonzero(fine & inside)
    ward, period = ward[row], period[row]
    out_of_time = (period < surge.first[ward]) | (period + surge.lead[ward] > surge.closes[ward])
    again = pd.Series(ward).duplicated().to_numpy(bool)
    for wrong, what in ((out_of_time, "out of its time"), (again, "a second time")):
        told = [f"{surge.ids[one]} is opened {what}" for one in ward[wrong]]
        found.add("opening", "openings", row[wrong], surge.beds[ward[wrong]], told)
    for name, true in (("beds", surge.beds[ward]), ("cost", surge.cost[ward])):
        stated = table[name].to_numpy(float)[row]
        off = np.flatnonzero(np.abs(stated - true) > tolerance(true))
        said = words(name + " is {:g}, not {:g}", true[off], stated[off])
        found.add("opening", "openings", row[off], np.abs(stated - true)[off], said)
    budget = case.policy.surge_budget
    spent = float(surge.cost[ward].sum())
    if budget is not None and spent > budget + tolerance(budget):
        found.add_one("opening", "openings", spent - budget, f"{spent:g} is above {budget:g}")
    return ward, period
