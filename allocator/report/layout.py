"""Text and tables that fit a terminal, with names in any script."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from allocator.report.words import count

GAP = "  "
HELD = "\0"  # a blank a line does not end at
NARROWEST = 12  # the least width worth wrapping a column to


@dataclass(frozen=True)
class Column:
    """A column of a text table: numbers to the right; texts are wrapped when space is short."""

    title: str
    right: bool = False


def headed(title: str, *numbers: str) -> tuple[Column, ...]:
    """Return a column of names and columns of numbers."""
    return (Column(title), *(Column(number, right=True) for number in numbers))


def rest_lines(rows: int, most: int, width: int, one: str, where: str = "") -> list[str]:
    """Return how many rows are not shown beyond the `most` that are, and where they stand."""
    told = f"and {count(rows - most, one)} more" + (f": see {where}" if where else "")
    return wrap(told, width) if rows > most else []


def cells_of(text: str) -> int:
    """Return how many cells of a terminal a text takes; wide characters take two."""
    return sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    if letter == HELD:
        return 1
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Break a text into lines of at most `width` cells; Chinese may break between any two."""
    lines: list[str] = []
    line = indent
    for piece in _pieces(text.replace(" %", f"{HELD}%")):
        if line.strip() and cells_of(line) + cells_of(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = indent
        line += piece if line.strip() else piece.lstrip()
        while cells_of(line.rstrip()) > width > cells_of(indent) + 1:
            head = _head(line, width)
            lines.append(head)
            line = indent + line[len(head) :]
    if line.strip() or not lines:
        lines.append(line.rstrip())
    return [line.replace(HELD, " ") for line in lines]


def _pieces(text: str) -> Iterator[str]:
    """Yield the smallest parts a line may end after: a word with its space, a wide character."""
    piece = ""
    for letter in text:
        if _cells(letter) == 2 and piece and not piece.endswith(" "):
            yield piece
            piece = ""
        piece += letter
        if letter == " " or _cells(letter) == 2:
            yield piece
            piece = ""
    if piece:
        yield piece


def _head(text: str, width: int) -> str:
    used = 0
    for at, letter in enumerate(text):
        used += _cells(letter)
        if used > width:
            return text[:at]
    return text


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return the lines of a table; below the width it needs, one block of lines a row."""
    every = [[column.title for column in columns], *rows]
    natural = [max(cells_of(row[i]) for row in every) for i in range(len(columns))]
    sizes = _fitted(columns, natural, width - len(GAP) * (len(columns) - 1))
    if not sizes:
        return _blocks(columns, rows, width)
    return [line for row in every for line in _row(columns, row, sizes)]


def _fitted(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[int]:
    """Take from the widest text until the columns fit; nothing when they cannot."""
    sizes = list(natural)
    texts = [i for i, column in enumerate(columns) if not column.right]
    while sum(sizes) > width:
        widest = max(texts, key=lambda i: sizes[i])
        if sizes[widest] <= NARROWEST:
            return []
        sizes[widest] -= 1
    return sizes


def _row(columns: Sequence[Column], row: Sequence[str], sizes: Sequence[int]) -> Iterator[str]:
    cells = [
        [text] if column.right else wrap(text, size) or [""]
        for column, text, size in zip(columns, row, sizes, strict=True)
    ]
    for parts in zip_longest(*cells, fillvalue=""):
        padded = [
            pad(text, size, column.right)
            for text, size, column in zip(parts, sizes, columns, strict=True)
        ]
        yield GAP.join(padded).rstrip()


def _blocks(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    lines = wrap(f"{columns[0].title}:", width)
    for row in rows:
        lines += wrap(f"- {row[0]}", width)
        for column, text in list(zip(columns, row, strict=True))[1:]:
            lines += wrap(f"{column.title}: {text}", width, GAP) if text else []
    return lines


def pad(text: str, size: int, right: bool = False) -> str:
    """Fill a text with blanks to `size` cells."""
    blank = " " * (size - cells_of(text))
    return blank + text if right else text + blank
