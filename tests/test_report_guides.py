"""README and guide: what they tell people to type works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from allocator.cli.main import cli
from allocator.generate.scenarios import drawn
from allocator.instance import save
from allocator.plan import Plan
from tests.reserve_cases import reserve_instance

ROOT = Path(__file__).parents[1]
PAGES = [
    str(page.relative_to(ROOT))
    for page in (ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("models/**/*.md"))
]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readme_opens_with_the_two_commands() -> None:
    assert (ROOT / "README.md").read_text().startswith("```sh\nmake demo\nmake test\n```\n")


def test_every_link_of_the_pages_leads_somewhere() -> None:
    found = [
        (page, link)
        for page in PAGES
        for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8"))
        if "://" not in link
    ]
    assert len(found) > 15
    assert not [one for one in found if not ((ROOT / one[0]).parent / one[1]).exists()]


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
