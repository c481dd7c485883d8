"""Runs of one suite, each of some of its cases, as one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allocator.bench.files import load_suite
from allocator.bench.suite import ALL, Row

Document = Mapping[str, Any]


def merged(documents: Sequence[Document]) -> list[Document]:
    """Return one document a suite, the summary made anew from the rows of all its runs.

    The environment is that of the first run, with the busiest start of all.
    """
    by_suite: dict[str, list[Document]] = {}
    for document in documents:
        by_suite.setdefault(document["suite"], []).append(document)
    return [_one(name, runs) if len(runs) > 1 else runs[0] for name, runs in by_suite.items()]


def _one(name: str, runs: Sequence[Document]) -> Document:
    rows = [row for run in runs for row in run["rows"] if row["case"] != ALL]
    summary = load_suite(name).summary([Row(**row) for row in rows])
    busy = [run["environment"]["busy"] for run in runs if run["environment"]["busy"] is not None]
    return {
        "suite": name,
        "rows": [*rows, *(row.as_dict() for row in summary)],
        "environment": {**runs[0]["environment"], "busy": max(busy, default=None)},
        "notes": runs[0]["notes"],
    }
