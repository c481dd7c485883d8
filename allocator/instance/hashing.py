"""The hash of an instance: of what it says, whatever file it came from."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pandas as pd

from allocator.instance.instance import Instance
from allocator.instance.policy_read import policy_values
from allocator.instance.schema import tables


def instance_hash(instance: Instance) -> str:
    """Return the SHA-256 of tables and policy, as hexadecimal.

    The packing, the name, the notes and the order of extra columns make no difference; the order
    of rows does.
    """
    digest = hashlib.sha256()
    policy = policy_values(instance.policy, all_keys=True)
    digest.update(json.dumps(policy, sort_keys=True, ensure_ascii=True).encode())
    for table in tables():
        frame = instance[table]
        if len(frame):
            digest.update(f"\n{table}:{len(frame)}".encode())
            for name in sorted(frame.columns):
                digest.update(f"\n{name}=".encode())
                digest.update(_column_bytes(frame[name]))
    return digest.hexdigest()


def _column_bytes(column: pd.Series) -> bytes:
    if column.dtype == np.bool_:
        return column.to_numpy().tobytes()
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(dtype="<f8") + 0.0  # No minus zero.
        return np.where(np.isnan(numbers), np.nan, numbers).tobytes()
    # Checked text holds no NUL.
    return "\0".join(column.astype("str")).encode("utf-8", "surrogatepass")
