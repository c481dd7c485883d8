"""Posts as dispatch wants them filled: what gates need goes first, the rest is as it was."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.instance import Instance
from allocator.instance.gate_staff import POST

MORE = "\N{MIDDLE DOT}more"
"""Ends the id of the part of a gate post that dispatch does not need."""
FIRST = 10.0
"""A person missing where dispatch needs one weighs as many of the heaviest others."""


def asked_posts(instance: Instance, wanted: pd.DataFrame) -> Instance:
    """Return the instance with every gate post in two: whom dispatch needs, and the others.

    Args:
        instance: The instance, with a row of posts for every period.
        wanted: post_id, period, shift_id, number.
    """
    posts = instance["posts"].reset_index(drop=True)
    number = wanted.set_index(POST)["number"]
    found = number.reindex(pd.MultiIndex.from_frame(posts[POST])).to_numpy(float)
    gate = posts["gate"].to_numpy(bool) & ~np.isnan(found)
    need = np.where(gate, np.nan_to_num(found), 0).astype(np.int64)
    weight = max(1.0, float(posts["weight"].max())) * FIRST
    first = posts[gate].assign(wanted=need[gate], weight=weight, over_weight=np.nan)
    rest = posts[gate].assign(
        post_id=posts["post_id"][gate] + MORE,
        wanted=np.maximum(0, posts["wanted"][gate] - need[gate]),
        minimum=0,
    )
    table = pd.concat([posts[~gate], first[first["wanted"] > 0], rest], ignore_index=True)
    return instance.replace(posts=table, validate=False)


def merged_roster(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of a roster with both parts of each gate post as one."""
    if "post_id" not in table:
        return table
    whole = table.assign(post_id=table["post_id"].str.removesuffix(MORE))
    keys = ["worker_id", *POST]
    return whole.groupby(keys, as_index=False, sort=False)[["number", "minutes"]].sum()
