"""What a result was measured with: versions, cores, memory, seed."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from allocator.bench.suite import Settings

PACKAGES = (
    "community-allocator",
    "numpy",
    "scipy",
    "pandas",
    "highspy",
    "pulp",
    "ortools",
    "pyvrp",
    "pyvroom",
)


def environment(settings: Settings) -> dict[str, Any]:
    """Return everything a reader needs to judge or repeat the figures."""
    return {
        "seed": settings.seed,
        "time_limit": settings.time_limit,
        "cores": cores(),
        "memory_mb": memory_mb(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "busy": load_average(),
    }


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_mb() -> int | None:
    """Return the memory of the machine in MiB; None where unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, ValueError, OSError):
        return None


def load_average() -> float | None:
    """Return how many processes wanted a core in the last minute; None where unknown."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
