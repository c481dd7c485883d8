"""The roster before dispatch: what it gives the gates is what dispatch and routes may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from allocator.instance import Instance
from allocator.instance.gate_staff import staffed_instance
from allocator.limits import Limits
from allocator.plan import Plan
from allocator.runs.staff import Staff

Progress = Callable[[Mapping[str, Any]], None]


def staffed(instance: Instance, limits: Limits, progress: Progress) -> tuple[Instance, Plan | None]:
    """Return the instance with the minutes of gates its roster gives, and the roster.

    An instance without workers or posts stays as it is.
    """
    if not len(instance["workers"]) or not len(instance["posts"]):
        return instance, None
    plan = Staff(instance, limits, progress).run()
    if plan.status.plan != "valid":
        return instance, plan
    return staffed_instance(instance, plan["gates"]), plan
