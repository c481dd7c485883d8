"""Random numbers that stay the same for a seed: one stream a subject."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from allocator.generate.shapes import Floats, Ints

Words = pd.api.extensions.ExtensionArray


class Draw:
    """Streams of random numbers by subject, so that one feature does not change the others.

    Only uniform numbers are taken from numpy: their stream is the same in every version.
    """

    def __init__(self, seed: int) -> None:
        """Start all streams from one seed."""
        self._seed = seed
        self._streams: dict[str, np.random.Generator] = {}

    def uniform(self, subject: str, low: float, high: float, *shape: int) -> Floats:
        """Return numbers between low and high."""
        if subject not in self._streams:
            self._streams[subject] = np.random.default_rng([self._seed, crc32(subject.encode())])
        return np.asarray(low + (high - low) * self._streams[subject].random(shape))

    def whole(self, subject: str, low: int, high: int, *shape: int) -> Ints:
        """Return whole numbers from low to high, both included."""
        return np.floor(self.uniform(subject, low, high + 1, *shape)).astype(np.int64)

    def chance(self, subject: str, probability: float, *shape: int) -> NDArray[np.bool_]:
        """Return true with a probability."""
        return np.asarray(self.uniform(subject, 0, 1, *shape) < probability)

    def one_of(self, subject: str, options: Sequence[float], *shape: int) -> Floats:
        """Return one of the numbers for every entry."""
        return np.asarray(options, dtype=float)[self.whole(subject, 0, len(options) - 1, *shape)]

    def label(self, subject: str, options: Sequence[str], *shape: int) -> Words:
        """Return one of the words for every entry of a flat shape."""
        words = pd.array(list(options), dtype="str")
        return words.take(self.whole(subject, 0, len(options) - 1, *shape))
