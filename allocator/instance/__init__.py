"""Instances: tables, policy, loading, validation and packing."""

from allocator.instance.instance import Instance
from allocator.instance.policy import Policy

__all__ = ["Instance", "Policy"]
