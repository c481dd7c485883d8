"""An instance as the files of a Data Package: CSV tables, policy.toml, datapackage.json."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
import tomli_w

from allocator.instance.bundle import SCENARIO_TABLES
from allocator.instance.datapackage import data_package
from allocator.instance.instance import Instance
from allocator.instance.policy_read import policy_values
from allocator.instance.written import cells, written_tables

# The first moment a zip can state: times would make equal instances differ.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_BOM = "\ufeff"


def instance_files(instance: Instance) -> Iterator[tuple[str, bytes]]:
    """Give the path and content of every file, one table in memory at a time."""
    frames = written_tables(instance)
    paths = {table: table_path(table) for table in frames}
    package = data_package(instance.name, frames, paths)
    yield "datapackage.json", (json.dumps(package, ensure_ascii=False, indent=2) + "\n").encode()
    yield "policy.toml", tomli_w.dumps(policy_values(instance.policy)).encode()
    for table, frame in frames.items():
        yield paths[table], csv_bytes(frame)


def table_path(table: str) -> str:
    """Return where the file of a table is inside the folder."""
    return f"scenarios/{table}.csv" if table in SCENARIO_TABLES else f"{table}.csv"


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8, with a BOM when it needs one to be read by Excel."""
    shown = pd.DataFrame({name: cells(column) for name, column in frame.items()})
    text = shown.to_csv(index=False, lineterminator="\n")
    return (text if text.isascii() else _BOM + text).encode("utf-8")


def write_folder(instance: Instance, folder: Path) -> None:
    """Write the files into a new folder."""
    for name, content in instance_files(instance):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_zip(instance: Instance, path: Path) -> None:
    """Write the files into a zip; the same instance gives the same bytes."""
    write_members(path, instance_files(instance))


def write_members(
    path: Path | io.BytesIO, members: Iterator[tuple[str, bytes]] | Mapping[str, bytes]
) -> None:
    """Write a zip with fixed times and modes."""
    pairs = members.items() if isinstance(members, Mapping) else members
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in pairs:
            info = zipfile.ZipInfo(name, ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
