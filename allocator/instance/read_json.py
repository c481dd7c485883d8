"""An instance in one JSON file: its name, its policy and each table as a list of records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.errors import InstanceError
from allocator.instance.bundle import Bundle
from allocator.instance.faultlog import FaultLog, nearest
from allocator.instance.files import read_file
from allocator.instance.read_csv import check_header, utf8
from allocator.instance.schema import tables
from allocator.instance.source import Source

JSON_KEYS = ("schema_version", "name", "policy", "tables")
JSON_VERSION = "1"


def bundle_json(path: Path) -> Bundle:
    """Read the file; InstanceError when it is no JSON object."""
    bundle = Bundle(policy_label=f"{path.name}:policy")
    document = _document(path, bundle.log)
    bundle.name = str(document.get("name", ""))
    for key in document:
        if key not in JSON_KEYS and key != "$schema":
            rule = "the key is unknown and is not read"
            bundle.log.add("W1103", path.name, rule, "", key, nearest(key, JSON_KEYS))
    bundle.policy = _object(document, "policy", path.name, bundle.log)
    for table, records in _object(document, "tables", path.name, bundle.log).items():
        _add_table(bundle, table, records, path.name)
    return bundle


def _document(path: Path, log: FaultLog) -> dict[str, Any]:
    data = utf8(read_file(path, path.name), path.name, log)
    if data is None:
        raise InstanceError(*log.faults)
    try:
        # A word that is no JSON number stays a word, so that the cell can be named.
        document = json.loads(data, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise InstanceError.because(
            f"the file must be JSON: {error}", where=path.name, action="correct it", code="E1508"
        ) from None
    if not isinstance(document, dict):
        raise InstanceError.because(
            "the file must hold one JSON object with tables",
            where=path.name,
            action="see: allocator schema --json",
            code="E1508",
        )
    return document


def _object(document: dict[str, Any], key: str, label: str, log: FaultLog) -> dict[str, Any]:
    value = document.get(key, {})
    if isinstance(value, dict):
        return value
    log.add("E1508", f"{label}:{key}", f"{key} must be an object", "write { ... }")
    return {}


def _add_table(bundle: Bundle, table: str, records: Any, file: str) -> None:
    label = f"{file}:{table}"
    if table not in tables():
        rule = "the table is unknown and is not read"
        bundle.log.add("W1103", label, rule, "", table, nearest(table, tables()))
        return
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        rule = "a table must be a list of objects, one a row"
        bundle.log.add("E1508", label, rule, "write [{...}, ...]")
        bundle.broken.add(table)
        return
    frame = pd.DataFrame(records, dtype=object)
    if check_header([str(name) for name in frame.columns], label, bundle.log):
        bundle.sources[table] = Source(table, frame, label, "item")
    else:
        bundle.broken.add(table)
