"""`allocator schema`: the tables and fields of an instance."""

from __future__ import annotations

from collections.abc import Iterator

import click

from allocator.cli.envelope import Reply, run_command
from allocator.cli.layout import table as fitted
from allocator.errors import UsageError

Rows = Iterator[tuple[str, ...]]
HELP = """
\b
Examples:
  allocator schema
  allocator schema needs
  allocator schema policy
  allocator schema needs --json
  allocator schema --markdown > tables.md

List the tables of an instance, or the fields of one with type, unit, default and meaning.

With --json: the Table Schema of a table, or the JSON Schema of an instance in one JSON file.
"""


@click.command(help=HELP)
@click.argument("table", required=False, default="")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print a page in Markdown.")
@run_command
def schema(table: str, as_markdown: bool) -> Reply:
    """Show the schema."""
    from allocator.instance.describe import POLICY, markdown
    from allocator.instance.schema import tables

    if table not in ("", POLICY, *tables()):
        raise _unknown(table, [*tables(), POLICY])
    text = markdown(table).rstrip("\n") if as_markdown else _text(table)
    return Reply(text, _data(table))


def _unknown(table: str, known: list[str]) -> UsageError:
    from difflib import get_close_matches

    return UsageError.because(
        "there is no such table",
        value=table,
        action=f"name one of {', '.join(known)}",
        suggestion=next(iter(get_close_matches(table, known, n=1)), ""),
        code="E2104",
    )


def _data(table: str) -> dict[str, object]:
    from allocator.instance.datapackage import table_schema
    from allocator.instance.describe import POLICY, fields_as_dicts, settings_as_dicts
    from allocator.instance.json_schema import instance_schema
    from allocator.instance.schema import tables

    if table == POLICY:
        return {"keys": settings_as_dicts()}
    if table:
        return {"fields": fields_as_dicts(table), "table_schema": table_schema(table)}
    schemas = {name: table_schema(name) for name in tables()}
    return {"tables": list(tables()), "json_schema": instance_schema(), "table_schemas": schemas}


def _text(table: str) -> str:
    from allocator.instance.describe import POLICY

    rows = _policy_rows() if table == POLICY else _field_rows(table) if table else _table_rows()
    return fitted(next(rows), list(rows))


def _table_rows() -> Rows:
    from allocator.instance.assemble import REQUIRED_TABLES
    from allocator.instance.describe import POLICY
    from allocator.instance.schema import tables

    yield "table", "required", "fields"
    for name, specs in tables().items():
        needed = "yes" if name in REQUIRED_TABLES else ""
        yield name, needed, ", ".join(spec.name for spec in specs)
    yield POLICY, "", "the keys of policy.toml"


def _policy_rows() -> Rows:
    from allocator.instance.describe import allowed
    from allocator.instance.schema import settings

    yield "key", "type", "default", "meaning"
    for spec in settings().values():
        yield spec.name, spec.type, spec.default, _meaning(spec.meaning, allowed(spec))


def _field_rows(table: str) -> Rows:
    from allocator.instance.describe import allowed
    from allocator.instance.schema import tables

    yield "field", "required", "type", "unit", "default", "meaning"
    for spec in tables()[table]:
        needed = "yes" if spec.required else ""
        meaning = _meaning(spec.meaning, allowed(spec))
        yield spec.name, needed, spec.type, spec.unit, spec.default, meaning


def _meaning(meaning: str, choice: str) -> str:
    return f"{meaning} ({choice})" if choice else meaning
