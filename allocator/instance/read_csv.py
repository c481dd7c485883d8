"""One CSV file as a raw table: encoding, delimiter and decimal comma found out, cells counted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np
import pandas as pd

from allocator.instance.faultlog import FaultLog
from allocator.instance.numbers import NUMBER
from allocator.instance.schema import tables
from allocator.instance.source import Source
from allocator.instance.text import CONTROL_OR_BREAK

_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = (",", ";", "\t")
# Default parsing of pandas is exact from 3.1 on, and says so when asked for by name.
_EXACT = {} if pd.__version__ >= "3.1" else {"float_precision": "round_trip"}


def read_csv(table: str, data: bytes, label: str, log: FaultLog) -> Source | None:
    """Return the raw table, or None with faults in the log when the file is no such table."""
    plain = utf8(data, label, log)
    if plain is None:
        return None
    body = plain.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in plain else plain
    body = body.rstrip(b"\n")
    if not body.strip():
        log.add("E1107", label, "the file is empty", "write the header and the rows of the table")
        return None
    first = body.split(b"\n", 1)[0].decode("utf-8")
    delimiter = max(_DELIMITERS, key=first.count)
    body = _without_blank_end(body, delimiter)
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter))]
    if not check_header(header, f"{label}:1", log):
        return None
    return _read_body(table, body + b"\n", label, delimiter, header, log)


def _without_blank_end(body: bytes, delimiter: str) -> bytes:
    """Cut off the rows of empty cells that spreadsheets leave at the end."""
    filled = len(body.rstrip(f" \n{delimiter}".encode()))
    end = body.find(b"\n", filled)
    return body if end < 0 else body[:end]


def utf8(data: bytes, label: str, log: FaultLog) -> bytes | None:
    """Return the text as UTF-8 without BOM; GB18030 is understood, anything else is a fault."""
    if data.startswith(_WIDE_BOMS):
        _tell_encoding(label, "UTF-16", log)
        return None
    if b"\0" in data:
        rule = "the file is binary and not a table of text"
        log.add("E1503", label, rule, "save it as CSV; a workbook must be named .xlsx")
        return None
    plain = data.removeprefix(_BOM)
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError as error:
        return _from_gb18030(plain, error, label, log)
    return plain


def _from_gb18030(
    data: bytes, fault: UnicodeDecodeError, label: str, log: FaultLog
) -> bytes | None:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        line = data.count(b"\n", 0, fault.start) + 1
        _tell_encoding(f"{label}:{line}", "neither UTF-8 nor GB18030", log)
        return None
    rule = "the file is not UTF-8 and was read as GB18030"
    log.add("W1501", label, rule, "look at the names; save it as UTF-8 when they are wrong")
    return text.encode("utf-8")


def _tell_encoding(where: str, found: str, log: FaultLog) -> None:
    rule = "the file must be encoded as UTF-8"
    log.add("E1502", where, rule, "save it again as CSV UTF-8", found)


def check_header(header: list[str], where: str, log: FaultLog) -> bool:
    """Tell blank, repeated and unreadable column names; True when there are none."""
    unreadable = [name for name in header if CONTROL_OR_BREAK.search(name)]
    for name in unreadable:
        log.add("E1212", where, "a column name holds a control character", "write it again", name)
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    for name in repeated:
        log.add("E1104", where, "a column name stands twice", "remove or rename one", name)
    blank = [number for number, name in enumerate(header, start=1) if not name]
    if blank:
        rule = "a column has no name"
        log.add("E1105", where, rule, "name the column or remove it", f"column {blank[0]}")
    return not (repeated or blank or unreadable)


def _read_body(
    table: str, body: bytes, label: str, delimiter: str, header: list[str], log: FaultLog
) -> Source | None:
    lines: np.ndarray | None = None
    if b'"' in body:
        rows, starts = _split_rows(body, label, delimiter, log)
        widths = np.array([len(row) for row in rows], dtype=np.intp)
        if len(starts) and starts[-1] != len(starts):
            lines = starts[1:]
        if rows and [name.strip() for name in rows[0]] != header:
            log.add("E1105", f"{label}:1", "the header has a line break", "write it in one line")
            return None
    else:
        rows, widths = [], cell_counts(body, delimiter)
    if not len(widths):
        return None
    wrong = np.flatnonzero(widths != len(header))
    if len(wrong):
        rows = rows or _split_rows(body, label, delimiter, log)[0]
        _tell_widths(label, widths, wrong, len(header), lines, log)
        frame = _padded(rows[1:], header)
    else:
        frame = _parse(table, body, delimiter, header)
        if len(frame) != len(widths) - 1:
            rows = rows or _split_rows(body, label, delimiter, log)[0]
            frame = _padded(rows[1:], header)
    return Source(table, frame, label, lines=lines, columns=tuple(header))


def cell_counts(body: bytes, delimiter: str) -> np.ndarray:
    """Return the number of cells of each line of a file without quotes."""
    octets = np.frombuffer(body, dtype=np.uint8)
    ends = np.flatnonzero(octets == 10)
    before = np.flatnonzero(octets == ord(delimiter))
    return np.diff(np.searchsorted(before, ends), prepend=0) + 1


def _split_rows(
    body: bytes, label: str, delimiter: str, log: FaultLog
) -> tuple[list[list[str]], np.ndarray]:
    """Return the cells of every row and the line each row begins in."""
    rows: list[list[str]] = []
    starts: list[int] = []
    for start, row in _numbered(body, label, delimiter, log):
        rows.append(row or [""])
        starts.append(start)
    return rows, np.array(starts, dtype=np.intp)


def _numbered(
    body: bytes, label: str, delimiter: str, log: FaultLog
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(body.decode("utf-8"), newline=""), delimiter=delimiter)
    start = 1
    try:
        for row in reader:
            yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        where = f"{label}:{start}"
        log.add("E1106", where, f"the row cannot be read: {error}", "look for a quote left open")


def _tell_widths(
    label: str,
    widths: np.ndarray,
    wrong: np.ndarray,
    expected: int,
    lines: np.ndarray | None,
    log: FaultLog,
) -> None:
    shown = 20
    for row in wrong[:shown]:
        line = int(lines[row - 1]) if lines is not None and row else int(row) + 1
        rule = f"the row must have {expected} cells like the header"
        action = "complete the row, remove it when it is blank, or quote a cell with a delimiter"
        log.add("E1106", f"{label}:{line}", rule, action, f"{widths[row]} cells")
    if len(wrong) > shown:
        rule = "rows with a wrong number of cells"
        log.add("E1106", label, rule, "see the rows listed", f"{len(wrong)} rows in all")


def _padded(rows: list[list[str]], header: list[str]) -> pd.DataFrame:
    """Return rows of any length as a table of text, cut or filled up with blanks."""
    width = len(header)
    even = [[*row, *[""] * (width - len(row))][:width] for row in rows]
    return pd.DataFrame(even, columns=pd.Index(header), dtype=object)


def _parse(table: str, body: bytes, delimiter: str, header: list[str]) -> pd.DataFrame:
    """Read numbers as numbers; a column with a cell that is none stays text for the checks."""
    specs = {spec.name: spec for spec in tables()[table]}
    numeric = [name for name in header if name in specs and _is_number(specs[name].type)]
    typed = _typed(body, delimiter, header, numeric, header)
    if typed is not None:
        return typed
    try:
        frame = _read(body, delimiter, header, [], header)
    except ValueError:
        return pd.DataFrame(columns=pd.Index(header))
    for name in numeric:
        column = _typed(body, delimiter, header, [name], [name])
        if column is not None:
            frame[name] = column[name]
        elif delimiter != ",":
            frame[name] = frame[name].str.replace(",", ".", regex=False)
    return frame


def _typed(
    body: bytes, delimiter: str, header: list[str], numeric: list[str], wanted: list[str]
) -> pd.DataFrame | None:
    if not _begins_with_numbers(body, delimiter, header, numeric):
        return None
    try:
        return _read(body, delimiter, header, numeric, wanted)
    except (ValueError, OverflowError):
        return None


def _is_number(kind: str) -> bool:
    return kind in ("number", "integer")


def _begins_with_numbers(
    body: bytes, delimiter: str, header: list[str], numeric: list[str]
) -> bool:
    """Look at the first row: a column all of true and false would be read as 1 and 0."""
    rows = csv.reader(
        io.StringIO(body[:100_000].decode("utf-8", "ignore"), newline=""), delimiter=delimiter
    )
    next(rows)
    cells = dict(zip(header, next(rows, []), strict=False))
    words = [cells.get(name, "").strip().replace(",", ".") for name in numeric]
    return all(not word or NUMBER.fullmatch(word) for word in words)


def _read(
    body: bytes, delimiter: str, header: list[str], numeric: list[str], wanted: list[str]
) -> pd.DataFrame:
    comma = delimiter != "," and b"," in body
    kinds = {name: "float64" if name in numeric else "str" for name in wanted}
    return pd.read_csv(  # type: ignore[call-overload, no-any-return]
        io.BytesIO(body),
        sep=delimiter,
        names=header,
        header=0,
        usecols=wanted,
        dtype=kinds,
        decimal="," if comma else ".",
        keep_default_na=False,
        na_values={name: [""] for name in numeric},
        skip_blank_lines=False,
        encoding="utf-8",
        low_memory=False,
        **_EXACT,
    )
