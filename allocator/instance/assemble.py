"""From a bundle of raw tables to checked, typed ones: the one way into an instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from allocator.errors import Fault
from allocator.instance.bundle import Bundle
from allocator.instance.checked import CheckedTables
from allocator.instance.coerce import empty_table
from allocator.instance.columns import typed_columns
from allocator.instance.faultlog import FaultLog, nearest
from allocator.instance.policy import Policy
from allocator.instance.policy_read import read_policy
from allocator.instance.references import check_keys, check_references
from allocator.instance.rules import check_rules
from allocator.instance.rules_reserves import check_reserve_policy
from allocator.instance.rules_staff import check_staff_policy
from allocator.instance.schema import tables
from allocator.instance.settle import convert_points, fill_people
from allocator.instance.source import Source
from allocator.instance.text import as_categories, as_strings

REQUIRED_TABLES = ("periods", "communities", "items", "needs")
_GOODS = {"items", "needs"}
_PEOPLE = ("posts", "patients")  # an instance with rows of one of these may do without goods


@dataclass(frozen=True)
class Checked:
    """Typed tables with the policy, the notes and everything that was wrong."""

    tables: Mapping[str, pd.DataFrame]
    policy: Policy
    notes: Mapping[str, Any]
    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def assemble(bundle: Bundle) -> Checked:
    """Type and check everything; nothing is raised."""
    log = bundle.log
    _check_required(bundle)
    policy = read_policy(bundle.policy, bundle.policy_label, log)
    frames, imputed = _typed(bundle.sources, log, tables())
    untrusted = bundle.broken | {
        name for name in _required(bundle.sources) if name not in bundle.sources
    }
    checked = CheckedTables(frames, bundle.sources, log, untrusted)
    notes: dict[str, Any] = {}
    notes["imputed"] = settle_needs(checked, imputed)
    check_tables(checked, set(tables()))
    if not untrusted & {"items", "sites", "sizes", "reserves"}:
        check_reserve_policy(frames, policy, bundle.policy_label, log)
    if not untrusted & {"workers", "shifts", "posts", "gates"}:
        check_staff_policy(frames, policy, bundle.policy_label, log)
    if not log.errors:
        notes["imputed"] |= stamp_imputed(frames, imputed)
        policy = convert_points(frames, policy, notes)
    notes["warnings"] = log.warnings
    plain = {name: plain_strings(frame) for name, frame in frames.items()}
    return Checked(
        MappingProxyType(plain), policy, MappingProxyType(notes), log.errors, log.warnings
    )


def reassemble(given: Mapping[str, pd.DataFrame], bundle: Bundle) -> dict[str, pd.DataFrame]:
    """Type the tables of the bundle and check them against the tables given, which are valid."""
    changed = set(bundle.sources)
    typed, imputed = _typed(bundle.sources, bundle.log, sorted(changed))
    frames = {**given, **typed}
    sources = {name: Source(name, frame, name, "item") for name, frame in given.items()}
    checked = CheckedTables(frames, sources | bundle.sources, bundle.log)
    for name in sorted(changed & _required(sources | bundle.sources)):
        _check_rows(bundle.sources[name], bundle.log)
    if "needs" in changed:
        settle_needs(checked, imputed)
    check_tables(checked, changed)
    stamp_imputed(frames, imputed)
    return {name: plain_strings(frames[name]) for name in changed}


def _required(sources: Mapping[str, Source]) -> set[str]:
    """Return the tables that must have rows."""
    filled = {name for name, source in sources.items() if len(source.frame)}
    spared = _GOODS if filled.intersection(_PEOPLE) else set[str]()
    if "scenario_needs" in filled:
        spared = spared | {"needs"}  # the scenarios say everything
    return set(REQUIRED_TABLES) - spared


def _check_required(bundle: Bundle) -> None:
    for table in [name for name in REQUIRED_TABLES if name in _required(bundle.sources)]:
        source = bundle.sources.get(table)
        if source is None and table not in bundle.broken:
            rule = f"the required table {table} is missing"
            action = f"add {table}.csv; see: allocator schema {table}"
            bundle.log.add("E1101", table, rule, action)
        elif source is not None:
            _check_rows(source, bundle.log)


def _check_rows(source: Source, log: FaultLog) -> None:
    if not len(source.frame):
        rule = f"the required table {source.table} has no rows"
        log.add("E1102", source.label, rule, "fill in the table")


def _typed(
    sources: Mapping[str, Source], log: FaultLog, names: Iterable[str]
) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, np.ndarray]]]:
    frames: dict[str, pd.DataFrame] = {}
    imputed: dict[str, dict[str, np.ndarray]] = {}
    for table in names:
        if table not in sources:
            frames[table] = empty_table(table).copy()
            continue
        typed = typed_columns(sources[table], log)
        frames[table] = typed.frame
        imputed[table] = dict(typed.imputed)
    return frames, imputed


def settle_needs(
    checked: CheckedTables, imputed: dict[str, dict[str, np.ndarray]]
) -> dict[str, int]:
    """Fill in the people behind the needs; return how many, and note the rows to be stamped."""
    if checked.untrusted & {"needs", "communities"}:
        return {}
    filled, rows = fill_people(checked.frames["needs"], checked.frames["communities"])
    checked.frames["needs"] = filled
    if len(rows) and "people" in checked.sources["needs"].frame:
        imputed.setdefault("needs", {})["people"] = rows
    return {"needs.people": len(rows)} if len(rows) else {}


def check_tables(checked: CheckedTables, changed: set[str]) -> None:
    """Check the keys of the changed tables and whatever refers to or joins them."""
    for table in tables():
        if table in checked.untrusted or not checked.has(table):
            continue
        if table in changed:
            check_keys(checked, table)
        check_references(checked, table, changed)
    check_rules(checked, changed)


def stamp_imputed(
    frames: dict[str, pd.DataFrame], imputed: Mapping[str, Mapping[str, np.ndarray]]
) -> dict[str, int]:
    """Stamp the rows with a blank that was filled in; return how many there were by field."""
    counts: dict[str, int] = {}
    for table, columns in imputed.items():
        counts |= {f"{table}.{field}": len(rows) for field, rows in columns.items()}
        if columns:
            frames[table] = _stamped(frames[table], columns)
    return counts


def _stamped(frame: pd.DataFrame, columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    if "imputed" in frame:
        stamp = as_strings(as_categories(frame["imputed"])).to_numpy(dtype=object)
    else:
        stamp = np.full(len(frame), "", dtype=object)
    for field, rows in columns.items():
        words = {word: "|".join(filter(None, (word, field))) for word in set(stamp[rows])}
        stamp[rows] = [words[word] for word in stamp[rows]]
    return frame.assign(imputed=pd.Categorical(stamp))


def plain_strings(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with categories of text as one str a row."""
    columns = {
        str(name): as_strings(column.array)
        for name, column in frame.items()
        if isinstance(column.dtype, pd.CategoricalDtype)
    }
    return frame.assign(**columns) if columns else frame


def unknown_table(name: str) -> Fault:
    """Return the fault of a table that is none."""
    hint = nearest(name, tables())
    return Fault(
        "E1109", "error", name, name, "there is no such table", "see: allocator schema", hint
    )
