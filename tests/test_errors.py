"""Faults and the exceptions that carry them."""

from __future__ import annotations

import json
import pickle

import pytest

from allocator import errors
from allocator.errors import AllocatorError, Fault, InstanceError, UsageError
from allocator.limits import Limits

FAULT = Fault(
    code="E1203",
    severity="error",
    where="needs.csv:17:quantity",
    value="-3",
    rule="a quantity is never negative",
    action="correct the cell",
    suggestion="3",
)


def test_a_fault_reads_as_place_cause_and_action() -> None:
    assert str(FAULT).splitlines() == [
        "E1203 needs.csv:17:quantity: a quantity is never negative (found '-3'); did you mean '3'?",
        "    -> correct the cell",
    ]


def test_a_fault_goes_to_json_and_back() -> None:
    assert Fault(**json.loads(json.dumps(FAULT.as_dict()))) == FAULT


def test_an_error_lists_twenty_faults_and_counts_the_rest() -> None:
    text = str(InstanceError(*[FAULT] * 23))
    assert text.count("E1203") == 20
    assert text.endswith("and 3 more")


def test_an_error_survives_the_way_between_processes() -> None:
    copy = pickle.loads(pickle.dumps(InstanceError(FAULT)))
    assert type(copy) is InstanceError
    assert copy.faults == (FAULT,)


@pytest.mark.parametrize(
    ("name", "exit_code"),
    [
        ("InternalError", 1),
        ("UsageError", 2),
        ("InstanceError", 3),
        ("ImpossibleError", 4),
        ("NoPlanError", 5),
        ("PlanMissingError", 5),
        ("ViolationError", 6),
        ("InterruptedRun", 130),
    ],
)
def test_every_error_has_its_exit_code(name: str, exit_code: int) -> None:
    kind = getattr(errors, name)
    error = kind.because("something is wrong")
    assert isinstance(error, AllocatorError)
    assert (error.exit_code, error.code) == (exit_code, kind.default_code)


def test_limits_refuse_all_that_is_wrong_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        Limits(seconds=float("nan"), work=0, gap=1, seed=-1, workers=True)
    places = [fault.where for fault in caught.value.faults]
    assert places == [f"limits.{name}" for name in ("seconds", "work", "gap", "seed", "workers")]


def test_limits_accept_what_makes_sense() -> None:
    assert Limits(seconds=0.5, work=10, gap=0, seed=3, workers=2).gap == 0
    assert Limits() == Limits(seconds=None, work=None, gap=1e-4, seed=0, workers=None)
