"""Write a file or folder so that a reader finds the old one or the new one, never half of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file beside `path`, then move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = _beside(path)
    try:
        write(beside)
        _sync(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def replace_folder(
    folder: Path, write: Callable[[Path], None], keeps: Callable[[str], bool]
) -> None:
    """Let `write` fill a folder beside `folder`, then move it there.

    Entries of an earlier folder for whose name `keeps` is true are carried over. Between two
    renames the earlier folder is at `previous_of(folder)`: readers look there when it is missing.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _finish_earlier(folder, keeps)
    beside, previous = _beside(folder), previous_of(folder)
    try:
        beside.mkdir()
        write(beside)
        if folder.exists():
            os.rename(folder, previous)
        os.rename(beside, folder)
        _carry_over(previous, folder, keeps)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def previous_of(folder: Path) -> Path:
    """Return where a folder is while it is being replaced."""
    return folder.with_name(f".{folder.name}.prev")


def _finish_earlier(folder: Path, keeps: Callable[[str], bool]) -> None:
    """Bring back a folder, or what was in it, when its replacement was cut short."""
    previous = previous_of(folder)
    if previous.is_dir() and not folder.exists():
        os.rename(previous, folder)
    else:
        _carry_over(previous, folder, keeps)


def _carry_over(previous: Path, folder: Path, keeps: Callable[[str], bool]) -> None:
    if not previous.is_dir():
        return
    for entry in sorted(previous.iterdir()):
        if keeps(entry.name) and not (folder / entry.name).exists():
            os.rename(entry, folder / entry.name)
    shutil.rmtree(previous)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
