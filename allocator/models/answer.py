"""What the long work of any model hands back: tables, what is known of each goal, remarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from allocator.engine.ordered import StageResult


@dataclass(frozen=True)
class Answer:
    """Tables of a plan, what is known of each goal, and remarks for the summary."""

    tables: Mapping[str, pd.DataFrame]
    results: tuple[StageResult, ...]
    summary: Mapping[str, Any] = field(default_factory=dict)
