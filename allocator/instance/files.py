"""The files of a folder or a zip, read within bounds and never from outside of it."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn, Protocol

from allocator.errors import InstanceError

PLAN = "plan.json"
"""The file that makes a folder a plan."""
MAX_MEMBERS = 1_000
MAX_BYTES = 4 * 1024**3
MAX_RATIO = 250
_FREE_BYTES = 4 * 1024**2
_CHUNK = 1024**2


class Files(Protocol):
    """What a folder and a zip have in common."""

    label: str

    def names(self) -> list[str]:
        """Return the paths of the files, with / between the parts."""

    def read(self, name: str) -> bytes:
        """Return the content of a file; raise InstanceError when it cannot be had."""


class FolderFiles:
    """The files of a folder and of its folders, not deeper than needed."""

    def __init__(self, folder: Path) -> None:
        """Look into the folder."""
        self.label = folder.name or str(folder)
        self._root = folder

    def names(self) -> list[str]:
        """Return the files of the folder and of the folders in it."""
        found: list[str] = []
        for folder in (self._root, *sorted(self._root.iterdir())):
            if folder.is_dir():
                entries = [path for path in sorted(folder.iterdir()) if not path.is_dir()]
                found += [path.relative_to(self._root).as_posix() for path in entries]
        return found

    def read(self, name: str) -> bytes:
        """Return the content of a file inside the folder."""
        check_inside(name, name)
        path = self._root / name
        if not path.resolve().is_relative_to(self._root.resolve()):
            _refuse(
                "E1506", name, "the file is a link that leaves the folder", "copy the file here"
            )
        return read_file(path, name)


class ZipFiles:
    """The files of a zip; one folder around all of them is left out of the names."""

    def __init__(self, path: Path) -> None:
        """Open the zip and refuse members that are too many, too large or climb out."""
        self.label = path.name
        self._zip = open_zip(path)
        members = [info for info in self._zip.infolist() if not _is_clutter(info)]
        tops = {info.filename.split("/")[0] for info in members}
        nested = len(tops) == 1 and all("/" in info.filename for info in members)
        skipped = len(next(iter(tops))) + 1 if nested else 0
        self._members = {info.filename[skipped:]: info for info in members}

    def names(self) -> list[str]:
        """Return the members."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """Return the content of a member."""
        check_inside(name, name)
        return read_member(self._zip, self._members[name], name)


def _is_clutter(info: zipfile.ZipInfo) -> bool:
    """Folders, and what macOS adds to every zip."""
    name = info.filename
    return info.is_dir() or name.startswith("__MACOSX/") or name.endswith(".DS_Store")


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip whose members are bounded in number and size and stay inside; else raise."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise InstanceError.because(
            f"the file is no zip that can be read: {error}",
            where=path.name,
            action="pack it again",
            code="E1507",
        ) from None
    _check_members(archive, path.name)
    return archive


def _check_members(archive: zipfile.ZipFile, label: str) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        rule = f"a zip may hold {MAX_MEMBERS} files"
        _refuse("E1505", label, rule, "pack only the tables", f"{len(members)} files")
    if sum(info.file_size for info in members) > MAX_BYTES:
        _refuse("E1505", label, f"a zip may unpack to {MAX_BYTES >> 30} GiB", "leave out files")
    names = [info.filename for info in members]
    if len(set(names)) < len(names):
        _refuse("E1507", label, "a file stands twice in the zip", "pack it again")
    for info in members:
        place = f"{label}/{info.filename}"
        check_inside(info.filename, place)
        if stat.S_ISLNK(info.external_attr >> 16):
            _refuse("E1506", place, "the zip holds a link", "pack the file itself")
        if info.flag_bits & 1:
            _refuse("E1507", place, "the zip is encrypted", "pack it without a password")
        check_ratio(info.file_size, info.compress_size, place)


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: str) -> bytes:
    """Return a member, counted while it unpacks because the size it states may be a lie."""
    try:
        with archive.open(info) as stream:
            data = _bounded(stream, info.compress_size, place)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        _refuse("E1507", place, f"the zip is damaged: {error}", "pack it again")
    except (zlib.error, EOFError) as error:
        _refuse("E1507", place, f"the zip is damaged: {error}", "pack it again")
    return data


def read_file(path: Path, place: str) -> bytes:
    """Return the content of a regular file within bounds."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            _refuse("E1504", place, "this is no regular file", "put a file here")
        if found.st_size > MAX_BYTES:
            _refuse("E1505", place, f"a file may have {MAX_BYTES >> 30} GiB", "split the instance")
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        _refuse("E1504", place, f"the file cannot be read: {reason}", "look at its permissions")


def gunzip(data: bytes, place: str) -> bytes:
    """Return the content of gzip data within bounds."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return _bounded(stream, len(data), place)
    except (OSError, EOFError, zlib.error) as error:
        _refuse("E1507", place, f"the file is no intact gzip: {error}", "pack it again")


def check_inside(name: str, place: str) -> None:
    """Refuse a path that is absolute or climbs out of its folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    drive = len(name) > 1 and name[1] == ":"
    if path.is_absolute() or drive or ".." in path.parts or "\0" in name or os.path.isabs(name):
        _refuse("E1506", place, "the path leaves the folder", "use a path inside the folder", name)


def check_ratio(size: int, packed: int, place: str) -> None:
    """Refuse what unpacks to far more than any table does."""
    if size > MAX_BYTES or (size > _FREE_BYTES and size > MAX_RATIO * max(packed, 1)):
        rule = (
            f"the content unpacks to more than {MAX_RATIO} times its size or {MAX_BYTES >> 30} GiB"
        )
        _refuse("E1505", place, rule, "give the table unpacked")


def _bounded(stream: IO[bytes] | gzip.GzipFile, packed: int, place: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        check_ratio(size, packed, place)
        chunks.append(chunk)
    return b"".join(chunks)


def _refuse(code: str, where: str, rule: str, action: str, value: str = "") -> NoReturn:
    raise InstanceError.because(rule, where=where, value=value, action=action, code=code)
