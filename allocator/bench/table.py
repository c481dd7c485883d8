"""Results as a Markdown table with footnotes that confess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PHASES = ("load", "build", "pass", "solve", "check")
HEAD = ("case", "method", *(f"{phase} s" for phase in PHASES), "peak MiB")
TAIL = ("value", "bound", "gap", "expected", "within", "detail")


def report(documents: Sequence[Mapping[str, Any]]) -> str:
    """Return one Markdown section a run; a document is the `data` of `bench run --json`."""
    return "\n".join(section(document) for document in documents)


def section(document: Mapping[str, Any]) -> str:
    """Return heading, table and footnotes of one run."""
    rows, notes = document["rows"], list(document["notes"])
    numbers = _numbered(rows, notes)
    heads = (*HEAD, *TAIL)
    lines = [f"## {document['suite']}", "", _line(heads), _line(["---"] * len(heads))]
    lines += [_line(_cells(row, numbers)) for row in rows]
    lines += ["", _tally(rows), ""]
    lines += [f"[{number}] {note}" for number, note in enumerate(notes, start=1)]
    return "\n".join([*lines, "", _measured_with(document["environment"]), ""])


def _numbered(rows: Sequence[Mapping[str, Any]], notes: list[str]) -> dict[str, int]:
    """Add the notes of the rows behind those of the suite; return note -> footnote number."""
    for row in rows:
        if row["note"] and row["note"] not in notes:
            notes.append(row["note"])
    return {note: number for number, note in enumerate(notes, start=1)}


def _cells(row: Mapping[str, Any], numbers: Mapping[str, int]) -> list[str]:
    mark = f" [{numbers[row['note']]}]" if row["note"] else ""
    seconds = [_figure(row["seconds"].get(phase), ".2f") for phase in PHASES]
    shares = [_figure(row[name], ",.6g") for name in ("value", "bound")]
    within = {True: "yes", False: "NO", None: ""}[row["within"]]
    return [
        row["case"] + mark,
        row["method"],
        *seconds,
        _figure(row["peak_mb"], ".0f"),
        *shares,
        _figure(row["gap"], ".2e"),
        _figure(row["expected"], ",.6g"),
        within,
        "; ".join(f"{_plain(name)} {_plain(value)}" for name, value in row["detail"].items()),
    ]


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _plain(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format(value, ",.6g" if isinstance(value, float) else ",d")
    return str(value).replace("_", " ")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _tally(rows: Sequence[Mapping[str, Any]]) -> str:
    judged = [row["within"] for row in rows if row["within"] is not None]
    failed = sum(row["note"].startswith("failed") for row in rows)
    text = f"{sum(judged)} of {len(judged)} requirements hold, {len(rows)} rows"
    return text + (f", {failed} failed." if failed else ".")


def _measured_with(facts: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {one}" for name, one in facts["versions"].items() if one)
    limit = facts["time_limit"]
    return (
        f"Measured on {facts['cores']} cores, {facts['memory_mb']} MiB, {facts['system']}, Python "
        f"{facts['python']} ({versions}); seed {facts['seed']}, "
        f"{'the time limits of the suite' if limit is None else f'time limit {limit:g} s'}; "
        f"load average at the start {facts['busy']}."
    )
