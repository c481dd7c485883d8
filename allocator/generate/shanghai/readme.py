"""The README of a committed Shanghai instance: which figures are real, derived and assumed."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from allocator.generate.figures import STATUSES, read_figures
from allocator.instance import Instance

_LEVEL_NOTES = {
    "district": """
- **Points** lie inside each district; the way inside is added to every last lane.
""",
    "jiedao": """
- **Points** of the 234 jiedao are assumed (a spiral in the district): no source has them. So are
  their shares of the district's people (by number of committees), of its cases and of its access
  (40 % of them, chosen by rule, have 80 % of the cases).
""",
    "committee": """
- **Points** are those of the jiedao, assumed (a spiral in the district). The committees of a jiedao
  are alike.
""",
}

PEOPLE = (
    ("people", "qualified"),
    ("people", "longest_run"),
    ("people", "rest"),
    ("shift", "minutes"),
)
"""Figures of staff_rules that the people at the gates use."""

MEANING = {
    "sourced": "read in a source, which is named",
    "derived": "computed from sourced figures",
    "assumed": "chosen by us so that the case holds together: change them freely",
}


def shanghai_readme(level: str, instance: Instance) -> str:
    """Return the text of README.md for the instance of a level, with or without route rules."""
    scenarios = instance["scenarios"]
    template = files(__package__).joinpath("readme.md").read_text(encoding="utf-8")
    intro = template.format(
        level=level,
        communities=len(instance["communities"]),
        sites=len(instance["sites"]),
        needs=len(instance["needs"]),
        level_note=_LEVEL_NOTES[level].lstrip(),
        scenarios="\n".join(
            f"- `{scenario}`: {name}"
            for scenario, name in zip(scenarios["scenario_id"], scenarios["name"], strict=True)
        ),
    )
    figures = read_figures("shanghai_2022")
    tables = read_figures("shanghai_2022_tables")
    parts = [intro]
    for status in STATUSES:
        parts.append(f"### {status.capitalize()}: {MEANING[status]}\n")
        parts.append(whole_tables(tables[tables["status"] == status]))
        parts.append(single_figures(figures[figures["status"] == status]))
    rules = read_figures("staff_rules")
    used = rules[["subject", "figure"]].apply(tuple, axis=1).isin(PEOPLE)
    parts.append("### Rules of the people at the gates: sourced or assumed, as each line says\n")
    shown = rules[used]
    parts.append(single_figures(shown.assign(note=shown["status"] + "; " + shown["note"])))
    if len(instance["curfews"]):
        parts.append(f"### Rules of the day for routes: assumed, {MEANING['assumed']}\n")
        parts.append(single_figures(read_figures("route_rules")))
    return "\n".join(parts)


def whole_tables(rows: pd.DataFrame) -> str:
    """Return the tables of figures that come from one source each, as a table of Markdown."""
    if rows.empty:
        return ""
    return _markdown(
        ["table", "columns", "source", "note"], rows[["table", "column", "source", "note"]]
    )


def single_figures(rows: pd.DataFrame) -> str:
    """Return single figures with their sources, as a table of Markdown."""
    shown = pd.DataFrame(
        {
            "of": rows["subject"].str.replace("_", " "),
            "figure": rows["figure"].str.replace("_", " "),
            "value": (rows["value"] + " " + rows["unit"]).str.strip(),
            "source and note": (rows["source"] + "; " + rows["note"]).str.strip("; "),
        }
    )
    return _markdown(list(shown.columns), shown)


def _markdown(heads: list[str], rows: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(row) + " |" for row in rows.itertuples(index=False)]
    return "\n".join(lines) + "\n"
