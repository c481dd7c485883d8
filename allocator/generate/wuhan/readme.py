"""The README of the Wuhan instance: which figures are sourced, derived and assumed."""

from __future__ import annotations

from importlib.resources import files

from allocator.generate.figures import STATUSES, read_figures
from allocator.generate.shanghai.readme import MEANING, single_figures
from allocator.instance import Instance


def wuhan_readme(instance: Instance) -> str:
    """Return the text of README.md."""
    template = files(__package__).joinpath("readme.md").read_text(encoding="utf-8")
    parts = [
        template.format(
            communities=len(instance["communities"]),
            sites=len(instance["sites"]),
            patients=int(instance["patients"]["number"].sum()),
        )
    ]
    figures = read_figures("wuhan_2020")
    shelters = read_figures("wuhan_2020_shelters").rename(
        columns={"site_id": "subject", "beds": "value", "beds_status": "status"}
    )
    shelters = shelters.assign(figure="beds", unit="beds", note="opens " + shelters["opens"])
    for status in STATUSES:
        parts.append(f"### {status.capitalize()}: {MEANING[status]}\n")
        for table in (figures, shelters):
            rows = table[table["status"] == status]
            parts += [single_figures(rows)] if len(rows) else []
    return "\n".join(parts)
