"""`allocator roads`: travel times of OSRM or Valhalla into an instance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from allocator.cli.envelope import Reply, run_command
from allocator.errors import UsageError

HELP = """
\b
Examples:
  allocator roads my-city --request osrm
  allocator roads my-city --osrm answer.json --out my-city-roads
  allocator roads my-city --valhalla answer.json --out my-city-roads
  allocator roads my-city --osrm http://localhost:5000 --out my-city-roads

Write the travel times of a road server into an instance: minutes and km of its links, and the
other pairs of places into roads.csv, which only routes read. No lane for goods is added.

An answer is JSON that OSRM (table service) or Valhalla (sources_to_targets) gave for all places
with points, communities first and then sites; --request prints what to ask. Nothing is asked over
the network unless an address is given in place of a file.
"""


@click.command(help=HELP)
@click.argument("instance", type=click.Path())
@click.option("--osrm", metavar="FILE|URL", help="Answer of OSRM, or the address of a server.")
@click.option("--valhalla", metavar="FILE|URL", help="Answer of Valhalla, or its address.")
@click.option("--request", type=click.Choice(["osrm", "valhalla"]), help="Print what to ask.")
@click.option("--save", type=click.Path(path_type=Path), help="Keep the answer of a server here.")
@click.option("--out", type=click.Path(), help="The instance to write.")
@run_command
def roads(
    instance: str,
    osrm: str | None,
    valhalla: str | None,
    request: str | None,
    save: Path | None,
    out: str | None,
) -> Reply:
    """Read an answer, or print the question."""
    from allocator.instance import load
    from allocator.instance.road_tables import points

    given = {"osrm": osrm, "valhalla": valhalla}
    sources = [(kind, source) for kind, source in given.items() if source]
    if len(sources) + bool(request) != 1 or bool(sources) != bool(out):
        raise _unclear()
    found = load(instance)
    where = points(found)
    if request:
        return _asked(request, where)
    kind, source = sources[0]
    return _written(found, kind, _answer(kind, source, where, save), where, str(out))


def _asked(kind: str, where: Any) -> Reply:
    from allocator.instance.road_tables import osrm_request, valhalla_request

    text = osrm_request(where, "http://SERVER") if kind == "osrm" else valhalla_request(where)
    return Reply(text, {"request": text, "places": where["place_id"].tolist()})


def _answer(kind: str, source: str, where: Any, save: Path | None) -> Any:
    from allocator.instance.road_server import ask

    if "://" in source:
        answer = ask(kind, source, where)
        if save:
            save.write_text(json.dumps(answer), encoding="utf-8")
        return answer
    try:
        found = json.loads(Path(source).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise _unread(source, str(error)) from None
    if not isinstance(found, dict):
        raise _unread(source, "no JSON object")
    return found


def _written(found: Any, kind: str, answer: Any, where: Any, out: str) -> Reply:
    from allocator.instance import instance_hash, save
    from allocator.instance.road_tables import ROADS, with_roads

    timed = with_roads(found, ROADS[kind](answer, where))
    path = save(timed, out)
    counts = {"places": len(where), "links": len(timed["links"]), "roads": len(timed["roads"])}
    lost = int(timed["roads"]["minutes"].isna().sum())
    text = f"{path} holds times between {counts['places']:,} places; {lost:,} pairs have no way"
    data = {"path": path, "no_way": lost, "hash": instance_hash(timed), **counts}
    return Reply(text, data)


def _unread(source: str, why: str) -> UsageError:
    return UsageError.because(
        f"the answer cannot be read: {why}",
        where=source,
        action="name a JSON file as the server gave it, or an address with http://",
        code="E2373",
    )


def _unclear() -> UsageError:
    return UsageError.because(
        "what to do is not clear",
        where="allocator roads",
        action="give --osrm or --valhalla with --out, or --request alone",
        code="E2374",
    )
