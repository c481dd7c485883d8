"""An instance as one JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.policy_read import policy_values
from allocator.instance.read_json import JSON_VERSION
from allocator.instance.written import cells, written_tables

_BATCH = 50_000
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def write_json(instance: Instance, path: Path) -> None:
    """Write the file, a record a line."""
    head = {
        "schema_version": JSON_VERSION,
        "name": instance.name,
        "policy": policy_values(instance.policy),
    }
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_encode(head)[:-1])
        file.write(', "tables": {')
        separator = "\n"
        for table, frame in written_tables(instance).items():
            file.write(f"{separator}{json.dumps(table)}: [")
            file.writelines(_records(frame))
            file.write("\n]")
            separator = ",\n"
        file.write("\n}}\n")


def _records(frame: pd.DataFrame) -> Iterator[str]:
    separator = "\n"
    for start in range(0, len(frame), _BATCH):
        part = frame.iloc[start : start + _BATCH]
        columns = [column_values(column) for _, column in part.items()]
        for row in zip(*columns, strict=True):
            record = dict(zip(frame.columns, row, strict=True))
            yield separator + _encode(record)
            separator = ",\n"


def column_values(column: pd.Series) -> list[object]:
    """Return a column as plain values, None where blank."""
    if column.dtype == bool:
        return column.tolist()
    plain = cells(column).astype(object)
    return plain.where(plain.notna(), None).tolist()
