"""The README of a committed Shanghai instance: which figures are real, derived and assumed."""

from __future__ import annotations

import pandas as pd

from allocator.generate.figures import STATUSES, read_figures
from allocator.instance import Instance

_INTRO = """# Shanghai, 1 to 14 April 2022: {level}

The first two weeks of the city-wide lockdown: {communities} communities, {sites} sites, 16 items, 14 days, {needs:,} needs.
Made by `allocator generate shanghai-2022 --level {level}` from the figures below; the same command makes the same bytes.
The city's shortage was one of flow (hands at the gates, vehicles, permits, goods that took days to come), not only of stock; the
instance is set up to show that, not to reproduce what was delivered: no record of deliveries by district exists.

## How to read it
- **Needs** are what falls on dispatched supplies: half of what a household eats, growing over the first five locked days
  while stocks at home run out. Pudong, Fengxian, Jinshan and Chongming were locked four days before the others.
- **Tier 1** (life-critical): rice as the staple, infant formula, water for people without a safe tap, oxygen
  concentrators (reusable; a level in use). All else is tier 2. No place is weighed above another (vulnerability 1).
- **Access**: the sealed share grows with the addresses listed over 14 days per household, scaled to the city's sealed
  share of 12 April. Before 11 April nobody was free to leave.
- **Gates**: workers as in two recorded communities (unverified), volunteers assumed; handing over takes longer where sealed.
- **Sites**: two that are on record, three reserves and a depot a district that are assumed. No stock of any depot is known.
{level_note}
## Scenarios
{scenarios}

## What is real, derived and assumed
"""

_LEVEL_NOTES = {
    "district": "- **Points** are points inside each district; its inside adds to every last lane.\n",
    "jiedao": (
        "- **Points** of the 234 jiedao are assumed (a spiral inside the district): no source has them. So are their shares\n"
        "  of the district's people (by number of committees), of its cases and of its access (40 % of them, chosen by rule,\n"
        "  have 80 % of the cases).\n"
    ),
    "committee": (
        "- **Points** are those of the jiedao, assumed (a spiral inside the district); committees of a jiedao are alike.\n"
    ),
}

_MEANING = {
    "sourced": "read in a source, which is named",
    "derived": "computed from sourced figures",
    "assumed": "chosen by us so that the case holds together: change them freely",
}


def shanghai_readme(level: str, instance: Instance) -> str:
    """Return the text of README.md for the instance of a level."""
    scenarios = instance["scenarios"]
    intro = _INTRO.format(
        level=level,
        communities=len(instance["communities"]),
        sites=len(instance["sites"]),
        needs=len(instance["needs"]),
        level_note=_LEVEL_NOTES[level],
        scenarios="\n".join(
            f"- `{scenario}`: {name}" for scenario, name in zip(scenarios["scenario_id"], scenarios["name"], strict=True)
        ),
    )
    figures = read_figures("shanghai_2022")
    tables = read_figures("shanghai_2022_tables")
    parts = [intro]
    for status in STATUSES:
        parts.append(f"### {status.capitalize()}: {_MEANING[status]}\n")
        parts.append(_whole_tables(tables[tables["status"] == status]))
        parts.append(_single_figures(figures[figures["status"] == status]))
    return "\n".join(parts)


def _whole_tables(rows: pd.DataFrame) -> str:
    if rows.empty:
        return ""
    return _markdown(["table", "columns", "source", "note"], rows[["table", "column", "source", "note"]])


def _single_figures(rows: pd.DataFrame) -> str:
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
