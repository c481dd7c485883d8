"""README and guide: what they tell people to type works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from allocator.cli.main import VERBS, cli
from allocator.generate.scenarios import drawn
from allocator.instance import save
from allocator.plan import Plan
from tests.reserve_cases import reserve_instance

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/planner-guide.md")


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for line in "\n".join(blocks(page, "sh")).splitlines():
            if line.startswith("allocator "):
                yield page, line


def test_the_readme_opens_with_the_two_commands() -> None:
    assert (ROOT / "README.md").read_text().startswith("```sh\nmake demo\nmake test\n```\n")


@pytest.mark.parametrize(("page", "line"), list(commands()))
def test_every_command_of_the_pages_exists(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    assert words[0] in VERBS, page
    command = cli.get_command(click.Context(cli), words[0])
    if isinstance(command, click.Group):
        command = command.commands[words[1]]
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_the_pages_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert links
    assert not [link for link in links if not ((ROOT / page).parent / link).exists()]


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["init", "my-city"]).exit_code == 0
    save(reserve_instance(), tmp_path / "my-reserves")
    save(drawn(reserve_instance(), 5), tmp_path / "my-other-scenarios")
    names: dict[str, object] = {}
    for code in blocks("README.md", "python"):
        exec(compile(code, "README.md", "exec"), names)
    assert (tmp_path / "plans" / "api" / "plan.json").exists()
    assert isinstance(names["reserves"], Plan)
