"""Staff: who works where and when, as one program of arrays."""

from allocator.models.staff.solving import solve

__all__ = ["solve"]
