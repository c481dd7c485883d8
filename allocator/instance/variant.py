"""An instance with a scenario or some policy keys changed, and the way back to it from a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allocator.errors import UsageError
from allocator.instance.instance import Instance
from allocator.instance.load import load


def variant(
    instance: Instance, scenario: str = "", settings: Mapping[str, Any] | None = None
) -> Instance:
    """Return the instance with a scenario applied and policy keys changed.

    Args:
        instance: Any instance; it stays as it is.
        scenario: Id of a scenario of the instance; blank = none.
        settings: Policy keys and their values, as policy.toml would say them.

    Raises:
        InstanceError: The scenario is unknown, or what is changed is not valid.
    """
    changed = instance.scenario(scenario) if scenario else instance
    return changed.replace(policy=settings) if settings else changed


def recorded(run: Mapping[str, Any]) -> Instance:
    """Load the instance a run.json speaks of: its path, scenario and changed settings.

    Raises:
        UsageError: E2131, when no path is recorded.
        InstanceError: It is gone or not valid any more.
    """
    if not run.get("instance_path"):
        raise UsageError.because(
            "The instance of this plan is not known", action="Name it", code="E2131"
        )
    source = load(str(run["instance_path"]))
    return variant(source, str(run.get("scenario", "")), run.get("settings"))
