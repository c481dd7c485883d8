"""Ctrl-C while something must not be lost: it waits until that is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[list[int]]:
    """Let Ctrl-C, and a SIGTERM that is treated like it, wait; a second one does not.

    Yields:
        The signals that came: who holds them back must act on them. Outside the main thread none
        come, as in Python anywhere.
    """
    came: list[int] = []

    def note(number: int, _: object) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    ours = {number: handler for number, handler in usual.items() if callable(handler)}
    for number in ours:
        signal.signal(number, note)
    try:
        yield came
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
