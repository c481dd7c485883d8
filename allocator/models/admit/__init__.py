"""Beds: who is admitted where and when (formulation in models/admit)."""
