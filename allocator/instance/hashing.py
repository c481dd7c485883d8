"""The hash of an instance: of what it says, whatever file it came from."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.policy import Policy
from allocator.instance.policy_read import policy_values
from allocator.instance.schema import settings, tables
from allocator.instance.written import only_default


def instance_hash(instance: Instance) -> str:
    """Return the SHA-256 of tables and policy, as hexadecimal.

    The packing, the name, the notes and the order of extra columns make no difference; the order
    of rows does. What a later schema added counts only where it says something, so that an
    instance keeps its hash.
    """
    digest = hashlib.sha256()
    policy = _policy(instance.policy)
    digest.update(json.dumps(policy, sort_keys=True, ensure_ascii=True).encode())
    for table in tables():
        frame = instance[table]
        if len(frame):
            digest.update(f"\n{table}:{len(frame)}".encode())
            for name in sorted(set(frame.columns) - _silent(frame, table)):
                digest.update(f"\n{name}=".encode())
                digest.update(_column_bytes(frame[name]))
    return digest.hexdigest()


def _policy(policy: Policy) -> dict[str, Any]:
    values = policy_values(policy, all_keys=True)
    said = policy_values(policy)
    return {
        key: value for key, value in values.items() if settings()[key].since == 1 or key in said
    }


def _silent(frame: pd.DataFrame, table: str) -> set[str]:
    later = (spec for spec in tables()[table] if spec.since > tables()[table][0].since)
    return {spec.name for spec in later if only_default(frame[spec.name], spec)}


def _column_bytes(column: pd.Series) -> bytes:
    if column.dtype == np.bool_:
        return column.to_numpy().tobytes()
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype="<f8") + 0.0  # No minus zero.
        return np.where(np.isnan(numbers), np.nan, numbers).tobytes()
    # Checked text holds no NUL.
    return "\0".join(column.astype("str")).encode("utf-8", "surrogatepass")
