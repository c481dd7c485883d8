"""What a suite is: cases, the methods that take them, and the rows they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allocator.bench.meter import Meter


@dataclass(frozen=True)
class Settings:
    """What holds for a whole run.

    Attributes:
        data: Folder of the reference data; blank when there is none.
        time_limit: Seconds the search of one case may take; None = the suite's own limit.
        seed: Seed of every random choice.
    """

    data: str = ""
    time_limit: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Case:
    """One problem of a suite, and the methods that are measured on it, each in its own process."""

    name: str
    methods: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One figure of a report.

    Attributes:
        case: Name of the case, or `case/part` where a case gives several figures.
        method: What was measured.
        seconds: Wall seconds of each phase: load, build, pass, solve, check.
        peak_mb: Most memory held at once by the process and its children, in MiB.
        value: What came out; None without a result.
        bound: A true bound of the value; None when unknown.
        gap: Distance of value and bound, relative to the value (absolute when the value is 0).
        expected: The published or required figure; None when there is none.
        within: Whether the requirement holds; None when nothing is required.
        detail: More figures of the row, such as columns and rows of the program.
        note: What a reader must know; empty when nothing.
    """

    case: str
    method: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_mb: float | None = None
    value: float | None = None
    bound: float | None = None
    gap: float | None = None
    expected: float | None = None
    within: bool | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain values, for JSON."""
        return asdict(self)


ALL = "all"  # case of the rows of a summary
Cases = Callable[[Settings], Sequence[Case]]
Run = Callable[[Case, str, Settings, "Meter"], Sequence[Row]]
Compare = Callable[[Sequence[Row]], Sequence[Row]]


def _nothing(rows: Sequence[Row]) -> Sequence[Row]:
    return ()


@dataclass(frozen=True)
class Suite:
    """A named set of cases.

    Attributes:
        name: Name on the command line.
        purpose: One line for the list.
        cases: Returns the cases; may read the reference data, must be light.
        run: Runs one method on one case and returns its rows; called in a process of its own.
        compare: Returns more rows from the rows of all methods of one case, such as ratios.
        summary: Returns more rows from all rows of a run, such as means; their case is `all`.
        notes: What a reader of the results must know.
    """

    name: str
    purpose: str
    cases: Cases
    run: Run
    compare: Compare = _nothing
    summary: Compare = _nothing
    notes: tuple[str, ...] = ()
