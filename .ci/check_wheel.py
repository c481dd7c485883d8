"""Check what the wheel holds, and that it works away from the checkout."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

NEEDED = (
    "allocator/py.typed",
    "allocator/instance/fields.csv",
    "allocator/data/tiny/datapackage.json",
)

PROBE = """
import sys
sys.path.insert(0, sys.argv[1])
import allocator, allocator.resources
for path in (allocator.__file__, str(allocator.resources.tiny_instance_path())):
    assert path.startswith(sys.argv[1]), f"{path} is not in the wheel"
"""


def faults(names: list[str]) -> list[str]:
    """Return what is wrong with the list of files of the wheel."""
    tops = {name.split("/")[0] for name in names}
    strangers = {top for top in tops if top != "allocator" and not top.endswith(".dist-info")}
    found = [f"unexpected at the top: {top}" for top in sorted(strangers)]
    found += [f"missing: {name}" for name in NEEDED if name not in names]
    return found + [f"not for users: {name}" for name in names if name.endswith(".pyc")]


def main() -> int:
    (wheel,) = Path(sys.argv[1]).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        found = faults(archive.namelist())
        for fault in found:
            print(f"{wheel.name}: {fault}", file=sys.stderr)
        if found:
            return 1
        archive.extractall(folder)
        home = str(Path(folder).resolve())
        subprocess.run([sys.executable, "-I", "-c", PROBE, home], check=True, cwd=folder)
    print(f"{wheel.name}: as it should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
