"""Scenarios have probabilities that add up, overlays change what exists."""

from __future__ import annotations

import numpy as np

from allocator.instance.checked import CheckedTables
from allocator.instance.columns import parts
from allocator.instance.faultlog import nearest
from allocator.instance.numbers import FALSE_WORDS, TRUE_WORDS, parse_number
from allocator.instance.overlays import is_number
from allocator.instance.schema import BULK_TABLES, Field, tables
from allocator.instance.selectors import SelectorError, select

_FIXED = ("scenarios", "overlays", *BULK_TABLES)


def check_probabilities(checked: CheckedTables) -> None:
    """Tell probabilities that do not add up to 1; a warning only where some are blank."""
    given = checked.numbers("scenarios", "probability")
    total = float(np.nansum(given))
    blank = int(np.isnan(given).sum())
    label = checked.sources["scenarios"].label
    if blank == len(given):
        return
    if total > 1 + 1e-6 or (not blank and total < 1 - 1e-6):
        rule = "the probabilities must add up to 1"
        checked.log.add("E1312", label, rule, "correct the probabilities", f"{total:g}")
    elif blank:
        rule = "some scenarios have no probability"
        action = "fill in all of them or none"
        checked.log.add("W1302", label, rule, action, f"{blank} of {len(given)}")


def check_overlays(checked: CheckedTables) -> None:
    """Tell overlays that name no table or field, cannot be read or change nothing."""
    overlays = checked.frames["overlays"]
    fields = ("table", "field", "op", "selector", "value")
    columns = [checked.strings("overlays", field) for field in fields]
    for row in range(len(overlays)):
        _check_overlay(checked, row, *(column[row] for column in columns))


def _check_overlay(
    checked: CheckedTables, row: int, table: str, field: str, op: str, selector: str, value: str
) -> None:
    source, log = checked.sources["overlays"], checked.log
    allowed = [name for name in tables() if name not in _FIXED]
    if table not in allowed:
        rule = "an overlay must change a table of the instance"
        action = f"name one of {', '.join(allowed)}"
        where = source.where(row, "table")
        log.add("E1313", where, rule, action, table, nearest(table, allowed))
        return
    changeable = {spec.name: spec for spec in tables()[table] if not spec.key}
    if field not in changeable:
        rule = f"an overlay must change a field of {table} that is no key"
        action = f"name one of {', '.join(changeable)}"
        where = source.where(row, "field")
        log.add("E1314", where, rule, action, field, nearest(field, changeable))
        return
    _check_value(checked, row, changeable[field], op, value)
    try:
        chosen = select(checked.frames, table, selector)
    except SelectorError as error:
        action = "write field=value, several separated by |"
        log.add("E1315", source.where(row, "selector"), str(error), action, selector)
        return
    if not chosen.any() and table not in checked.untrusted:
        rule = f"the selector matches no row of {table}: the overlay changes nothing"
        log.add("W1303", source.where(row, "selector"), rule, "correct the selector", selector)


def _check_value(checked: CheckedTables, row: int, spec: Field, op: str, value: str) -> None:
    wrong = _wrong_value(spec, op, value)
    if wrong:
        where = checked.sources["overlays"].where(row, "value")
        checked.log.add("E1316", where, wrong, f"correct it: {spec.meaning}", value)


def _wrong_value(spec: Field, op: str, value: str) -> str:
    """Return why the value cannot be set or scaled, or "" when it can."""
    if op == "scale" and not is_number(spec):
        return f"{spec.name} is no number and cannot be scaled"
    if is_number(spec):
        return _wrong_number(spec, op, parse_number(value))
    if spec.type == "boolean" and value.casefold() not in (*TRUE_WORDS, *FALSE_WORDS):
        return f"{spec.name} must be true or false"
    if spec.values and not set(parts(value, spec)) <= set(spec.values):
        return f"{spec.name} must be {' or '.join(spec.values)}"
    return ""


def _wrong_number(spec: Field, op: str, number: float) -> str:
    if not np.isfinite(number):
        return "the value must be a finite number"
    if op == "scale":
        return "" if number >= 0 else "a scale must not be negative"
    low = -np.inf if spec.minimum is None else spec.minimum
    high = np.inf if spec.maximum is None else spec.maximum
    if not low <= number <= high:
        return f"{spec.name} must be between {low:g} and {high:g}"
    return "" if spec.type == "number" or number.is_integer() else f"{spec.name} must be whole"
