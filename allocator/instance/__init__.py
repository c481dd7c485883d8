"""Instances: tables, policy, loading, validation and packing."""

from allocator.instance.hashing import instance_hash
from allocator.instance.instance import Instance
from allocator.instance.load import Report, load, validate
from allocator.instance.policy import Policy
from allocator.instance.save import save

__all__ = ["Instance", "Policy", "Report", "instance_hash", "load", "save", "validate"]
