"""Shanghai, the first 14 days of April 2022, at three levels of detail."""

from allocator.generate.options import LEVELS
from allocator.generate.shanghai.build import shanghai_2022
from allocator.generate.shanghai.readme import shanghai_readme

__all__ = ["LEVELS", "shanghai_2022", "shanghai_readme"]
