"""The help of every command: examples first, and every example one that the command takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from allocator.cli.main import VERBS, cli

ROOT = Path(__file__).resolve().parents[1]


def commands(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every command below a group: its name and its help."""
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        assert found is not None
        words = (*path, name)
        context = click.Context(found, info_name=" ".join(words), terminal_width=80)
        yield " ".join(words), found.get_help(context)
        if isinstance(found, click.Group):
            yield from commands(found, words)


HELPS = dict(commands(cli, ("allocator",)))


def lines_of(text: str) -> list[str]:
    """The commands a text shows, comments and redirections cut off."""
    shown = [line.strip() for line in text.splitlines() if not re.match(r"  \S", line)]
    verbs = {f"allocator {verb}" for verb in VERBS}
    plain = [line.partition(" #")[0].partition(" >")[0].partition("   ")[0] for line in shown]
    return [line.strip() for line in plain if " ".join(line.split()[:2]) in verbs]


def parse(line: str) -> None:
    """Let click read a command as it would before running it."""
    group: click.Command = cli
    words = shlex.split(line)[1:]
    while isinstance(group, click.Group):
        context = click.Context(group)
        found = group.get_command(context, words.pop(0))
        assert found is not None, line
        group = found
    try:
        group.make_context(line, words)
    except click.BadParameter as error:
        if "does not exist" not in error.message:
            raise


@pytest.mark.parametrize("command", HELPS)
def test_help_fits_a_terminal_and_starts_with_examples(command: str) -> None:
    lines = HELPS[command].splitlines()
    assert [line for line in lines if len(line) > 80 or "\\b" in line] == []
    assert "  Examples:" in lines
    assert any(line.startswith(f"    {command}") for line in lines)


PAGES = [
    ROOT / "README.md",
    *sorted(
        page for part in ("docs", "models", "instances") for page in (ROOT / part).rglob("*.md")
    ),
]


def in_passing(text: str) -> list[str]:
    """The commands with arguments that a page mentions within a sentence."""
    found = re.findall(r"`(allocator [a-z-]+ [^`]+)`", " ".join(text.split()))
    return [line.partition(" >")[0] for line in found if "..." not in line]


def of_page(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return lines_of(text) + in_passing(text)


EXAMPLES = {
    **{name: lines_of(text) for name, text in HELPS.items()},
    **{str(page.relative_to(ROOT)): of_page(page) for page in PAGES if of_page(page)},
}


@pytest.mark.parametrize("where", EXAMPLES)
def test_every_example_is_a_command_that_exists(where: str) -> None:
    assert EXAMPLES[where]
    for line in EXAMPLES[where]:
        parse(line)


def test_every_script_of_the_pages_is_there() -> None:
    found = [
        (page, words)
        for page in PAGES
        for words in re.findall(r"python ((?:models|benchmarks)/[^`\n]+)", page.read_text("utf-8"))
    ]
    assert len(found) > 5
    for page, words in found:
        paths = [word for word in words.partition("#")[0].split() if "/" in word]
        assert not [path for path in paths if not (ROOT / path).exists()], page
