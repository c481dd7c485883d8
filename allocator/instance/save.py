"""Write an instance as a folder, a zip, one JSON file or a workbook."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from allocator.errors import InstanceError
from allocator.instance.atomic import replace_file, replace_folder
from allocator.instance.files import PLAN
from allocator.instance.instance import Instance
from allocator.instance.schema import tables
from allocator.instance.write_files import write_folder, write_zip
from allocator.instance.write_json import write_json


def _write_xlsx(instance: Instance, path: Path) -> None:
    from allocator.instance.write_xlsx import write_xlsx  # Loads openpyxl.

    write_xlsx(instance, path)


_WRITERS = {".zip": write_zip, ".json": write_json, ".xlsx": _write_xlsx}
_OWN = {f"{table}{end}" for table in tables() for end in (".csv", ".csv.gz")} | {
    "datapackage.json",
    "policy.toml",
    "scenarios",
}


def save(instance: Instance, path: str | PathLike[str]) -> Path:
    """Write an instance; the ending of the path says how, none means a folder.

    Loading it gives the same tables, policy and name. The same instance gives the same bytes.
    What stood there is replaced in one step; other files of an instance folder stay.

    Raises:
        InstanceError: The packing is unknown or cannot hold the instance, or the path cannot be
            written.
    """
    place = Path(path)
    ending = place.suffix.casefold()
    try:
        if ending in _WRITERS:
            replace_file(place, lambda beside: _WRITERS[ending](instance, beside))
        else:
            _check_folder(place)
            replace_folder(place, lambda beside: write_folder(instance, beside), _is_foreign)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _refused(f"the instance cannot be written: {reason}", place) from None
    return place


def _is_foreign(name: str) -> bool:
    return name not in _OWN


def _check_folder(folder: Path) -> None:
    """Refuse to take the place of a file or of a folder that is no instance."""
    if folder.is_file():
        raise _refused("there is a file of this name", folder)
    names = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    if PLAN in names:
        raise _refused("the folder holds a plan", folder)
    if names and not names & _OWN:
        raise _refused("the folder holds other things than an instance", folder)


def _refused(rule: str, path: Path) -> InstanceError:
    return InstanceError.because(rule, where=str(path), action="choose another path", code="E1514")
