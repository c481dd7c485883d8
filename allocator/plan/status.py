"""What became of a run: how it ended, whether there is a plan, what is proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Termination = Literal["completed", "time_limit", "work_limit", "interrupted", "error"]
PlanState = Literal["none", "valid", "invalid"]
Proof = Literal["optimal", "gap", "none", "infeasible"]


@dataclass(frozen=True)
class Status:
    """How a run ended.

    `plan` is set by the judge: "invalid" covers a plan nobody has judged yet.

    Raises:
        ValueError: for a word that is not one of the three lists above.
    """

    termination: Termination
    plan: PlanState = "none"
    proof: Proof = "none"

    def __post_init__(self) -> None:
        _one_of(self.termination, get_args(Termination), "termination")
        _one_of(self.plan, get_args(PlanState), "plan")
        _one_of(self.proof, get_args(Proof), "proof")


def _one_of(value: str, allowed: tuple[str, ...], name: str) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; it is one of {', '.join(allowed)}")
