"""Everything that can go wrong, as one tree of exceptions.

An exception carries faults. A fault says what is wrong, where, by which rule and what to do
about it, so that the command line, the JSON envelope and a Python caller all show the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar, Literal, Self

Severity = Literal["error", "warning"]

_FAULTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, with its place, its cause and the way out.

    Attributes:
        code: A stable code such as ``"E1203"``.
        severity: ``"error"`` stops the command, ``"warning"`` does not.
        where: The place, such as ``"needs.csv:17:quantity"``; empty when there is none.
        value: The offending value as it was written; empty when there is none.
        rule: What is wrong, or the rule that was broken, as a sentence without a full stop.
        action: What the user can do about it.
        suggestion: A likely intended value, for near-misses.
    """

    code: str
    severity: Severity
    where: str
    value: str
    rule: str
    action: str
    suggestion: str = ""

    def __str__(self) -> str:
        """Say the fault in one line, and what to do in a second one."""
        place = f" {self.where}:" if self.where else ""
        found = f" (found {self.value!r})" if self.value else ""
        hint = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        headline = f"{self.code}{place} {self.rule}{found}{hint}"
        return f"{headline}\n    -> {self.action}" if self.action else headline

    def as_dict(self) -> dict[str, str]:
        """Return the fields as plain text, for JSON."""
        return asdict(self)


class AllocatorError(Exception):
    """The root of all errors this library raises on purpose.

    Attributes:
        faults: Everything found to be wrong, all at once.
        exit_code: The exit code of the command line for this class of error.
    """

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "E9000"

    def __init__(self, *faults: Fault) -> None:
        """Carry the faults given."""
        super().__init__(*faults)
        self.faults: tuple[Fault, ...] = faults

    @classmethod
    def because(
        cls,
        rule: str,
        *,
        where: str = "",
        value: object = "",
        action: str = "",
        suggestion: str = "",
        code: str = "",
    ) -> Self:
        """Make the error from a single fault, ready to raise."""
        code = code or cls.default_code
        return cls(Fault(code, "error", where, str(value), rule, action, suggestion))

    @property
    def code(self) -> str:
        """The code of the first fault, or the code of the class when there is none."""
        return self.faults[0].code if self.faults else self.default_code

    def __str__(self) -> str:
        """List the faults, at most twenty of them."""
        lines = [str(fault) for fault in self.faults[:_FAULTS_SHOWN]]
        hidden = len(self.faults) - len(lines)
        if hidden:
            lines.append(f"and {hidden} more")
        return "\n".join(lines) or self.default_code


class InternalError(AllocatorError):
    """A defect of this software."""

    exit_code = 1
    default_code = "E9001"


class UsageError(AllocatorError):
    """A command, a call or a setting that makes no sense."""

    exit_code = 2
    default_code = "E2000"


class InstanceError(AllocatorError):
    """The instance is not valid."""

    exit_code = 3
    default_code = "E1000"


class ImpossibleError(AllocatorError):
    """No plan can obey the hard rules, and that is proven."""

    exit_code = 4
    default_code = "E4000"


class NoPlanError(AllocatorError):
    """The search stopped before any plan was found."""

    exit_code = 5
    default_code = "E5000"


class PlanMissingError(AllocatorError):
    """Values were asked of a result that holds no plan."""

    exit_code = 5
    default_code = "E5001"


class ViolationError(AllocatorError):
    """The judge found that a plan breaks the rules of its instance."""

    exit_code = 6
    default_code = "E6000"


class InterruptedRun(AllocatorError):
    """The user stopped the run; the best plan so far is kept."""

    exit_code = 130
    default_code = "E8000"
