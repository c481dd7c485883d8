"""The process of one measurement: `python -m allocator.bench.child TASK RESULT` (JSON files)."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from allocator.bench.files import load_file
from allocator.bench.meter import Meter, own_peak_mb
from allocator.bench.suite import Case, Row, Settings, Suite


def measure(suite: Suite, case: Case, method: str, settings: Settings) -> list[Row]:
    """Run one method on one case; rows get the phases and the peak unless they carry their own."""
    meter = Meter()
    rows = suite.run(case, method, settings, meter)
    peak = own_peak_mb()
    return [
        replace(row, seconds=row.seconds or dict(meter.seconds), peak_mb=row.peak_mb or peak)
        for row in rows
    ]


def main(task_file: str, result_file: str) -> None:
    """Read the task, measure, write the rows."""
    task = json.loads(Path(task_file).read_text(encoding="utf-8"))
    suite: Suite = load_file(Path(task["file"])).SUITE
    case = Case(**task["case"])
    rows = measure(suite, case, task["method"], Settings(**task["settings"]))
    text = json.dumps([row.as_dict() for row in rows])
    Path(result_file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
