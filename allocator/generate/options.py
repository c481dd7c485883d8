"""What can be asked of the generators; without imports, so that the command line starts fast."""

from __future__ import annotations

LEVELS = ("district", "jiedao", "committee")
DEFAULT_FEATURES = frozenset(
    (
        "access", "arrivals", "community_stocks", "costs", "earmarks", "floors", "gates",
        "in_transit", "limits", "links", "owners", "perishables", "permits", "purchases",
        "reliability", "reusables", "vehicles", "volumes", "waits", "weights",
    )
)  # fmt: skip
FEATURES = DEFAULT_FEATURES | {
    "closed_sites", "packs", "pins", "site_needs", "throughput", "whole_trips",
}  # fmt: skip
ROUTES = "routes"
STAFF = "staff"
"""Features asked for by name only: rules of the day for routes; workers, shifts and posts."""
