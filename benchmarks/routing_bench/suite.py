"""A suite of one published set: our router and its peers on every problem with three seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import Any

from routing_bench import ortools_alone, pyvrp_alone, vroom_alone
from routing_bench.building import Problem
from routing_bench.reading import best_known
from routing_bench.scoring import score

from allocator.bench import Case, Meter, Row, Settings, Suite, need_folder
from allocator.bench.suite import ALL

SEEDS = (0, 1, 2)
CORES = 2
OURS = "allocator"
WORSE_THAN_PYVRP = 0.0005  # points allowed between our mean gap and PyVRP's
NO_VROOM = "left out: pyvroom is not installed (pip install 'community-allocator[peers]')"


@dataclass(frozen=True)
class Set:
    """A set of published problems.

    Attributes:
        name: Name of the suite.
        purpose: One line.
        folder: Folder below `routing` with the table of best known values.
        files: Pattern of the problems in it.
        read: Reader of one.
        seconds: Time limit of every method.
        most: Largest mean gap allowed of our router.
        peers: Methods beside it.
        beside_pyvrp: Whether our mean gap is held to PyVRP's.
        notes: Conventions.
    """

    name: str
    purpose: str
    folder: str
    files: str
    read: Callable[[Path], Problem]
    seconds: float
    most: float
    peers: tuple[str, ...] = ("pyvrp", "ortools", "vroom")
    beside_pyvrp: bool = False
    notes: tuple[str, ...] = ()

    def suite(self) -> Suite:
        """Return the suite."""
        return Suite(
            name=self.name,
            purpose=self.purpose,
            cases=self.cases,
            run=self.run,
            summary=self.summary,
            notes=(*self.notes, *NOTES),
        )

    def cases(self, settings: Settings) -> Sequence[Case]:
        """Return a case a problem and seed; VROOM has no seed and runs once."""
        folder = need_folder(settings, "routing") / self.folder
        best, made = best_known(folder), []
        for path in sorted(folder.glob(self.files), key=lambda path: _natural(path.stem)):
            if path.stem not in best:
                continue
            for seed in SEEDS:
                peers = [one for one in self.peers if one != "vroom" or seed == 0]
                given = {"file": str(path.relative_to(folder)), "seed": seed}
                given["best"] = best[path.stem]
                made.append(Case(f"{path.stem}-s{seed}", (OURS, *peers), given))
        return made

    def run(self, case: Case, method: str, settings: Settings, meter: Meter) -> Sequence[Row]:
        """Run one method and value its routes from the data of the problem."""
        given = case.parameters
        limit = settings.time_limit or self.seconds
        with meter.phase("load"):
            file = need_folder(settings, "routing") / self.folder / given["file"]
            problem = replace(self.read(file), best=given["best"])
        left_out = lacking(problem, method)
        if left_out:
            return [Row(case.name, method, expected=problem.best, note=left_out)]
        with meter.phase("solve"):
            found, detail = METHODS[method](problem, limit, settings.seed + given["seed"])
        if not found:
            return [Row(case.name, method, expected=problem.best, note="no plan in time")]
        with meter.phase("check"):
            scored = score(problem, found)
        note = "failed: " + "; ".join(scored.faults[:3]) if scored.faults else ""
        gap = scored.value / given["best"] - 1.0
        facts = {"routes": len(found), **detail}
        return [
            Row(
                case.name,
                method,
                value=scored.value,
                gap=None if scored.faults else gap,
                expected=problem.best,
                detail=facts,
                note=note,
            )
        ]

    def summary(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the mean gap of each method over the rows there are; ours is held to the most.

        Runs without a plan, or with a wrong one, have no gap; they are counted. Ours is compared
        with PyVRP on the problems on which both have a plan.
        """
        gaps = {method: list(_gaps(rows, method)) for method in (OURS, *self.peers)}
        return [
            self._mean(name, gaps)
            for name, own in gaps.items()
            if any(gap is not None for _, gap in own)
        ]

    def _mean(self, name: str, gaps: Mapping[str, list[tuple[str, float | None]]]) -> Row:
        """Return the row of one method."""
        there = [gap for _, gap in gaps[name] if gap is not None]
        gap, missing = mean(there), len(gaps[name]) - len(there)
        detail: dict[str, Any] = {
            "figure": "mean gap",
            "percent": round(100 * gap, 3),
            "worst_percent": round(100 * max(there), 3),
            "problems": len({case.rpartition("-s")[0] for case, _ in gaps[name]}),
            "runs": len(gaps[name]),
            "without_plan": missing,
        }
        expected, within = None, None
        if name == OURS:
            expected, within = self.most, gap <= self.most and not missing
            if self.beside_pyvrp and (behind := _behind(gaps[OURS], gaps["pyvrp"])) is not None:
                detail["points_behind_pyvrp"] = round(100 * behind, 4)
                within = within and behind <= WORSE_THAN_PYVRP
        return Row(ALL, name, value=gap, gap=gap, expected=expected, within=within, detail=detail)


