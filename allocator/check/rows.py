"""Checks every table of a plan shares: known ids, usable numbers, periods of the horizon."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from allocator.check.ground import Bools, Floats, Ground, Ints, lookup
from allocator.check.verdict import Findings


def known(found: Findings, table: str, frame: pd.DataFrame, column: str, numbers: Ints) -> Bools:
    """Record ids that are not in the instance and return which rows have a known one."""
    bad = np.flatnonzero(numbers < 0)
    names = frame[column].to_numpy(object)[bad]
    words = (f"{column} {name!r} is not in the instance" for name in names)
    found.add("unknown_id", table, bad, np.ones(len(bad)), words)
    return np.asarray(numbers >= 0)


def places(
    found: Findings, ground: Ground, table: str, frame: pd.DataFrame, column: str
) -> tuple[Ints, Bools]:
    """Return the place of every row and whether it is one that takes part."""
    numbers = lookup(ground.places.index, frame[column])
    ok = known(found, table, frame, column, numbers)
    closed = np.flatnonzero(ok & ~ground.places.active[numbers])
    names = frame[column].to_numpy(object)[closed]
    words = (f"{name} is not an open site, so nothing can come or go there" for name in names)
    found.add("lane", table, closed, np.ones(len(closed)), words)
    return numbers, ok & ground.places.active[numbers]


def amounts(found: Findings, table: str, frame: pd.DataFrame, column: str) -> tuple[Floats, Bools]:
    """Return a column of amounts and which are finite and not negative."""
    values = frame[column].to_numpy(float)
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= -1e-9)))
    words = (
        f"{column} is {value:g}" if value == value else f"{column} is blank"
        for value in values[bad]
    )
    found.add("bad_number", table, bad, _sizes(values[bad]), words)
    return values, np.asarray(np.isfinite(values) & (values >= -1e-9))


def periods(found: Findings, ground: Ground, table: str, frame: pd.DataFrame) -> tuple[Ints, Bools]:
    """Return periods from 0 and which are whole numbers of the horizon."""
    values = frame["period"].to_numpy(float)
    whole = np.isfinite(values) & (values == np.floor(values))
    bad = np.flatnonzero(~whole)
    found.add(
        "bad_number", table, bad, _sizes(values[bad]), ("period is no whole number" for _ in bad)
    )
    inside = whole & (values >= 1) & (values <= ground.periods)
    out = np.flatnonzero(whole & ~inside)
    beyond = np.where(values[out] < 1, 1 - values[out], values[out] - ground.periods)
    words = (f"period {value:g} is not one of 1 to {ground.periods}" for value in values[out])
    found.add("horizon", table, out, beyond, words)
    return np.where(inside, values, 1).astype(np.int64) - 1, inside


def _sizes(values: Floats) -> Floats:
    return np.where(np.isfinite(values), np.abs(values), 1.0)


def first_rows(keys: Ints, rows: Ints, wanted: Ints) -> Ints:
    """Return for every wanted key the first of `rows` that has it; 0 where none has."""
    series = pd.Series(rows, index=keys)
    firsts = series[np.isin(keys, wanted)].groupby(level=0).min()
    return firsts.reindex(wanted, fill_value=0).to_numpy(np.int64)


def words(template: str, *columns: Iterable[object]) -> list[str]:
    """Fill a template such as "{} ships {:g}" once a row."""
    return [template.format(*cells) for cells in zip(*columns, strict=True)]
