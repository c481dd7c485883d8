"""The schema in words: the page of all tables, and the lines of one of them."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.instance.assemble import REQUIRED_TABLES
from allocator.instance.schema import Field, Setting, settings, tables

POLICY = "policy"
_HEAD = """# Tables of an instance

<!-- Made from fields.csv and policy.csv by `allocator schema --markdown`; do not edit. -->

An instance is a folder of CSV tables with a `policy.toml`, or the same in one .zip, .json or
.xlsx. The tables in **bold** are required. Ids are texts and unique over all places. A blank
in a required field is an error; elsewhere it means the default. Columns that are not listed are
kept; `source`, `as_of`, `confidence`, `imputed` and `exercise` may stand in any table.
Scenarios, overlays and the bulk tables `scenario_...` lie in the folder `scenarios`. Only
pre-positioning reads `sizes`, `reserves`, `agreements` and `reserve_pins`; see scenarios.md.
Only routes read `capacities`, `loads`, `curfews`, `stops`, `roads` and `route_pins`; see routes.md.
"""


def markdown(name: str = "") -> str:
    """Return the page of all tables, or the section of one table or of the policy."""
    if name == POLICY:
        return "\n".join(_policy_section()) + "\n"
    if name:
        return "\n".join(_table_section(name)) + "\n"
    parts = [_HEAD, "\n".join(_contents()), ""]
    parts += ["\n".join(_table_section(table)) + "\n" for table in tables()]
    return "\n".join([*parts, "\n".join(_policy_section())]) + "\n"


def fields_as_dicts(table: str) -> list[dict[str, object]]:
    """Return the fields of a table for programs."""
    return [
        {
            "field": spec.name,
            "type": spec.type,
            "unit": spec.unit,
            "required": spec.required,
            "key": spec.key,
            "default": spec.default,
            "minimum": spec.minimum,
            "maximum": spec.maximum,
            "values": list(spec.values),
            "refers_to": spec.refers_to,
            "meaning": spec.meaning,
        }
        for spec in tables()[table]
    ]


def settings_as_dicts() -> list[dict[str, object]]:
    """Return the keys of policy.toml for programs."""
    return [
        {
            "key": spec.name,
            "type": spec.type,
            "default": spec.default,
            "minimum": spec.minimum,
            "maximum": spec.maximum,
            "values": list(spec.values),
            "meaning": spec.meaning,
        }
        for spec in settings().values()
    ]


def allowed(spec: Field | Setting) -> str:
    """Return what a field may hold: its words, bounds or the table it leads to."""
    if spec.values:
        return ", ".join(spec.values)
    if isinstance(spec, Field) and spec.refers_to:
        return f"an id of {spec.refers_to.replace('_', ', ')}"
    if spec.minimum is None and spec.maximum is None:
        return ""
    low = "" if spec.minimum is None else f"{spec.minimum:,.12g}"
    high = "" if spec.maximum is None else f"{spec.maximum:,.12g}"
    return f"{low} to {high}"


def _contents() -> Iterator[str]:
    for table in (*tables(), POLICY):
        link = f"[{table}](#{table})"
        yield f"- **{link}**" if table in REQUIRED_TABLES else f"- {link}"


def _table_section(table: str) -> Iterator[str]:
    keys = [spec.name for spec in tables()[table] if spec.key]
    yield f"## {table}"
    yield ""
    if keys:
        yield f"One row for each {', '.join(keys)}."
        yield ""
    yield "| field | type | unit | default | allowed | meaning |"
    yield "|---|---|---|---|---|---|"
    for spec in tables()[table]:
        name = f"**{spec.name}**" if spec.required else spec.name
        cells = (name, spec.type, spec.unit, spec.default, allowed(spec), spec.meaning)
        yield _row(cells)


def _policy_section() -> Iterator[str]:
    yield f"## {POLICY}"
    yield ""
    yield "The keys of `policy.toml`."
    yield ""
    yield "| key | type | default | allowed | meaning |"
    yield "|---|---|---|---|---|"
    for spec in settings().values():
        yield _row((spec.name, spec.type, spec.default, allowed(spec), spec.meaning))


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
