"""Write a generated instance: the folder, large tables packed, and its README."""

from __future__ import annotations

import gzip
import json
from os import PathLike
from pathlib import Path

from allocator.instance import Instance, save

LARGE_BYTES = 500_000


def write_instance(
    instance: Instance,
    path: str | PathLike[str],
    readme: str = "",
    pack_above: int = LARGE_BYTES,
    note: str = "",
) -> Path:
    """Write an instance as a folder; tables above `pack_above` bytes become `.csv.gz`.

    Args:
        instance: What to write.
        path: The folder; one that holds an instance is replaced, its other files stay.
        readme: Text of README.md; none is written when empty.
        pack_above: Size in bytes above which a table is packed.
        note: Text of scenarios/README.md; none is written when empty.

    Raises:
        InstanceError: The folder cannot be written.
    """
    folder = save(instance, path)
    if folder.is_dir():
        _pack_large(folder, pack_above)
        if readme:
            (folder / "README.md").write_bytes(readme.encode("utf-8"))
        if note:
            (folder / "scenarios" / "README.md").write_bytes(note.encode("utf-8"))
    return folder


def _pack_large(folder: Path, pack_above: int) -> None:
    """Pack large tables; no name and no time inside, so that equal tables give equal files."""
    large = [path for path in sorted(folder.rglob("*.csv")) if path.stat().st_size > pack_above]
    for path in large:
        packed = gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
        path.with_name(path.name + ".gz").write_bytes(packed)
        path.unlink()
    if large:
        _name_packed(
            folder / "datapackage.json", {path.relative_to(folder).as_posix() for path in large}
        )


def _name_packed(package: Path, names: set[str]) -> None:
    document = json.loads(package.read_text(encoding="utf-8"))
    for resource in document["resources"]:
        if resource["path"] in names:
            resource["path"] += ".gz"
            resource["compression"] = "gz"
    package.write_bytes((json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8"))
