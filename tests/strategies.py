"""Random small instances for exact comparisons."""

from __future__ import annotations

from hypothesis import strategies as st

from allocator.generate.lockdown import FEATURES, lockdown
from allocator.instance import Instance


@st.composite
def small_instances(
    draw: st.DrawFn,
    features: frozenset[str] = FEATURES,
    without: frozenset[str] = frozenset(),
    always: frozenset[str] = frozenset(),
) -> Instance:
    """2 to 4 communities, 1 to 3 sites, 1 to 3 items, 2 to 4 periods, any of the features."""
    choice = sorted(features - without - always)
    # Most features on: an instance that uses little finds little.
    off = draw(st.sets(st.sampled_from(choice), max_size=len(choice) // 2)) if choice else set()
    return lockdown(
        communities=draw(st.integers(2, 4)),
        sites=draw(st.integers(1, 3)),
        items=draw(st.integers(1, 3)),
        periods=draw(st.integers(2, 4)),
        seed=draw(st.integers(0, 9999)),
        features=(frozenset(choice) - off) | always,
    )
