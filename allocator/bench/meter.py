"""Seconds of phases and peak memory of processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KIB_PER_MIB = 1024


class Meter:
    """Wall seconds of the phases of one measurement; repeated phases add up."""

    def __init__(self) -> None:
        """Start with no phase."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the time inside as phase `name`, also when it fails."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - began)

    def add(self, name: str, seconds: float) -> None:
        """Count seconds measured elsewhere."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds


def own_peak_mb() -> float:
    """Return the most memory this process has held, in MiB.

    On Linux from /proc: `ru_maxrss` there starts at the peak of the process that started this one.
    """
    held = _proc_kib(os.getpid(), "VmHWM")
    return held / KIB_PER_MIB if held else _rusage_mb()


def _rusage_mb() -> float:
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / KIB_PER_MIB if sys.platform != "darwin" else peak / KIB_PER_MIB**2


def tree_mb(pid: int) -> float:
    """Return the memory now held by a process and its descendants, in MiB; 0 where unknown."""
    return sum(_proc_kib(one, "VmRSS") for one in tree(pid)) / KIB_PER_MIB


def tree(pid: int) -> Iterator[int]:
    """Give a process and its descendants, as far as the system shows them."""
    yield pid
    for child in _text(f"/proc/{pid}/task/{pid}/children").split():
        yield from tree(int(child))


def _proc_kib(pid: int, field: str) -> int:
    for line in _text(f"/proc/{pid}/status").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    return 0


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:  # another system, or the process has just ended
        return ""
