"""The judge: recomputes a plan from its instance alone; knows no model and no solver."""

from allocator.check.judge import check
from allocator.check.verdict import Rule, Verdict, Violation, rules

__all__ = ["Rule", "Verdict", "Violation", "check", "rules"]
