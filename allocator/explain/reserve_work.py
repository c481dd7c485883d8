"""Solving other choices than those of a plan of reserves, as it runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable

from allocator.explain.reserve_choices import Choices
from allocator.explain.reserve_reason import ReserveReason
from allocator.instance import Instance
from allocator.instance.futures import reserve_case
from allocator.plan import Plan

SITES_SHARE = 0.7  # of the time; the rest is for scenarios


def work(
    emit: Callable[..., None],
    instance: Instance,
    plan: Plan,
    seconds: float,
    sites: int | None,
    only: str,
) -> None:
    """Emit the reasons found so far after every solve."""
    began, case = time.monotonic(), reserve_case(instance)
    found: list[ReserveReason] = []
    share = 1.0 if only else SITES_SHARE
    for reason in Choices(case, plan, began + share * seconds).sites(sites, only):
        found.append(reason)
        emit(list(found), stage="explained")
    if only:
        return
    for reason in Choices(case, plan, began + seconds).scenarios():
        found.append(reason)
        emit(list(found), stage="explained")
