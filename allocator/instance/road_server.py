"""Ask a road server for the ways between places; called only when a user names its address."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pandas as pd

from allocator.errors import UsageError
from allocator.instance.road_tables import osrm_request, valhalla_request

SECONDS = 120
MOST_BYTES = 1024**3


def ask(kind: str, server: str, where: pd.DataFrame) -> dict[str, Any]:
    """Return the answer of a server as it came.

    Args:
        kind: osrm or valhalla.
        server: Its address, such as http://localhost:5000.
        where: The points, from `points`.

    Raises:
        UsageError: E2372, when the address is none or the server does not answer with JSON.
    """
    if urlsplit(server).scheme not in ("http", "https"):
        raise _failed(server, "the address must begin with http:// or https://")
    if kind == "osrm":
        request = Request(osrm_request(where, server))
    else:
        body = valhalla_request(where).encode()
        address = f"{server.rstrip('/')}/sources_to_targets"
        request = Request(address, body, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=SECONDS) as stream:
            found = json.loads(stream.read(MOST_BYTES))
    except (URLError, OSError, ValueError) as error:
        raise _failed(server, f"the server gave no answer: {error}") from None
    if not isinstance(found, dict):
        raise _failed(server, "the answer is no JSON object")
    return found


def _failed(server: str, rule: str) -> UsageError:
    action = "look at the address and at the limit of the server, or ask by hand and save the JSON"
    return UsageError.because(rule, where="server", value=server, action=action, code="E2372")
