"""Write a program with one goal as a file in free MPS format, which every solver reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np

from allocator.engine.program import Block, Floats, Program
from allocator.instance.atomic import replace_file

LONGEST_NAME = 200  # some readers take no more than 255 characters
# Letters and digits of any script and what labels are made of; a blank would end a name.
_FOREIGN = re.compile(r"[^\w.,\[\]()/+*@-]")


def write_mps(
    path: Path, program: Program, cost: Floats, constant: float = 0.0, goal: str = "goal"
) -> None:
    """Write `program`, minimising cost x columns + constant; numbers keep every digit.

    Rows and columns have the names of their blocks' labels, made fit for the format and unique.
    """

    def write(beside: Path) -> None:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            _write(file, program, cost, constant, goal)

    replace_file(path, write)


def _write(file: TextIO, program: Program, cost: Floats, constant: float, goal: str) -> None:
    taken = unique_names(chain([goal], block_names(program.rows)))
    objective, rows = taken[0], taken[1:]
    columns = unique_names(block_names(program.columns))
    kinds, sides, ranges = _sides(program.row_lower, program.row_upper)
    file.write("NAME allocator\nROWS\n")
    file.write(f" N {objective}\n")
    file.writelines(f" {kind} {name}\n" for kind, name in zip(kinds, rows, strict=True))
    file.write("COLUMNS\n")
    file.writelines(_columns(program, cost, objective, rows, columns))
    file.write("RHS\n")
    if constant:
        # By custom the right side of the goal is what is taken away from it.
        file.write(f" RHS {objective} {-constant!r}\n")
    file.writelines(_values("RHS", rows, sides))
    file.write("RANGES\n")
    file.writelines(_values("RANGE", rows, ranges))
    file.write("BOUNDS\n")
    file.writelines(_bounds(program, columns))
    file.write("ENDATA\n")


def block_names(blocks: Iterable[Block]) -> Iterator[str]:
    """Return the names of all members of blocks."""
    return (name for block in blocks for name in block.names())


def unique_names(names: Iterable[str]) -> list[str]:
    """Return names fit for the format; those that would be alike get a number."""
    found: dict[str, None] = {}
    for name in names:
        fit = base = _FOREIGN.sub("_", name)[:LONGEST_NAME]
        number = 1
        while fit in found:
            number += 1
            fit = f"{base}~{number}"
        found[fit] = None
    return list(found)


def _sides(lower: Floats, upper: Floats) -> tuple[list[str], Floats, Floats]:
    """Return kind, right side and range of every row; a range of 0 means none."""
    equal = lower == upper
    low, high = np.isfinite(lower), np.isfinite(upper)
    kinds = np.select([equal, low, high], ["E", "G", "L"], "N").tolist()
    sides = np.where(low, lower, np.where(high, upper, 0.0))
    both = low & high & ~equal
    ranges = np.zeros(len(lower))
    ranges[both] = upper[both] - lower[both]
    return kinds, sides, ranges


def _values(section: str, names: list[str], values: Floats) -> Iterator[str]:
    used = np.flatnonzero(values)
    return (f" {section} {names[at]} {float(values[at])!r}\n" for at in used)


def _columns(
    program: Program, cost: Floats, objective: str, rows: list[str], columns: list[str]
) -> Iterator[str]:
    matrix, integer = program.matrix(), program.integer
    whole = False
    for column, name in enumerate(columns):
        if integer[column] != whole:
            whole = not whole
            yield f" MARKER 'MARKER' 'INT{'ORG' if whole else 'END'}'\n"
        # Named even at 0, so that a column without entries is there.
        yield f" {name} {objective} {float(cost[column])!r}\n"
        part = slice(matrix.indptr[column], matrix.indptr[column + 1])
        for row, value in zip(matrix.indices[part], matrix.data[part], strict=True):
            yield f" {name} {rows[row]} {float(value)!r}\n"
    if whole:
        yield " MARKER 'MARKER' 'INTEND'\n"


def _bounds(program: Program, columns: list[str]) -> Iterator[str]:
    for name, low, high in zip(columns, program.lower, program.upper, strict=True):
        if low == high:
            yield f" FX BOUND {name} {float(low)!r}\n"
            continue
        if np.isneginf(low):
            yield f" MI BOUND {name}\n"
        elif low:
            yield f" LO BOUND {name} {float(low)!r}\n"
        # Said even when there is none: a whole column without a bound would end at 1.
        yield f" PL BOUND {name}\n" if np.isinf(high) else f" UP BOUND {name} {float(high)!r}\n"
