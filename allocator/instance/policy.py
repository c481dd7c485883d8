"""The planner's choices: what policy.toml says, typed and with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import replace as dataclass_replace
from types import MappingProxyType
from typing import Any

DEFAULT_GOALS = ("floors", "critical", "fairness", "remaining", "item_days", "change", "cost")
DEFAULT_RESERVE_GOALS = ("critical", "remaining", "cost")
DEFAULT_STAFF_GOALS = (
    "critical_uncovered",
    "uncovered",
    "qualified",
    "workload",
    "requests",
    "cost",
    "change",
)
DEFAULT_ADMIT_GOALS = (
    "critical_waiting",
    "severe_waiting",
    "waiting",
    "worst_district",
    "transfers",
    "travel",
    "surge_cost",
)
DEFAULT_ROUTE_GOALS = ("unserved", "cost")


@dataclass(frozen=True)
class Policy:
    """Settings of one instance; the names, defaults and bounds are those of policy.csv."""

    crs: str = "WGS-84"
    exercise: bool = False
    lanes: str = "auto"
    lanes_minutes: float = 120.0
    lanes_k: int = 3
    transfers: bool = True
    returns: bool = True
    detour: float = 1.324
    speed_kmh: float = 30.0
    zone_factor: float = 1.0
    fleet: str = "limited"
    trips: str = "continuous"
    reliability: str = "discount"
    use_unvetted: bool = False
    budget: float | None = None
    goals: tuple[str, ...] = DEFAULT_GOALS
    fairness: str = "max-min"
    fairness_window: int = 3
    leximin_rounds: int = 10
    slack_relative: float = 1e-6
    slack_absolute: float = 1e-6
    give_up: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    max_changes: int | None = None
    reserve_goals: tuple[str, ...] = DEFAULT_RESERVE_GOALS
    risk: str = "expected"
    risk_weight: float = 1.0
    risk_level: float = 0.9
    reserve_budget: float | None = None
    shortage_budget: float | None = None
    open_sites: int | None = None
    open_rule: str = "at_most"
    close_existing: bool = False
    total_stock: str = "free"
    single_sourcing: bool = False
    time_standard: float | None = None
    coverage_minutes: float | None = None
    coverage_item: str = ""
    coverage_share: float = 1.0
    coverage_each: bool = False
    reserve_days: float = 0.0
    reserve_floor: float = 0.0
    reserve_floor_probability: float = 1.0
    staff_goals: tuple[str, ...] = DEFAULT_STAFF_GOALS
    workload: str = "spread"
    closed_loop_days: int = 14
    suit_minutes_day: float | None = None
    suit_minutes_week: float | None = None
    home_minutes: float | None = None
    gate_staff: str = "chain"
    admit_goals: tuple[str, ...] = DEFAULT_ADMIT_GOALS
    admit_regime: str = "pooled"
    information_delay: int = 0
    admit_minutes: float | None = None
    surge_budget: float | None = None
    route_goals: tuple[str, ...] = DEFAULT_ROUTE_GOALS
    clean_order: bool = True
    decontamination_controlled: float = 10.0
    decontamination_sealed: float = 20.0
    decontamination_on_way: bool = False
    split: str = "needed"
    origin: str = "kept"
    reload_anywhere: bool = False
    gate_minutes: float = 120.0
    gate_docks: int | None = None
    contacts_open: float = 1.0
    contacts_controlled: float = 2.0
    contacts_sealed: float = 4.0
    prize_ratio: float = 10.0
    router: str = "auto"

    def replace(self, **changes: Any) -> Policy:
        """Return a copy with some settings changed."""
        return dataclass_replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only mapping cannot be sent to another process as it is.
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return _restored, (values | {"give_up": dict(self.give_up)},)


def _restored(values: dict[str, Any]) -> Policy:
    return Policy(**values | {"give_up": MappingProxyType(values["give_up"])})
