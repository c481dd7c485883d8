"""The plan: its tables, its status, its goals and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from dataclasses import replace as dataclass_replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from allocator.errors import PlanMissingError
from allocator.plan.goal import GoalResult
from allocator.plan.status import Status
from allocator.plan.tables import main_table, plan_table, plan_tables


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Plan:
    """A plan, or the record that a run ended without one.

    `tables` holds the tables that were stated (see tables.csv); a planner's own plan may state
    only `shipments`, or only `reserves` for the decision preposition. `instance` has the `name`
    and `hash` of the instance it was made for. `run` goes to run.json, the only file with times
    and paths.
    """

    decision: str
    tables: Mapping[str, pd.DataFrame]
    status: Status
    goals: tuple[GoalResult, ...] = ()
    summary: Mapping[str, Any] = field(default_factory=_nothing)
    run: Mapping[str, Any] = field(default_factory=_nothing)
    path: Path | None = None
    instance: Mapping[str, str] = field(default_factory=_nothing)

    def __repr__(self) -> str:
        goals = ", ".join(
            f"{goal.name} {goal.value:.6g}" for goal in self.goals if goal.value is not None
        )
        ended = f"{self.status.termination}, {self.status.plan}, {self.status.proof}"
        name = self.instance.get("name", "")
        made_for = f" for {name}" if name else ""
        return f"<Plan to {self.decision}{made_for}: {ended}{'; ' if goals else ''}{goals}>"

    def states(self, table: str) -> bool:
        """Return whether the plan holds `table` at all, even with no rows."""
        return table in self.tables

    @property
    def there(self) -> bool:
        """Return whether there is a plan, and not only the record of a run without one."""
        return self.status.plan != "none" and self.states(main_table(self.decision))

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return a table; one that is not stated is empty, with its columns.

        Raises:
            KeyError: when plans have no such table.
            PlanMissingError: when the run ended without a plan.
        """
        if not self.there:
            raise _missing(self.status)
        found = self.tables.get(table)
        if found is None and table not in plan_tables():
            close = get_close_matches(table, plan_tables(), n=1)
            raise KeyError(f"{table}{f'; did you mean {close[0]}?' if close else ''}")
        return plan_table(table) if found is None else found

    @property
    def shipments(self) -> pd.DataFrame:
        """What leaves where, when, for where."""
        return self["shipments"]

    @property
    def trips(self) -> pd.DataFrame:
        """Round trips of vehicles."""
        return self["trips"]

    @property
    def purchases(self) -> pd.DataFrame:
        """What is bought."""
        return self["purchases"]

    @property
    def shortages(self) -> pd.DataFrame:
        """Needs that are not fully served; every other need is."""
        return self["shortages"]

    @property
    def sites(self) -> pd.DataFrame:
        """Sites that are open, each with its size (preposition)."""
        return self["sites"]

    @property
    def reserves(self) -> pd.DataFrame:
        """What is held in reserve, and where (preposition)."""
        return self["reserves"]

    @property
    def outcomes(self) -> pd.DataFrame:
        """What every scenario comes to (preposition)."""
        return self["outcomes"]

    @property
    def reasons(self) -> pd.DataFrame:
        """Why there are shortages."""
        return self["reasons"]

    def explain(self, community_id: str = "") -> pd.DataFrame:
        """Return the reasons written for one community, or for all."""
        reasons = self.reasons
        chosen = reasons[reasons["community_id"] == community_id] if community_id else reasons
        return chosen.reset_index(drop=True)

    def goal(self, name: str) -> GoalResult:
        """Return one goal by its name; KeyError when the plan has no such goal."""
        found = {goal.name: goal for goal in self.goals}
        return found[name]

    def replace(self, **changes: Any) -> Plan:
        """Return a copy with some parts changed."""
        return dataclass_replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only mappings cannot be sent to another process as they are.
        return _restored, ({one.name: _plain(getattr(self, one.name)) for one in fields(self)},)

    def save(self, path: str | Path) -> Path:
        """Write the plan as a folder; see `save_plan`."""
        from allocator.plan.save import save_plan

        return save_plan(self, path)


def _plain(value: Any) -> Any:
    """Return mappings within mappings as dictionaries."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return value


def _restored(parts: dict[str, Any]) -> Plan:
    return Plan(**parts)


def _missing(status: Status) -> PlanMissingError:
    return PlanMissingError.because(
        "The run ended without a plan, so there are no values to read",
        value=status.termination,
        action="Look at status first; run again with a longer limit",
        code="E5001",
    )
