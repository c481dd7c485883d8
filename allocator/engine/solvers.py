"""The solvers of this machine: names as `--solver` takes them, versions, availability."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from allocator.errors import UsageError

# The Python package behind a solver of PuLP, where there is one to ask for its version.
_PACKAGES = {
    "HiGHS": "highspy",
    "CPLEX_PY": "cplex",
    "COPT": "coptpy",
    "CUOPT": "cuopt",
    "GUROBI": "gurobipy",
    "MOSEK": "mosek",
    "SCIP_PY": "pyscipopt",
    "XPRESS_PY": "xpress",
}
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class SolverInfo:
    """One solver: `name` is what `--solver` takes, empty when the tool chooses it by itself."""

    name: str
    solver: str
    version: str
    available: bool
    used_for: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return asdict(self)


@cache
def solvers() -> tuple[SolverInfo, ...]:
    """Return every solver known, the ones that can be used first."""
    found = [*_built_in(), *_of_pulp()]
    return tuple(sorted(found, key=lambda solver: not solver.available))


def refuse_unknown(solver: str) -> None:
    """Refuse a solver that is not on this machine.

    Raises:
        UsageError: E2203.
    """
    if solver == "highs":
        return
    names = [one.name for one in solvers() if one.name and one.available]
    if solver not in names:
        raise UsageError.because(
            "there is no such solver on this machine",
            where="--solver",
            value=solver,
            action=f"choose from {', '.join(names)}",
            suggestion=next(iter(get_close_matches(solver, names, n=1)), ""),
            code="E2203",
        )


def _built_in() -> Iterator[SolverInfo]:
    yield _package("highs", "HiGHS", "highspy", "dispatch, own models")
    yield _package("", "OR-Tools CP-SAT", "ortools", "whole-number decisions with much logic")


def _package(name: str, solver: str, package: str, used_for: str) -> SolverInfo:
    number = _version(package)
    return SolverInfo(name, solver, number, bool(number), used_for)


def _version(package: str) -> str:
    if not package or importlib.util.find_spec(package) is None:
        return ""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _of_pulp() -> Iterator[SolverInfo]:
    import pulp

    with warnings.catch_warnings():
        # Asking a solver whether it is there may warn of its own future.
        warnings.simplefilter("ignore")
        there = set(pulp.listSolvers(onlyAvailable=True))
        for name in dict.fromkeys(pulp.listSolvers()):
            number = _pulp_version(name) if name in there else ""
            yield SolverInfo(f"pulp:{name}", f"{name} by PuLP", number, name in there, "own models")


def _pulp_version(name: str) -> str:
    if name in ("PULP_CBC_CMD", "COIN_CMD"):
        return _cbc_version(name)
    return _version(_PACKAGES.get(name, "")) or "unknown"


def _cbc_version(name: str) -> str:
    import pulp

    command = [str(pulp.getSolver(name, msg=False).path), "-quit"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = re.search(r"Version:\s*(\S+)", answer.stdout)
    return found.group(1) if found else "unknown"
