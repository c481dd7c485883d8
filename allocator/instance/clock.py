"""Times of the day: HH:MM as minutes, and what of every day falls into a period."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
DAY = 1440.0
Spans = tuple[tuple[float, float], ...]
"""Stretches of time in minutes: in order, disjoint."""


def clock_minutes(clock: str) -> float:
    """Return the minutes from midnight of HH:MM; NaN for anything else."""
    if not CLOCK.fullmatch(clock):
        return np.nan
    return float(int(clock[:2]) * 60 + int(clock[3:]))


def minutes_column(column: Iterable[str]) -> Floats:
    """Return the minutes from midnight of each cell; NaN where blank."""
    words = pd.Categorical(list(column))
    each = np.array([clock_minutes(word) for word in words.categories] + [np.nan])
    return np.asarray(each[words.codes], dtype=np.float64)


def period_clock(periods: pd.DataFrame, period: int) -> tuple[float, float]:
    """Return the time of the day a period starts at and its length, both in minutes.

    Without a start it begins where the one before ends; the first begins at midnight.
    """
    table = periods.sort_values("period")
    clock = 0.0
    for number, start, minutes in zip(
        table["period"], table["start"], table["minutes"], strict=True
    ):
        if start:
            time = datetime.datetime.fromisoformat(start).time()
            clock = time.hour * 60 + time.minute + time.second / 60
        if number == period:
            break
        clock = (clock + minutes) % DAY
    return clock, float(minutes)


def daily(begins: float, ends: float, clock: float, length: float) -> Spans:
    """Return what of a daily stretch falls into a period, in minutes from its start.

    Args:
        begins: Minutes from midnight.
        ends: Minutes from midnight; not after `begins` = on the next day.
        clock: Time of the day the period starts at.
        length: Length of the period.
    """
    until = ends if ends > begins else ends + DAY
    days = DAY * np.arange(-1, np.ceil((length + clock) / DAY) + 1) - clock
    found = [(max(0.0, day + begins), min(length, day + until)) for day in days]
    return joined(span for span in found if span[1] > span[0])


def joined(spans: Iterable[tuple[float, float]]) -> Spans:
    """Return the stretches with those that touch made one."""
    found: list[tuple[float, float]] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(ends, found[-1][1]))
        else:
            found.append((float(begins), float(ends)))
    return tuple(found)


def common(first: Spans, second: Spans) -> Spans:
    """Return what lies in both."""
    both = [(max(a, c), min(b, d)) for a, b in first for c, d in second]
    return joined(span for span in both if span[1] > span[0])


def without(spans: Spans, gone: Spans) -> Spans:
    """Return the stretches less the others."""
    for out in gone:
        parts = [part for a, b in spans for part in ((a, min(b, out[0])), (max(a, out[1]), b))]
        spans = joined(part for part in parts if part[1] > part[0])
    return spans


def at_clock(time: Floats | float, clock: float) -> Floats:
    """Return the minute of a period at which times of the day first come; NaN stays NaN."""
    return (np.asarray(time, dtype=np.float64) - clock) % DAY
