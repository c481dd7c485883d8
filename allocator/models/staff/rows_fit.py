"""What forbids an assignment as rows, where the program shall tell who contradicts whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from allocator.models.staff.model import StaffModel


def add(model: StaffModel) -> None:
    """Add rows `available`, `skill`, `way` and `wanted` for what else has no columns at all."""
    case, slots = model.case, model.slots
    post = slots.first[model.slot]
    skill = slots.skill[model.slot]
    able = case.has_skill[model.worker, skill] | case.learns[model.worker, skill]
    can = case.can[model.worker, model.period, model.shift]
    near = case.reach[model.worker, post]
    who, period = case.people.ids[model.worker], model.period + 1
    _forbid(model, "available", ~can, [f"{w},{t}" for w, t in zip(who, period, strict=True)])
    skills = case.skills[skill]
    _forbid(model, "skill", ~able, [f"{k},{w}" for k, w in zip(skills, who, strict=True)])
    _forbid(model, "way", ~near, [f"{w}" for w in who])
    tight = np.flatnonzero(np.isnan(case.posts.over_weight))
    rows = model.program.add_rows("wanted", len(tight), upper=0.0)
    model.program.add_entries(rows, model.surplus[tight], 1.0)


def _forbid(model: StaffModel, family: str, wrong: np.ndarray, keys: list[str]) -> None:
    """Add one row a key: nobody in any of its columns."""
    some = np.flatnonzero(wrong)
    names, which = np.unique(np.array(keys, dtype=object)[some].astype(str), return_inverse=True)
    rows = model.program.add_rows(family, len(names), upper=0.0, labels=names.tolist)
    model.program.add_entries(rows[np.asarray(which).ravel()], model.assign[some], 1.0)