def _behind(
    ours: Sequence[tuple[str, float | None]], theirs: Sequence[tuple[str, float | None]]
) -> float | None:
    """Return how far our mean gap is above theirs, where both have a plan; None without any."""
    shared = {case for case, gap in ours if gap is not None}
    shared &= {case for case, gap in theirs if gap is not None}
    if not shared:
        return None
    one, other = (
        mean(gap for case, gap in gaps if gap is not None and case in shared)
        for gaps in (ours, theirs)
    )
    return one - other


def _gaps(rows: Sequence[Row], method: str) -> Iterator[tuple[str, float | None]]:
    for row in rows:
        if row.method == method and not row.note.startswith("left out"):
            yield row.case, row.gap


def _natural(name: str) -> tuple[str | int, ...]:
    """Return a key that sorts SD2 before SD10."""
    letters = "".join(one if one.isdigit() else " " for one in name).split()
    return (len(letters[0]) if name.startswith("SD") else 0, name)


def lacking(problem: Problem, method: str) -> str:
    """Return why a method is left out of a problem; blank when it is not."""
    if method == "vroom" and find_spec("vroom") is None:
        return NO_VROOM
    peers = {"vroom": vroom_alone, "ortools": ortools_alone, "pyvrp": pyvrp_alone}
    missing = peers[method].lacking(problem) if method in peers else ""
    return f"left out: it lacks {missing}" if missing else ""


def _ours(problem: Problem, seconds: float, seed: int) -> tuple[Any, dict[str, Any]]:
    from allocator.models.route.solve import solve

    answer = solve(problem.case, seconds, seed, workers=CORES)
    told = answer.history[-1][0] if answer.history else None
    detail = {"router": answer.router, "best_after": None if told is None else round(told, 1)}
    return answer.routes, detail


def _pyvrp(problem: Problem, seconds: float, seed: int) -> tuple[Any, dict[str, Any]]:
    return pyvrp_alone.solve(problem, seconds, seed, CORES), {}


def _ortools(problem: Problem, seconds: float, seed: int) -> tuple[Any, dict[str, Any]]:
    return ortools_alone.solve(problem, seconds), {}


def _vroom(problem: Problem, seconds: float, seed: int) -> tuple[Any, dict[str, Any]]:
    return vroom_alone.solve(problem, seconds, CORES), {}


METHODS = {OURS: _ours, "pyvrp": _pyvrp, "ortools": _ortools, "vroom": _vroom}
NOTES = (
    "Gap: distance of the value to the best known one (column expected), a share of the latter; "
    "every value is added up again from the data of the problem, and every rule looked at.",
    "allocator uses 2 cores; pyvrp is the better of two searches side by side, one a core, with "
    "seeds of their own; ortools (one core; parallel cheapest insertion, guided local search) has "
    "no seed to vary; vroom ends by itself (2 threads, exploration 5) and runs once a problem.",
)
