"""Array-built programs, HiGHS and ordered goals."""
