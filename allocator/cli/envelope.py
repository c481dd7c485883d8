"""How every command answers: text for people, or one versioned JSON envelope for programs.

A command returns a `Reply` and raises `AllocatorError`; `run_command` does the rest:

    @click.command()
    @click.argument("instance")
    @run_command
    def validate(instance: str) -> Reply:
        ...
        return Reply(text="valid", data={"communities": 12})
"""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from types import FrameType
from typing import Any

import click

from allocator._version import __version__
from allocator.errors import (
    AllocatorError,
    Fault,
    InternalError,
    InterruptedRun,
    NoPlanError,
    UsageError,
)

SCHEMA_VERSION = "1"
_LACKS = (errno.ENOSPC, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE, errno.ENOMEM)
_PRESSED: list[int] = []


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command has to say when it ran to its end.

    Attributes:
        text: The result for people, printed on stdout.
        data: The same for programs, in the envelope.
        warnings: Faults that did not stop the command; on stderr for people.
        errors: Faults that go with an exit code other than 0, such as violations found.
        status: One word for the envelope; ``"ok"`` or ``"error"`` by default.
        exit_code: The exit code of the command.
    """

    text: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()
    errors: tuple[Fault, ...] = ()
    status: str = ""
    exit_code: int = 0


def envelope(command: str, reply: Reply) -> dict[str, object]:
    """Return the envelope of a reply, ready for JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "command": command,
        "status": reply.status or ("error" if reply.exit_code else "ok"),
        "data": dict(reply.data),
        "warnings": [fault.as_dict() for fault in reply.warnings],
        "errors": [fault.as_dict() for fault in reply.errors],
    }


def run_command(function: Callable[..., Reply]) -> Callable[..., None]:
    """Give a command ``--json`` and ``--debug``, print its reply and set the exit code."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
    @click.pass_context
    @wraps(function)
    def command(ctx: click.Context, /, as_json: bool, debug: bool, **arguments: Any) -> None:
        name = ctx.command_path.partition(" ")[2] or ctx.info_name or "allocator"
        with reporting(name, as_json, debug):
            reply = function(**arguments)
            _show(name, reply, as_json)
        ctx.exit(reply.exit_code)

    return command


@contextmanager
def reporting(command: str, as_json: bool = False, debug: bool = False) -> Iterator[None]:
    """Turn whatever is raised inside into a report and the exit code of its class."""
    try:
        with _noticing():
            yield
    except (click.exceptions.Exit, BrokenPipeError):
        raise
    except (KeyboardInterrupt, click.Abort):
        stopped = InterruptedRun.because("the run was interrupted", code="E8001")
        _fail(command, stopped, as_json)
    except click.ClickException as error:
        if not as_json:
            error.show()
            raise click.exceptions.Exit(UsageError.exit_code) from error
        misuse = UsageError.because(error.format_message(), action="see --help", code="E2001")
        _fail(command, misuse, as_json)
    except AllocatorError as error:
        _traceback(debug)
        _fail(command, error, as_json)
    except ImportError as error:
        # A compiled module turns Ctrl-C during its import into an error of its own.
        _traceback(debug)
        stopped = InterruptedRun.because("the run was interrupted", code="E8001")
        _fail(command, stopped if _PRESSED else _unexpected(error), as_json)
    except Exception as error:
        _traceback(debug)
        _fail(command, _refused(error) or _unexpected(error), as_json)


@contextmanager
def _noticing() -> Iterator[None]:
    """Note Ctrl-C, which interrupts as ever, in `_PRESSED`; within another one nothing is new."""
    usual = signal.getsignal(signal.SIGINT)
    alone = threading.current_thread() is threading.main_thread()

    def notice(number: int, frame: FrameType | None) -> None:
        _PRESSED.append(number)
        signal.default_int_handler(number, frame)

    if alone and usual is signal.default_int_handler:
        _PRESSED.clear()
        signal.signal(signal.SIGINT, notice)
    try:
        yield
    finally:
        if alone and usual is signal.default_int_handler:
            signal.signal(signal.SIGINT, usual)


def _fail(command: str, error: AllocatorError, as_json: bool) -> None:
    _show(command, Reply(errors=error.faults, exit_code=error.exit_code), as_json, str(error))
    raise click.exceptions.Exit(error.exit_code)


def _show(command: str, reply: Reply, as_json: bool, complaint: str = "") -> None:
    if as_json:
        document = envelope(command, reply)
        # ASCII only: the same bytes on every machine, whatever its code page.
        click.echo(json.dumps(document, indent=2, allow_nan=False, default=_plain))
        return
    for fault in reply.warnings:
        click.echo(f"warning: {fault}", err=True)
    complaint = complaint or str(AllocatorError(*reply.errors) if reply.errors else "")
    if reply.text:
        click.echo(reply.text)
    if complaint:
        click.echo(complaint, err=True)


def _plain(value: object) -> object:
    """Turn numpy scalars and paths into what JSON knows."""
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def _refused(error: Exception) -> NoPlanError | None:
    """Return what the machine lacks as an error; None when it is none of that."""
    if isinstance(error, MemoryError):
        rule, action = "there is not enough memory", "close other programs, or use a smaller case"
        return NoPlanError.because(rule, action=action, code="E5013")
    if isinstance(error, OSError) and error.errno in _LACKS:
        rule = f"the machine refuses to read or write: {error.strerror}"
        where = str(error.filename or "")
        return NoPlanError.because(
            rule, where=where, action="make room, or permit it", code="E5013"
        )
    return None


def _unexpected(error: Exception) -> InternalError:
    action = "this is a defect: run again with --debug and report what it shows"
    rule = f"internal: {type(error).__name__}: {error}"
    return InternalError(Fault("E9001", "error", "", "", rule, action))


def _traceback(debug: bool) -> None:
    if debug or os.environ.get("ALLOCATOR_DEBUG") == "1":
        import traceback

        click.echo(traceback.format_exc(), err=True)
