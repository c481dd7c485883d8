"""One run of a decision from the command line: read, plan under a lock, write, tell."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.cli.envelope import Reply
from allocator.cli.fail_on import missed, thresholds
from allocator.cli.plan_reply import plan_reply
from allocator.cli.progress import ProgressLines
from allocator.cli.settings import run_settings
from allocator.errors import InstanceError, NoPlanError, UsageError

if TYPE_CHECKING:
    from allocator.instance import Instance
    from allocator.limits import Limits
    from allocator.plan import Plan

SHORTEST = 0.05  # seconds left to a run whose instance took all its time to read


@dataclass(frozen=True)
class Request:
    """One run as asked for on the command line."""

    instance: Path
    out: Path | None = None
    flags: Mapping[str, object] = field(default_factory=dict)
    scenario: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)
    fail_on: tuple[str, ...] = ()
    quiet: bool = False


def answered(
    request: Request,
    ending: str,
    goals: Callable[[Instance], Sequence[str]],
    make: Callable[[Instance, dict[str, Any]], Plan],
) -> Reply:
    """Run a decision, write its plan and tell of it.

    Args:
        request: What was asked for.
        ending: What the name of the folder has behind the name of the instance.
        goals: The goals a threshold may name.
        make: Returns the plan of an instance; gets its limits and progress by name.
    """
    began = time.monotonic()
    chosen = run_settings(request.flags)
    with ProgressLines(request.quiet) as progress:
        from allocator.plan.folder import held, refuse_other_content

        target = request.out or default_out(request, ending)
        refuse_other_content(target)
        case = case_of(request)
        wanted = thresholds(request.fail_on, goals(case))
        progress.tell(f"{request.instance} is read; the plan goes to {target}")
        with held(target), stopped_like_ctrl_c():
            spent = time.monotonic() - began
            plan = make(case, {"limits": limits_of(chosen, spent), "progress": progress})
            require(plan)
            plan = plan.replace(run=record(plan, request, chosen, spent))
            plan.save(target)
    return plan_reply(plan.replace(path=target), case, missed(plan, wanted))


@contextmanager
def stopped_like_ctrl_c() -> Iterator[None]:
    """Treat the signal with which schedulers stop a job as Ctrl-C: the best plan is kept."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def default_out(request: Request, ending: str = "") -> Path:
    """Return plans/NAME, NAME being that of the instance, then the scenario, then the ending."""
    resolved = request.instance.resolve()
    name = resolved.name if resolved.is_dir() else resolved.stem
    if name == "datapackage":
        name = resolved.parent.name
    return Path("plans") / "-".join(part for part in (name, request.scenario, ending) if part)


def case_of(request: Request) -> Instance:
    """Return the instance with the scenario and the policy keys asked for."""
    from allocator.instance import load
    from allocator.instance.variant import variant

    case = load(request.instance)
    try:
        return variant(case, request.scenario, request.policy)
    except InstanceError as error:
        # What the flags ask for is wrong, not the instance.
        raise UsageError(*error.faults) from error


def limits_of(chosen: Mapping[str, Any], spent: float) -> Limits:
    """Return the limits of a run of which some seconds are spent already."""
    from allocator.limits import Limits

    asked = chosen.get("time_limit")
    return Limits(
        seconds=None if asked is None else max(SHORTEST, asked - spent),
        work=chosen.get("work_limit"),
        gap=chosen.get("gap", Limits().gap),
        seed=chosen.get("seed", 0),
        workers=chosen.get("workers"),
    )


def record(plan: Plan, request: Request, chosen: Mapping[str, Any], spent: float) -> dict[str, Any]:
    """Return run.json with what the command line adds."""
    return {
        **plan.run,
        "instance_path": str(request.instance.absolute()),
        "scenario": request.scenario,
        "settings": dict(request.policy),
        "limits": {**plan.run.get("limits", {}), "seconds": chosen.get("time_limit")},
        "seconds": {**plan.run.get("seconds", {}), "load": round(spent, 3)},
    }


def require(plan: Plan) -> None:
    """Refuse to replace an earlier plan by nothing."""
    if plan.status.plan == "none":
        raise NoPlanError.because(
            "the run ended without a plan",
            value=plan.status.termination,
            action="give it more time; see also: allocator doctor",
            code="E5003",
        )
