"""Read an instance from a folder, a zip, one JSON file or a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from allocator.errors import Fault, InstanceError
from allocator.instance.atomic import previous_of
from allocator.instance.bundle import Bundle, bundle_files
from allocator.instance.files import PLAN, FolderFiles, ZipFiles
from allocator.instance.instance import Instance
from allocator.instance.read_json import bundle_json


@dataclass(frozen=True)
class Report:
    """What validation found.

    Attributes:
        faults: What makes the instance invalid.
        warnings: What may be meant otherwise.
        notes: What loading did: blanks filled in, points converted.
        rows: Rows by table; empty when the instance is invalid.
    """

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    notes: Mapping[str, Any]
    rows: Mapping[str, int]

    @property
    def valid(self) -> bool:
        """Whether the instance can be used."""
        return not self.faults


def load(path: str | PathLike[str]) -> Instance:
    """Read and check an instance.

    Args:
        path: A folder, a .zip of one, a .json file or an .xlsx workbook.

    Raises:
        InstanceError: With every fault found, each with its file, row and column.
    """
    place = Path(path)
    bundle = _bundle(place)
    bundle.name = bundle.name or (place.resolve().name if place.is_dir() else place.stem)
    return Instance.from_bundle(bundle)


def validate(path: str | PathLike[str]) -> Report:
    """Check an instance and return everything found; nothing wrong in it is raised."""
    try:
        instance = load(path)
    except InstanceError as error:
        faults = tuple(fault for fault in error.faults if fault.severity == "error")
        warnings = tuple(fault for fault in error.faults if fault.severity == "warning")
        return Report(faults, warnings, {}, {})
    rows = {table: len(frame) for table, frame in instance.tables.items() if len(frame)}
    return Report((), instance.notes["warnings"], instance.notes, rows)


def _bundle(path: Path) -> Bundle:
    if not path.exists() and previous_of(path).is_dir():
        path = previous_of(path)  # The writer was cut short between two renames.
    try:
        if (path / PLAN).is_file():
            rule, action = "this is a plan, not an instance", "name the instance it was made for"
            raise _refused(rule, path, "E1515", action)
        if path.is_dir():
            return bundle_files(FolderFiles(path))
        if not path.exists():
            raise _refused("there is no such file or folder", path, "E1501", "look at the path")
        if path.suffix.casefold() == ".zip":
            return bundle_files(ZipFiles(path))
        if path.name == "datapackage.json":
            return bundle_files(FolderFiles(path.parent))
        if path.suffix.casefold() == ".json":
            return bundle_json(path)
        if path.suffix.casefold() == ".xlsx":
            from allocator.instance.read_xlsx import bundle_xlsx

            return bundle_xlsx(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        rule = f"the path cannot be read: {reason}"
        raise _refused(rule, path, "E1504", "look at the path and its permissions") from None
    raise _refused(
        "an instance is a folder, or a .zip, .json or .xlsx file", path, "E1511", "pack it as one"
    )


def _refused(rule: str, path: Path, code: str, action: str) -> InstanceError:
    return InstanceError.because(rule, where=str(path), action=action, code=code)
