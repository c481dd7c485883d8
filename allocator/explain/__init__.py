"""Why there are shortages: each reason backed by a solve, or said to be unexplained."""

from allocator.explain.explain import explain_text, reasons
from allocator.explain.reason import CODES, FAMILIES, Reason

__all__ = ["CODES", "FAMILIES", "Reason", "explain_text", "reasons"]
