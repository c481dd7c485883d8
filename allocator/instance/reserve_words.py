"""Words of pre-positioning that rules and arrays share."""

from __future__ import annotations

EXISTING = "existing"  # the one size of an open site without rows in `sizes`
