"""Random lockdown instances of any size, the same for the same seed."""

from allocator.generate.lockdown.build import lockdown
from allocator.generate.options import DEFAULT_FEATURES, FEATURES

__all__ = ["DEFAULT_FEATURES", "FEATURES", "lockdown"]
