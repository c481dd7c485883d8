"""Random lockdown instances of any size, the same for the same seed."""

from allocator.generate.lockdown.build import DEFAULT_FEATURES, FEATURES, lockdown

__all__ = ["DEFAULT_FEATURES", "FEATURES", "lockdown"]
