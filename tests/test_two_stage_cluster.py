"""Scenarios on a Dask cluster of two processes, one of which is lost midway."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from allocator.engine.benders import solve_benders
from allocator.engine.executors import open_workers
from allocator.engine.ordered import Budget
from allocator.engine.two_stage import TwoStageAnswer
from allocator.errors import UsageError
from tests.two_stage_cases import stocks

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
BUDGET = Budget(gap=1e-6)

pytestmark = [
    pytest.mark.slow,
    # A worker that is killed leaves sockets behind.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@pytest.fixture
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


def address(cluster: Any) -> str:
    return str(cluster.scheduler_address).replace("tcp://", "dask://")


def test_a_cluster_finds_what_threads_find(cluster: Any) -> None:
    two_stage = stocks(31, scenarios=24, lots=1.5)
    threads = solve_benders(two_stage, BUDGET, threads=2)
    found = solve_benders(two_stage, BUDGET, workers=address(cluster))
    assert found.value == pytest.approx(threads.value, rel=1e-6)
    assert found.bound == pytest.approx(threads.bound, rel=1e-6)


def test_a_worker_lost_midway_changes_nothing(cluster: Any) -> None:
    two_stage = stocks(31, scenarios=24, lots=1.5)
    threads = solve_benders(two_stage, BUDGET, threads=2)
    victim = next(iter(cluster.workers.values())).pid
    killed: list[int] = []

    def kill_once(answer: TwoStageAnswer) -> None:
        if not killed and answer.rounds >= 3:
            os.kill(victim, signal.SIGKILL)
            killed.append(answer.rounds)

    found = solve_benders(two_stage, BUDGET, workers=address(cluster), report=kill_once)
    assert killed
    assert found.rounds > killed[0]
    assert found.termination == "completed"
    assert found.value == pytest.approx(threads.value, rel=1e-6)
    assert found.bound == pytest.approx(threads.bound, rel=1e-6)


def test_work_limited_runs_agree_to_the_byte(cluster: Any) -> None:
    two_stage = stocks(31, scenarios=24, lots=1.5)
    budget = Budget(work=600, gap=1e-6)
    threads = solve_benders(two_stage, budget, threads=2)
    found = solve_benders(two_stage, budget, workers=address(cluster))
    assert (found.value, found.bound, found.rounds) == (
        threads.value,
        threads.bound,
        threads.rounds,
    )


@pytest.mark.parametrize(
    ("given", "code"), [("carrier://pigeon", "E2501"), ("dask://127.0.0.1:9", "E2503")]
)
def test_wrong_addresses_say_what_to_do(given: str, code: str) -> None:
    with pytest.raises(UsageError) as caught, open_workers(given):
        pass
    (fault,) = caught.value.faults
    assert fault.code == code
    assert fault.action
