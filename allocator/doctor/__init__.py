"""Arithmetic before any solve: what an instance cannot do, and the cheapest repair."""

from allocator.doctor.diagnosis import Diagnosis
from allocator.doctor.examine import doctor
from allocator.doctor.finding import Finding

__all__ = ["Diagnosis", "Finding", "doctor"]
