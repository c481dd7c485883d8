"""`python -m allocator._solve FOLDER`: the child process that does the long work."""

from __future__ import annotations

import sys
from pathlib import Path

from allocator.engine.child import serve

if __name__ == "__main__":
    serve(Path(sys.argv[1]))
