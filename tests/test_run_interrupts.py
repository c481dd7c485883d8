"""Ctrl-C at any moment of any run: what was found before it is kept."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from allocator import run
from allocator.cli.envelope import reporting
from allocator.instance import load
from allocator.limits import Limits
from allocator.plan import Plan, folder, load_plan
from allocator.plan.interrupts import held_back
from allocator.runs.admit import Admit
from allocator.runs.dispatch import Dispatch
from allocator.runs.preposition import Preposition
from allocator.runs.route import Routing
from allocator.runs.staff import Staff
from tests import admit_cases, reserve_cases, route_instances, staff_cases

TINY = Path(__file__).resolve().parents[1] / "instances" / "tiny"
FEW = Limits(work=50)
RUNS: dict[str, tuple[type[Any], Callable[[], Plan]]] = {
    "dispatch": (Dispatch, lambda: run.dispatch(load(TINY))),
    "staff": (Staff, lambda: run.staff(staff_cases.random_case(3))),
    "admit": (Admit, lambda: run.admit(admit_cases.hand_case())),
    "route": (Routing, lambda: run.route(route_instances.town(), limits=FEW)),
    "preposition": (Preposition, lambda: run.preposition(reserve_cases.reserve_instance())),
}


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Hear Ctrl-C as in a shell: in the background it may be ignored, or end the process."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


def press(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("decision", "step"),
    [
        *((decision, "_explained") for decision in RUNS),
        ("dispatch", "_choose"),
        ("admit", "_choose"),
    ],
)
def test_ctrl_c_after_the_search_keeps_what_was_found(
    decision: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, start = RUNS[decision]
    usual = getattr(kind, step)

    def disturbed(self: Any, *given: Any) -> Any:
        press()
        return usual(self, *given)

    monkeypatch.setattr(kind, step, disturbed)
    plan = start()
    assert (plan.status.termination, plan.status.plan) == ("interrupted", "valid")
    assert plan.run["reproducible"] is False


def test_ctrl_c_while_a_plan_is_written_comes_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = folder._replace

    def disturbed(path: Path, write: Callable[[Path], None]) -> None:
        press()
        usual(path, write)

    monkeypatch.setattr(folder, "_replace", disturbed)
    with pytest.raises(KeyboardInterrupt):
        reserve_cases.reserve_plan().save(tmp_path / "plan")
    assert load_plan(tmp_path / "plan").decision == "preposition"


def test_a_second_ctrl_c_is_not_held_back_and_the_usual_handler_returns() -> None:
    before = signal.getsignal(signal.SIGINT)
    came: list[int] = []

    def twice() -> None:
        with held_back() as noted:
            press()
            came.extend(noted)
            press()

    with pytest.raises(KeyboardInterrupt):
        twice()
    assert came == [signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_import_cut_short_by_ctrl_c_is_an_interruption(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def load_module() -> None:
        try:
            press()
        except KeyboardInterrupt:
            raise ImportError("initialization failed") from None  # as compiled modules do

    with pytest.raises(click.exceptions.Exit) as left, reporting("allocator"), reporting("staff"):
        load_module()
    assert left.value.exit_code == 130
    assert "E8001" in capsys.readouterr().err
