"""The frozen instance: typed tables, the policy and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from allocator.errors import InstanceError
from allocator.instance.assemble import assemble, reassemble, unknown_table
from allocator.instance.bulk import bulk_changes
from allocator.instance.bundle import Bundle
from allocator.instance.coerce import empty_table, typed_table
from allocator.instance.faultlog import FaultLog
from allocator.instance.frames import frame_sources
from allocator.instance.overlays import overlaid
from allocator.instance.policy import Policy
from allocator.instance.policy_read import policy_values, read_policy
from allocator.instance.rules_reserves import check_reserve_policy
from allocator.instance.rules_staff import check_staff_policy
from allocator.instance.schema import tables
from allocator.instance.settle import fill_people
from allocator.instance.text import CONTROL_OR_BREAK


@dataclass(frozen=True, eq=False)
class Instance:
    """One planning case.

    `tables` holds every table of fields.csv (empty when not given): strings are `str` with ""
    for blank, numbers float64, booleans bool, integers int64 (float64 with NaN where they are
    optional without a default). Row i of a table is line i + 2 of its CSV file, row i + 2 of its
    sheet and record i of its JSON list. Points are WGS-84.

    `notes` says what loading did: `imputed` counts the blanks filled in by field, `crs` tells of
    converted points, `warnings` are the faults that did not stop it.
    """

    tables: Mapping[str, pd.DataFrame]
    policy: Policy = field(default_factory=Policy)
    name: str = "instance"
    notes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(rows)} {name}" for name, rows in self.tables.items() if len(rows))
        return f"<Instance {self.name}: {sizes}>"

    @classmethod
    def from_frames(
        cls,
        *,
        policy: Policy | Mapping[str, Any] | None = None,
        name: str = "instance",
        validate: bool = True,
        **frames: pd.DataFrame,
    ) -> Instance:
        """Build an instance from DataFrames named like the tables of fields.csv.

        Args:
            policy: The policy, or its keys as in policy.toml.
            name: Name of the instance.
            validate: Check everything as `load` does. Without, the frames must be valid.
            frames: The tables.

        Raises:
            InstanceError: With every fault found; places read ``needs[17].quantity``.
        """
        _refuse_unknown(frames)
        given = policy_values(policy) if isinstance(policy, Policy) else dict(policy or {})
        if not validate:
            chosen = policy if isinstance(policy, Policy) else Policy(**given)
            typed = {
                table: typed_table(table, frames[table]) if table in frames else empty_table(table)
                for table in tables()
            }
            typed["needs"] = fill_people(typed["needs"], typed["communities"])[0]
            return cls(MappingProxyType(typed), chosen, name)
        bundle = Bundle(policy=given, policy_label="policy", name=name)
        bundle.sources = frame_sources(frames, bundle.log)
        return cls.from_bundle(bundle)

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Instance:
        """Check what was read and build the instance; InstanceError with every fault."""
        _check_name(bundle.name, bundle.log)
        checked = assemble(bundle)
        if checked.errors:
            raise InstanceError(*checked.errors, *checked.warnings)
        return cls(checked.tables, checked.policy, bundle.name or "instance", checked.notes)

    def replace(
        self,
        *,
        policy: Policy | Mapping[str, Any] | None = None,
        name: str | None = None,
        validate: bool = True,
        **frames: pd.DataFrame,
    ) -> Instance:
        """Return a copy with some tables, the policy or the name changed.

        Only the changed tables, what refers to them and a changed policy are checked. Points of
        a changed table must be WGS-84 like those of the others.

        Args:
            policy: A policy, or the keys of it to change; the other keys stay.
            name: Name of the copy.
            validate: Check what changes. Without, the frames and the policy must be valid.
            frames: The tables to change.

        Raises:
            InstanceError: With every fault found.
        """
        _refuse_unknown(frames)
        bundle = Bundle(policy_label="policy")
        chosen = self._with_policy(policy, bundle.log, validate)
        if not validate:
            typed = {table: typed_table(table, frame) for table, frame in frames.items()}
        else:
            _check_name(name or "", bundle.log)
            bundle.sources = frame_sources(frames, bundle.log)
            typed = reassemble(self.tables, bundle)
            both = {**self.tables, **typed}
            check_reserve_policy(both, chosen, "policy", bundle.log)
            check_staff_policy(both, chosen, "policy", bundle.log)
        bundle.log.raise_errors()
        changed = MappingProxyType({**self.tables, **typed})
        return Instance(changed, chosen, name or self.name, self.notes)

    def _with_policy(self, given: Any, log: FaultLog, validate: bool) -> Policy:
        """Return the policy asked for, given as a policy or as the keys to change."""
        if given is None:
            return self.policy
        if isinstance(given, Policy):
            if not validate:
                return given
            values = policy_values(given)
        elif isinstance(given, Mapping):
            values = {**policy_values(self.policy), **given}
        else:
            rule = "the policy must be a Policy, or a mapping of the keys to change"
            raise InstanceError.because(rule, where="policy", value=given, code="E1403")
        policy = read_policy(values, "policy", log)
        _refuse_shifted(policy)
        return policy

    def scenario(self, scenario_id: str) -> Instance:
        """Return the instance with the overlays and bulk rows of a scenario applied.

        Raises:
            InstanceError: The scenario is unknown, or what it changes is not valid.
        """
        changed = overlaid(self.tables, scenario_id)
        changed |= bulk_changes({**self.tables, **changed}, scenario_id)
        return self.replace(
            name=f"{self.name}:{scenario_id}", policy=None, validate=True, **changed
        )

    def __getitem__(self, table: str) -> pd.DataFrame:
        # A shallow copy is copied for good when it is written to: the instance stays as it is.
        return self.tables[table].copy(deep=False)

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only mappings cannot be sent to another process as they are.
        return _restored, (dict(self.tables), self.policy, self.name, dict(self.notes))


def _restored(
    frames: dict[str, pd.DataFrame], policy: Policy, name: str, notes: dict[str, Any]
) -> Instance:
    return Instance(MappingProxyType(frames), policy, name, MappingProxyType(notes))


def _refuse_unknown(frames: Mapping[str, pd.DataFrame]) -> None:
    faults = [unknown_table(name) for name in frames if name not in tables()]
    if faults:
        raise InstanceError(*faults)


def _check_name(name: str, log: FaultLog) -> None:
    if CONTROL_OR_BREAK.search(name) or name != name.strip():
        rule = "the name of the instance holds a control character or begins or ends with blanks"
        log.add("E1212", "name", rule, "write it again", ascii(name))


def _refuse_shifted(policy: Policy) -> None:
    if policy.crs != Policy().crs:
        raise InstanceError.because(
            "the points of an instance are WGS-84 already",
            where="policy:crs",
            value=policy.crs,
            action="leave crs out, or build the instance anew with from_frames",
            code="E1409",
        )
