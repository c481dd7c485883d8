"""Processes that hold objects and carry out calls on them, one object a process.

They are started as `python -m allocator.engine.processes`, so nothing of the user's main module
runs again, in notebooks and on Windows too. Messages are pickles on stdin and stdout; a process
leaves at once when its stdin closes, so none outlives its parent, however that ends.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, BinaryIO

from allocator.engine.child import apart
from allocator.errors import AllocatorError, InternalError

_SIZE = struct.Struct("!Q")


class Processes:
    """Workers that are processes of this machine (see `executors.Workers`)."""

    def __init__(self, count: int) -> None:
        """Use `count` processes at a time; they start as objects are placed."""
        self.count = count
        self._placed: list[_Remote] = []

    def place(self, make: Callable[..., Any], recipes: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Make one object a recipe, each in a process of its own."""
        made = []
        for recipe in recipes:
            remote = _Remote()
            self._placed.append(remote)
            remote.send((make, recipe))
            made.append(remote)
        for remote in made:
            remote.receive()
        return made

    def call(
        self, function: Callable[..., Any], placed: Sequence[Any], *arguments: Any
    ) -> list[Any]:
        """Call in all processes at once and wait for all."""
        for remote in placed:
            remote.send((function, arguments))
        return [remote.receive() for remote in placed]

    def close(self) -> None:
        """Stop the processes."""
        for remote in self._placed:
            remote.close()


class _Remote:
    """The parent's side of one process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "allocator.engine.processes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **apart(),
        )

    def send(self, message: Any) -> None:
        assert self._process.stdin is not None
        try:
            _write(self._process.stdin, message)
        except OSError:
            raise _gone(self._process) from None

    def receive(self) -> Any:
        assert self._process.stdout is not None
        answer = _read(self._process.stdout)
        if answer is None:
            raise _gone(self._process)
        good, value = answer
        if good:
            return value
        raise value

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def _gone(process: subprocess.Popen[bytes]) -> InternalError:
    return InternalError.because(
        "a worker process ended before its work",
        value=process.poll(),
        action="run with one worker, and look at the memory that is free",
        code="E2504",
    )


def _write(pipe: BinaryIO | Any, message: Any) -> None:
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_SIZE.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def _read(pipe: BinaryIO | Any) -> Any:
    """Return the next message; None at the end."""
    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return None
    (size,) = _SIZE.unpack(head)
    content = pipe.read(size)
    return pickle.loads(content) if len(content) == size else None


def serve() -> None:
    """Hold one object and answer calls on it until stdin closes; this is the child's side."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between the messages
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        with os.fdopen(os.dup(0), "rb") as messages:
            while (message := _read(messages)) is not None:
                waiting.put(message)
        os._exit(3)

    threading.Thread(target=listen, daemon=True).start()
    make, recipe = waiting.get()
    held = _answered(answers, lambda: make(*recipe), tell=False)
    while True:
        function, arguments = waiting.get()
        _answered(answers, lambda: function(held, *arguments), tell=True)  # noqa: B023


def _answered(answers: BinaryIO, work: Callable[[], Any], tell: bool) -> Any:
    """Do the work and answer (True, result or nothing), or (False, error)."""
    try:
        result = work()
    except AllocatorError as error:
        _write(answers, (False, error))
        return None
    except Exception as error:
        _write(answers, (False, InternalError.because(repr(error), code="E2504")))
        return None
    _write(answers, (True, result if tell else None))
    return result


if __name__ == "__main__":
    serve()
