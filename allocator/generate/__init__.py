"""Instances made by rule: the Shanghai case from a table of figures, and random ones."""
