"""Decide how emergency resources reach communities.

    import allocator

    instance = allocator.load("my-city")
    plan = allocator.dispatch(instance, limits=allocator.Limits(seconds=60))
    plan.save("plans/monday")

Names are loaded when they are first used, so that ``import allocator`` stays light.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from allocator._version import __version__

if TYPE_CHECKING:
    from allocator.errors import (
        AllocatorError,
        Fault,
        ImpossibleError,
        InstanceError,
        InternalError,
        InterruptedRun,
        NoPlanError,
        PlanMissingError,
        UsageError,
        ViolationError,
    )
    from allocator.instance import Instance, load, save
    from allocator.limits import Limits
    from allocator.plan import Plan, Status
    from allocator.run import (
        admit,
        assess,
        check,
        dispatch,
        evaluate,
        explain,
        preposition,
        route,
        staff,
    )

__all__ = [
    "AllocatorError",
    "Fault",
    "ImpossibleError",
    "Instance",
    "InstanceError",
    "InternalError",
    "InterruptedRun",
    "Limits",
    "NoPlanError",
    "Plan",
    "PlanMissingError",
    "Status",
    "UsageError",
    "ViolationError",
    "__version__",
    "admit",
    "assess",
    "check",
    "dispatch",
    "evaluate",
    "explain",
    "load",
    "preposition",
    "route",
    "save",
    "staff",
]

_HOMES = {
    "Instance": "allocator.instance",
    "Limits": "allocator.limits",
    "Plan": "allocator.plan",
    "Status": "allocator.plan",
    "admit": "allocator.run",
    "assess": "allocator.run",
    "check": "allocator.run",
    "dispatch": "allocator.run",
    "evaluate": "allocator.run",
    "explain": "allocator.run",
    "load": "allocator.instance",
    "preposition": "allocator.run",
    "route": "allocator.run",
    "save": "allocator.instance",
    "staff": "allocator.run",
}


class _Package(ModuleType):
    """Keep public functions reachable when a subpackage has the same name.

    Importing ``allocator.check`` makes Python bind that module as ``check`` on this package,
    which would hide the function ``allocator.check``.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES.get(name, "allocator.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
