"""Benchmarks: how suites are described, found, measured and reported.

The suites themselves live in the folder `benchmarks` of a checkout and are no part of the package.
"""

from allocator.bench.files import load_file, need_folder
from allocator.bench.meter import Meter
from allocator.bench.suite import Case, Row, Settings, Suite

__all__ = ["Case", "Meter", "Row", "Settings", "Suite", "load_file", "need_folder"]
