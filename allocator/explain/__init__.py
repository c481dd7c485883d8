"""Why there are shortages, and why reserves lie where they do: reasons backed by a solve."""

from allocator.explain.explain import explain_text, reasons
from allocator.explain.preposition import reserve_reasons
from allocator.explain.reason import CODES, FAMILIES, Reason
from allocator.explain.reserve_reason import RESERVE_CODES

__all__ = [
    "CODES",
    "FAMILIES",
    "RESERVE_CODES",
    "Reason",
    "explain_text",
    "reasons",
    "reserve_reasons",
]
