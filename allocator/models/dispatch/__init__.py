"""Dispatch: multi-period, multi-item supply of communities (models/dispatch/formulation.md)."""
