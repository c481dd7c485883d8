"""Needs by place and item, and the shortages a plan states about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.check import rows
from allocator.check.ground import Bools, Floats, Ground, Ints
from allocator.check.rows import words
from allocator.check.verdict import Findings
from allocator.plan.precision import tolerance


@dataclass(frozen=True)
class Needs:
    """One group a place and item with need; matrices are groups x periods.

    `rate` is people per unit short; where need waits it is carried on from the last period with
    need. `row` is the line of the needs table (-1 for none).
    """

    group: Ints  # place x items + item, ascending
    place: Ints
    item: Ints
    waits: Bools
    reusable: Bools
    quantity: Floats
    people: Floats
    rate: Floats
    floor: Floats
    row: Ints

    def __len__(self) -> int:
        return len(self.group)

    def find(self, group: Ints) -> Ints:
        """Return the position of each group; -1 where nothing is needed."""
        if not len(self.group):
            return np.full(len(group), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.group, group), len(self.group) - 1)
        return np.where(self.group[at] == group, at, -1)


def needs_of(ground: Ground) -> Needs:
    """Read the needs above zero of places that take part."""
    table = ground.instance["needs"]
    place, item = ground.place(table["community_id"]), ground.item(table["item_id"])
    amount = table["quantity"].to_numpy(float)
    row = np.flatnonzero((place >= 0) & (item >= 0) & (amount > 0))
    place, item, amount = place[row], item[row], amount[row]
    period = table["period"].to_numpy(np.int64)[row] - 1
    people = table["people"].to_numpy(float)[row]
    unsaid = np.where(ground.places.is_site[place], amount, ground.places.people[place])
    people = np.where(np.isnan(people), unsaid, people)
    codes, group = pd.factorize(place * len(ground.items) + item, sort=True)
    shape = (len(group), ground.periods)

    def matrix(values: np.ndarray, blank: float = 0.0) -> np.ndarray:
        filled = np.full(shape, blank, dtype=values.dtype)
        filled[codes, period] = values
        return filled

    waits = np.zeros(len(group), dtype=bool)
    np.logical_or.at(waits, codes, (table["backlog"] == "waits").to_numpy()[row])
    quantity, rate = matrix(amount), matrix(people / amount)
    return Needs(
        group=np.asarray(group, dtype=np.int64),
        place=group // len(ground.items),
        item=group % len(ground.items),
        waits=waits,
        reusable=ground.items.reusable[group % len(ground.items)],
        quantity=quantity,
        people=matrix(people),
        rate=np.where(waits[:, None], _carried(rate, quantity > 0), rate),
        floor=matrix(table["floor_share"].to_numpy(float)[row]),
        row=matrix(row, -1),
    )


def _carried(rate: Floats, said: Bools) -> Floats:
    """Carry the last value of each row that was said forward."""
    at = np.maximum.accumulate(np.where(said, np.arange(rate.shape[1])[None, :], 0), axis=1)
    return np.take_along_axis(rate, at, axis=1)


def stated_short(found: Findings, ground: Ground, needs: Needs, table: pd.DataFrame) -> Floats:
    """Return the units short the plan states (groups x periods) and check its rows."""
    name = "shortages"
    place, ok_place = rows.places(found, ground, name, table, "community_id")
    item = ground.item(table["item_id"])
    period, ok_period = rows.periods(found, ground, name, table)
    short = table["short"].to_numpy(float)
    ok = ok_place & ok_period & rows.known(found, name, table, "item_id", item)
    ok &= _usable(found, short)
    line = np.flatnonzero(ok)
    group = needs.find(place[line] * len(ground.items) + item[line])
    line, group = _with_need(found, ground, needs, table, line, group, period)
    _check_need(found, needs, table, line, group, period[line])
    _check_people(found, ground, needs, table, line, group, period[line])
    result = np.zeros(needs.quantity.shape)
    result[group, period[line]] = short[line]
    return np.maximum(result, 0.0)


def _usable(found: Findings, short: Floats) -> Bools:
    blank = np.flatnonzero(~np.isfinite(short))
    found.add(
        "bad_number", "shortages", blank, np.ones(len(blank)), ("short is no number" for _ in blank)
    )
    over = np.flatnonzero(short < -tolerance(0.0))
    more = (f"{-size:g} units more are served than needed" for size in short[over])
    found.add("over_served", "shortages", over, -short[over], more)
    return np.isfinite(short)


def _with_need(
    found: Findings,
    ground: Ground,
    needs: Needs,
    table: pd.DataFrame,
    line: Ints,
    group: Ints,
    period: Ints,
) -> tuple[Ints, Ints]:
    """Leave out rows about needs that are not there and rows said before."""
    there = group >= 0
    there &= (needs.quantity[group, period[line]] > 0) | needs.waits[group] if len(needs) else False
    absent = line[~there]
    at = table.iloc[absent]
    lines = words("{} needs no {} in period {}", at["community_id"], at["item_id"], at["period"])
    found.add("need", "shortages", absent, np.abs(table["short"].to_numpy(float)[absent]), lines)
    line, group = line[there], group[there]
    again = pd.Series(group * ground.periods + period[line]).duplicated().to_numpy()
    twice = ("the same need is stated before" for _ in line[again])
    found.add("need", "shortages", line[again], table["short"].to_numpy(float)[line[again]], twice)
    return line[~again], group[~again]


def _check_need(
    found: Findings, needs: Needs, table: pd.DataFrame, line: Ints, group: Ints, period: Ints
) -> None:
    true, stated = needs.quantity[group, period], table["need"].to_numpy(float)[line]
    off_by = np.abs(stated - true)
    wrong = off_by > tolerance(true)
    lines = words(
        "the need is {:g}, the plan says {:g}", true[wrong].tolist(), stated[wrong].tolist()
    )
    found.add("need", "shortages", line[wrong], off_by[wrong], lines)
    before = np.where(needs.waits[group], np.cumsum(needs.quantity, axis=1)[group, period], true)
    short = table["short"].to_numpy(float)[line]
    more = short - before > tolerance(before)
    lines = words("{:g} are short, {:g} are needed", short[more].tolist(), before[more].tolist())
    found.add("need", "shortages", line[more], (short - before)[more], lines)


def _check_people(
    found: Findings,
    ground: Ground,
    needs: Needs,
    table: pd.DataFrame,
    line: Ints,
    group: Ints,
    period: Ints,
) -> None:
    short = table["short"].to_numpy(float)[line]
    rate, days = needs.rate[group, period], ground.days[period]
    people = needs.people[group, period]
    true = days * rate * short
    slack = tolerance(days * people) + 1e-6 * days * rate
    for column, right, ok in (
        ("person_days", true, slack),
        ("people", np.where(people > 0, people, np.nan), tolerance(people)),
    ):
        stated = table[column].to_numpy(float)[line]
        off_by = np.abs(stated - right)
        wrong = off_by > ok
        lines = words(
            "{} is {:g}, the plan says {:g}",
            [column.replace("_", "-")] * int(wrong.sum()),
            right[wrong].tolist(),
            stated[wrong].tolist(),
        )
        found.add("person_days", "shortages", line[wrong], off_by[wrong], lines)
