"""Replace a folder as one act, so that a crash at any moment leaves an intact one.

The new folder is written as OUT.tmp and flushed to disk, then OUT -> OUT.prev and
OUT.tmp -> OUT. Between the two renames OUT is missing and OUT.prev is the intact one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from allocator.errors import NoPlanError, UsageError
from allocator.instance.files import PLAN
from allocator.plan.interrupts import held_back


def sibling(path: Path, ending: str) -> Path:
    """Return the neighbour of `path` whose name has `ending` behind it."""
    return path.with_name(path.name + ending)


def intact(path: Path) -> Path:
    """Return the folder to read: OUT, or OUT.prev when a crash left OUT missing."""
    previous = sibling(path, ".prev")
    return previous if not path.exists() and (previous / PLAN).exists() else path


def refuse_other_content(path: Path) -> None:
    """Refuse to overwrite what is not a plan.

    Raises:
        UsageError: E2111, when `path` is a file or a folder with other content.
    """
    if not path.exists() or (path / PLAN).exists():
        return
    if path.is_dir() and not any(path.iterdir()):
        return
    raise UsageError.because(
        "The target exists and is not a plan, so it is not overwritten",
        where=str(path),
        action="Name another target, or move what is there away",
        code="E2111",
    )


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock beside `path`; the same thread may hold it more than once.

    Raises:
        NoPlanError: E5011, when another run holds it; E5012, when the place cannot be written.
    """
    path = path.absolute()
    lock = FileLock(
        path.with_name(f".{path.name}.lock"), timeout=0, is_singleton=True, thread_local=False
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise NoPlanError.because(
            "Another run is writing this plan",
            where=str(path),
            action="Wait for it to end, or name another target",
            code="E5011",
        ) from None
    except OSError as fault:
        raise _cannot_write(path, fault) from fault
    try:
        yield
    finally:
        lock.release()


def replace_folder(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a fresh folder and put it in the place of `path`.

    Raises:
        UsageError: E2111, when `path` is not a plan.
        NoPlanError: E5011, when another run holds it; E5012, when writing fails (a full disk);
            the old plan is intact then.
        KeyboardInterrupt: after writing, when Ctrl-C came meanwhile.
    """
    with held(path):
        refuse_other_content(path)
        with held_back() as came:
            try:
                _clean(path)
                _replace(path, write)
            except OSError as fault:
                shutil.rmtree(sibling(path, ".tmp"), ignore_errors=True)
                raise _cannot_write(path, fault) from fault
        if came:
            raise KeyboardInterrupt


def _clean(path: Path) -> None:
    """Put things back as a crash may have left them: at most OUT remains."""
    fresh, previous = sibling(path, ".tmp"), sibling(path, ".prev")
    if not path.exists() and (previous / PLAN).exists():
        previous.rename(path)
    _discard(fresh)
    _discard(previous)


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    fresh, previous = sibling(path, ".tmp"), sibling(path, ".prev")
    fresh.mkdir()
    write(fresh)
    for file in fresh.iterdir():
        _flush(file)
    _flush(fresh)
    if path.exists():
        path.rename(previous)
    fresh.rename(path)
    _flush(path.parent)
    _discard(previous)


def _discard(folder: Path) -> None:
    """Remove a folder; it loses its name first, so half of it is never taken for a plan."""
    if folder.exists():
        trash = sibling(folder, ".old")
        shutil.rmtree(trash, ignore_errors=True)
        folder.rename(trash)
        shutil.rmtree(trash)


def _flush(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # folders cannot be flushed there
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cannot_write(path: Path, fault: OSError) -> NoPlanError:
    return NoPlanError.because(
        f"The plan cannot be written: {fault.strerror or fault}",
        where=str(path),
        action="Make room or name another target; a plan that was there is intact",
        code="E5012",
    )
