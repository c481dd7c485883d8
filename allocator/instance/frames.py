"""DataFrames as sources, so that they are checked like files."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from allocator.instance.faultlog import FaultLog
from allocator.instance.read_csv import check_header
from allocator.instance.source import Source


def frame_sources(frames: Mapping[str, pd.DataFrame], log: FaultLog) -> dict[str, Source]:
    """Return a source for each frame; its index is left out of account."""
    sources: dict[str, Source] = {}
    for table, frame in frames.items():
        if not isinstance(frame, pd.DataFrame):
            rule = "a table must be a pandas DataFrame"
            log.add("E1110", table, rule, "convert it", type(frame).__name__)
            continue
        names = [str(name) for name in frame.columns]
        if check_header(names, table, log):
            plain = frame.set_axis(names, axis="columns").reset_index(drop=True)
            sources[table] = Source(table, plain, table, "item")
    return sources
