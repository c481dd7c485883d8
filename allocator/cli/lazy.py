"""A group of commands that imports a command only when it is called."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import click

from allocator.cli.envelope import reporting
from allocator.errors import InternalError


class Verb(NamedTuple):
    """Where a command lives, as ``"module:attribute"``, and its line in the help."""

    target: str
    help: str


class LazyGroup(click.Group):
    """Commands from a table of verbs; listing them imports none of them."""

    def __init__(self, *, verbs: Mapping[str, Verb], **settings: Any) -> None:
        """Take the table of verbs, in the order of the help."""
        super().__init__(**settings)
        self.verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the table."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, or ``None`` for an unknown verb."""
        verb = self.verbs.get(cmd_name)
        return None if verb is None else _import_command(cmd_name, verb.target)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and suggest a verb when the one given is unknown."""
        name = args[0]
        if name not in self.verbs and not name.startswith("-"):
            close = get_close_matches(name, self.verbs, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs with the help of the table, so that no command is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in self.verbs.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run the command line; every failure is reported in the form asked for."""
        arguments = list(sys.argv[1:] if args is None else args)
        command = next((word for word in arguments if word in self.verbs), "allocator")
        extra["standalone_mode"] = False
        try:
            with reporting(command, "--json" in arguments, "--debug" in arguments):
                code = super().main(arguments, *rest, **extra)
        except click.exceptions.Exit as finished:
            code = finished.exit_code
        sys.exit(code or 0)


def _import_command(name: str, target: str) -> click.Command:
    module_name, _, attribute = target.partition(":")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise InternalError.because(
            f"the command {name!r} is not part of this installation",
            action="install the latest version, or choose another command",
            code="E9003",
        ) from None
    command: click.Command = getattr(module, attribute)
    return command
