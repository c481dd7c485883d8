"""Keys are unique, references lead somewhere."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from allocator.instance.checked import CheckedTables
from allocator.instance.columns import parts
from allocator.instance.faultlog import nearest
from allocator.instance.schema import Field, tables
from allocator.instance.text import rows_where


def check_keys(checked: CheckedTables, table: str) -> None:
    """Tell rows whose key stands in an earlier row."""
    keys = [spec for spec in tables()[table] if spec.key]
    source = checked.sources[table]
    if not keys or not len(checked.frames[table]):
        return
    codes, complete = _key_codes(checked, table, keys)
    again = np.flatnonzero(pd.DataFrame(codes).duplicated().to_numpy() & complete)
    names = " and ".join(spec.name for spec in keys)
    shown = keys[0].name
    rule = f"{names} must be unique: the row has the key of an earlier one"
    checked.log.rows("E1301", source, shown, again, rule, "remove one of the rows")


def _key_codes(
    checked: CheckedTables, table: str, keys: list[Field]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the key columns as numbers and the rows where no part is missing."""
    complete = np.ones(len(checked.frames[table]), dtype=bool)
    codes: dict[str, np.ndarray] = {}
    for spec in keys:
        if spec.type == "string":
            column = checked.text(table, spec.name)
            codes[spec.name] = np.asarray(column.codes)
            blank = rows_where(column, [not word for word in column.categories])
        else:
            numbers = checked.numbers(table, spec.name)
            codes[spec.name] = numbers
            blank = np.flatnonzero(numbers == 0)
        if spec.required:
            complete[blank] = False
    return codes, complete


def check_references(checked: CheckedTables, table: str, changed: Collection[str]) -> None:
    """Tell ids that name nothing; only fields that refer to one of the changed tables."""
    for spec in tables()[table]:
        if not spec.refers_to or not _concerns(spec.refers_to, table, changed):
            continue
        if spec.refers_to == "periods":
            _check_periods(checked, table, spec)
        else:
            _check_words(checked, table, spec)


def _concerns(target: str, table: str, changed: Collection[str]) -> bool:
    behind = (target,) if target in tables() else ("communities", "sites")
    return table in changed or any(name in changed for name in behind)


def _check_periods(checked: CheckedTables, table: str, spec: Field) -> None:
    if not checked.has("periods"):
        return
    numbers = checked.numbers(table, spec.name)
    known = checked.numbers("periods", "period")
    # 0 stands for a cell that was missing or wrong and has been told.
    rows = np.flatnonzero(~np.isin(numbers, known) & (numbers > 0))
    rule = f"{spec.name} is no period of periods"
    action = f"use a period from {known.min():g} to {known.max():g}, or add it to periods"
    checked.log.rows("E1302", checked.sources[table], spec.name, rows, rule, action)


def _check_words(checked: CheckedTables, table: str, spec: Field) -> None:
    known = checked.known(spec.refers_to)
    if known is None:
        return
    column = checked.text(table, spec.name)
    wrong = [
        bool(word) and any(part not in known for part in parts(word, spec))
        for word in column.categories
    ]
    target = _TARGETS.get(spec.refers_to, f"row of {spec.refers_to}")
    checked.log.rows(
        "E1302",
        checked.sources[table],
        spec.name,
        rows_where(column, wrong),
        f"{spec.name} names no {target}",
        "correct it, or add what it names",
        lambda text: nearest(text, known),
    )


_TARGETS = {
    "places": "community or site",
    "zones": "zone_id of a community or site",
    "places_districts_zones": "community, site, district or zone",
}
