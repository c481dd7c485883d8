"""Location: p-median, p-center, covering and facility location (models/location/formulation.md)."""
