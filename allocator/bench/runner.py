"""Run a suite: every method of every case in a process of its own, one after another."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from allocator.bench.files import load_suite, suites
from allocator.bench.meter import tree, tree_mb
from allocator.bench.suite import Case, Row, Settings, Suite
from allocator.errors import UsageError

POLL_SECONDS = 0.1
HARD_LIMIT_SECONDS = 7200.0  # for a case without a limit of its own
GRACE_SECONDS = 600.0  # for what comes before and after the search of a limited case

Listener = Callable[[Row], None]


@dataclass(frozen=True)
class Finished:
    """The rows of a run, and whether the user stopped it."""

    rows: list[Row]
    interrupted: bool = False


def run_suite(
    name: str,
    settings: Settings,
    only: str = "",
    listen: Listener = lambda row: None,
    methods: Sequence[str] = (),
) -> Finished:
    """Run the cases of a suite whose name fits `only`; `listen` hears every row when it is there.

    With `methods` only those are run.

    Raises:
        UsageError: No such suite, case or method, or the reference data it needs is absent.
    """
    suite = load_suite(name)
    rows: list[Row] = []
    try:
        for case in with_methods(chosen(suite.cases(settings), only), methods):
            mine: list[Row] = []
            for found in _measurements(suite, case, settings, mine):
                for row in found:
                    listen(row)
                mine += found
                rows += found
    except KeyboardInterrupt:
        return Finished(rows, interrupted=True)
    last = list(suite.summary(rows))
    for row in last:
        listen(row)
    return Finished(rows + last)


def _measurements(
    suite: Suite, case: Case, settings: Settings, known: list[Row]
) -> Iterator[list[Row]]:
    """Give the rows of each method, then what the suite makes of the rows known by then."""
    file = suites()[suite.name]
    for method in case.methods:
        yield measured(file, case, method, settings)
    yield list(suite.compare(known))


def chosen(cases: Sequence[Case], only: str) -> list[Case]:
    """Return the cases that fit: by exact name, else by shell pattern, else by part of the name."""
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: not only or name == only,
        lambda name: fnmatchcase(name, only),
        lambda name: only in name,
    )
    for fits in tests:
        found = [case for case in cases if fits(case.name)]
        if found:
            return found
    names = ", ".join(case.name for case in cases)
    raise UsageError.because(
        "no case of the suite fits", value=only, action=f"choose from {names}", code="E2405"
    )


def with_methods(cases: Sequence[Case], methods: Sequence[str]) -> list[Case]:
    """Return the cases with no methods but those asked for; without any asked for, as they are."""
    if not methods:
        return list(cases)
    known = list(dict.fromkeys(method for case in cases for method in case.methods))
    missing = [method for method in methods if method not in known]
    if missing:
        raise UsageError.because(
            "no case has that method",
            value=", ".join(missing),
            action=f"choose from {', '.join(known)}",
            code="E2407",
        )
    kept = [tuple(one for one in case.methods if one in methods) for case in cases]
    pairs = zip(cases, kept, strict=True)
    return [replace(case, methods=mine) for case, mine in pairs if mine]


def measured(file: Path, case: Case, method: str, settings: Settings) -> list[Row]:
    """Run one method in a child process and return its rows, or one row that says how it failed."""
    with tempfile.TemporaryDirectory(prefix="allocator-bench-") as folder:
        task, result, log = (Path(folder) / name for name in ("task.json", "result.json", "log"))
        text = {
            "file": str(file),
            "case": asdict(case),
            "method": method,
            "settings": asdict(settings),
        }
        task.write_text(json.dumps(text), encoding="utf-8")
        command = [sys.executable, "-m", "allocator.bench.child", str(task), str(result)]
        with log.open("wb") as sink:
            code, peak = _watched(command, sink.fileno(), _hard_limit(settings))
        if code != 0 or not result.is_file():
            return [Row(case.name, method, peak_mb=peak or None, note=_failure(code, log))]
        rows = [Row(**row) for row in json.loads(result.read_text(encoding="utf-8"))]
    return [replace(row, peak_mb=max(row.peak_mb or 0.0, peak)) for row in rows]


def _hard_limit(settings: Settings) -> float:
    return (
        HARD_LIMIT_SECONDS if settings.time_limit is None else settings.time_limit + GRACE_SECONDS
    )


def _watched(command: list[str], sink: int, limit: float) -> tuple[int | None, float]:
    """Run to the end or the limit; return the exit code (None = ended by us) and the peak seen."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    until, peak = time.monotonic() + limit, 0.0
    try:
        while child.poll() is None and time.monotonic() < until:
            peak = max(peak, tree_mb(child.pid))
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(POLL_SECONDS)
        return child.poll(), peak
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, with everything it started."""
    if child.poll() is None:
        for pid in [*tree(child.pid)][:0:-1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        child.kill()
        child.wait()


def _failure(code: int | None, log: Path) -> str:
    if code is None:
        return "failed: stopped at the hard limit"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"failed with exit code {code}: {lines[-1] if lines else 'no message'}"
