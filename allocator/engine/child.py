"""Run long work in a child process whose best results so far are on disk: nothing can take them."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, cast

from allocator.errors import AllocatorError

JOB = "job.pickle"
RESULTS = "result-*.pickle"
KEPT = 3  # results: a refused one is followed by the one before
EVENTS = "events.jsonl"
ERROR = "error.pickle"

Progress = Callable[[dict[str, Any]], None]


class Child:
    """A process running `task` ("module:function") with keyword arguments, until done or stopped.

    The function gets `emit(result, **event)` as its first argument: each call puts a result
    on disk as one act, drops all but the last few, and tells the parent. The folder is private and
    goes with the child.
    """

    def __init__(self, task: str, **arguments: Any) -> None:
        """Start the process; the arguments are pickled."""
        self.folder = Path(tempfile.mkdtemp(prefix="allocator-"))
        with (self.folder / JOB).open("wb") as file:
            pickle.dump((task, arguments), file, protocol=pickle.HIGHEST_PROTOCOL)
        self._seen = 0
        self._errors = (self.folder / "stderr.txt").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "allocator._solve", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            **apart(),
        )

    def wait(self, deadline: float | None, progress: Progress, poll: float = 0.05) -> str:
        """Wait for the end of the child, "completed" or "error", or of the time, "time_limit"."""
        while self.process.poll() is None:
            self._tell(progress)
            left = poll if deadline is None else min(poll, deadline - time.monotonic())
            if left <= 0:
                self.kill()
                return "time_limit"
            time.sleep(left)
        self._tell(progress)
        return "completed" if self.process.returncode == 0 else "error"

    def best(self) -> Any:
        """Return the last result the child wrote, or None."""
        return next(self.results(), None)

    def results(self) -> Iterator[Any]:
        """Return the last results the child wrote, the newest first."""
        for path in sorted(self.folder.glob(RESULTS), reverse=True):
            yield _read(path)

    def error(self) -> AllocatorError | None:
        """Return the error the child raised on purpose, if it did."""
        return cast("AllocatorError | None", _read(self.folder / ERROR))

    def complaint(self) -> str:
        """Return what the child wrote on stderr, its end only; else how it was ended."""
        self._errors.flush()
        told = (self.folder / "stderr.txt").read_text(errors="replace")[-2000:].strip()
        code = self.process.poll() or 0
        if told or code >= 0:
            return told
        return f"the solver's process was ended by signal {-code}: memory may have run out"

    def kill(self) -> None:
        """Stop the child at once."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Stop the child and remove its folder."""
        self.kill()
        if self.process.stdin:
            self.process.stdin.close()
        self._errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell(self, progress: Progress) -> None:
        path = self.folder / EVENTS
        if not path.exists():
            return
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        for line in lines[self._seen :]:
            progress(json.loads(line))
        self._seen = len(lines)


def apart() -> dict[str, Any]:
    """Keep Ctrl-C for the parent: it decides what happens to the child."""
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
    return {"start_new_session": True}


def serve(folder: Path) -> None:
    """Carry out the job in `folder`; this is the child's side."""
    _die_with_parent()
    with (folder / JOB).open("rb") as file:
        task, arguments = pickle.load(file)
    module_name, _, name = task.partition(":")
    module = __import__(module_name, fromlist=[name])

    numbers = count()

    def emit(result: Any = None, **event: Any) -> None:
        if result is not None:
            told = next(numbers)
            content = pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL)
            _replace(folder / RESULTS.replace("*", f"{told:09d}"), content)
            (folder / RESULTS.replace("*", f"{told - KEPT:09d}")).unlink(missing_ok=True)
        with (folder / EVENTS).open("a", encoding="utf-8") as events:
            events.write(json.dumps(event) + "\n")

    try:
        getattr(module, name)(emit, **arguments)
    except AllocatorError as error:
        _replace(folder / ERROR, pickle.dumps(error))
        raise


def _read(path: Path) -> Any:
    if not path.exists():
        return None
    with path.open("rb") as file:
        return pickle.load(file)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    os.replace(fresh, path)


def _die_with_parent() -> None:
    """Leave when the parent is gone: its end of our stdin closes with it."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os._exit(3)

    threading.Thread(target=watch, daemon=True).start()
