"""Plans for people to read."""

from allocator.report.summary import summary_text

__all__ = ["summary_text"]
