"""Explaining who waits, as it runs in the child process."""

from __future__ import annotations

import time
from collections.abc import Callable

from allocator.explain.admit_groups import Group, groups_of
from allocator.explain.admit_study import Study
from allocator.instance import Instance
from allocator.instance.admit_case import admit_case
from allocator.plan import Plan


def work(
    emit: Callable[..., None],
    instance: Instance,
    plan: Plan,
    seconds: float,
    most: int | None,
    only: str,
) -> None:
    """Emit the reasons found so far after every group; those not reached are told so."""
    study = Study(admit_case(instance), plan, time.monotonic() + seconds)
    groups: list[Group] = groups_of(plan, study.case, only)[:most]
    found = [study.not_settled(group) for group in groups]
    emit(list(found), stage="explained")
    for number, group in enumerate(groups):
        if study.spent():
            break
        found[number] = study.reason(group)
        emit(list(found), stage="explained")
