"""Selectors of overlays: which rows of a table are meant by `district=Huangpu|period=3`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.instance.numbers import TRUE_WORDS, parse_number
from allocator.instance.schema import tables

# A field a table lacks is looked up at the item or place of the row, in this order.
LOOKUPS = (
    ("item_id", "items", "item_id"),
    ("community_id", "communities", "community_id"),
    ("community_id", "sites", "site_id"),
    ("place_id", "communities", "community_id"),
    ("place_id", "sites", "site_id"),
    ("site_id", "sites", "site_id"),
    ("to_id", "communities", "community_id"),
    ("to_id", "sites", "site_id"),
)


class SelectorError(ValueError):
    """A selector that cannot be read; the message says why."""


def parse_selector(text: str) -> tuple[tuple[str, str], ...]:
    """Return the conditions as (field, value); none for a blank selector."""
    if not text.strip():
        return ()
    conditions = []
    for part in text.split("|"):
        field, sign, value = part.partition("=")
        if not sign or not field.strip():
            raise SelectorError(f"{part.strip()!r} is no condition: write field=value")
        conditions.append((field.strip(), value.strip()))
    return tuple(conditions)


def select(frames: Mapping[str, pd.DataFrame], table: str, selector: str) -> npt.NDArray[np.bool_]:
    """Return a mark for each row of the table that meets every condition.

    Raises:
        SelectorError: The selector is not of the form field=value, or a field is unknown.
    """
    chosen = np.ones(len(frames[table]), dtype=bool)
    for field, value in parse_selector(selector):
        chosen &= _meets(frames, table, field, value)
    return chosen


def _meets(
    frames: Mapping[str, pd.DataFrame], table: str, field: str, value: str
) -> npt.NDArray[np.bool_]:
    if field in frames[table].columns:
        return _equal(frames[table][field], value)
    found = [entry for entry in LOOKUPS if _can_look_up(table, field, entry)]
    if not found:
        raise SelectorError(f"{field} is no field of {table}, nor of its item or place")
    met = np.zeros(len(frames[table]), dtype=bool)
    first = found[0][0]
    for own, other, key in found:
        if own == first:
            names = frames[other][key][_equal(frames[other][field], value)]
            met |= frames[table][own].astype("str").isin(names.astype("str")).to_numpy()
    return met


def _can_look_up(table: str, field: str, entry: tuple[str, str, str]) -> bool:
    own, other, _ = entry
    here = {spec.name for spec in tables()[table]}
    return own in here and other != table and field in {spec.name for spec in tables()[other]}


def _equal(column: pd.Series, value: str) -> npt.NDArray[np.bool_]:
    if pd.api.types.is_bool_dtype(column.dtype):
        return (column == (value.casefold() in TRUE_WORDS)).to_numpy()
    if pd.api.types.is_numeric_dtype(column.dtype):
        return (column == parse_number(value)).to_numpy()
    return (column.astype("str") == value).to_numpy()
