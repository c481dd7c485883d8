"""Where parallel work runs: threads, processes, or a Dask cluster (`dask://host:port`).

Work is placed once and called often: `place` makes an object where it will live, `call` runs a
function on every placed object with the same arguments and returns the results in order. HiGHS
releases Python's lock, so threads use all cores; PyVRP does not, so it takes processes. On a
cluster a lost object is made again from its recipe by the scheduler, and the calls that were lost
with it are repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

from allocator.engine.processes import Processes
from allocator.errors import UsageError

DASK = "dask://"
PROCESSES = "processes"
Placed = Any


class Workers(Protocol):
    """Places objects and calls functions on them."""

    @property
    def count(self) -> int:
        """How many calls run at a time."""

    def place(self, make: Callable[..., Any], recipes: Iterable[tuple[Any, ...]]) -> list[Placed]:
        """Make one object a recipe: make(*recipe)."""

    def call(
        self, function: Callable[..., Any], placed: Sequence[Placed], *arguments: Any
    ) -> list[Any]:
        """Return [function(object, *arguments) for every object], in order."""


@contextmanager
def open_workers(address: str = "", threads: int = 1) -> Iterator[Workers]:
    """Give the workers of an address: blank for threads, `processes`, dask://host:port.

    Processes end with this one, however it ends.

    Raises:
        UsageError: The address is of another kind, Dask is missing, or the cluster is out of reach.
    """
    if not address:
        with ThreadPoolExecutor(threads) as pool:
            yield Threads(pool, threads)
    elif address == PROCESSES:
        own = Processes(threads)
        try:
            yield own
        finally:
            own.close()
    elif address.startswith(DASK):
        client = _client(address)
        try:
            yield Dask(client)
        finally:
            client.close()
    else:
        raise UsageError.because(
            "no such kind of workers",
            value=address,
            action="leave it out for threads, or name a Dask scheduler as dask://host:port",
            code="E2501",
        )


class Threads:
    """Workers that are threads of this process; objects live in its memory."""

    def __init__(self, pool: ThreadPoolExecutor, count: int) -> None:
        """Use the pool."""
        self._pool, self.count = pool, count

    def place(self, make: Callable[..., Any], recipes: Iterable[tuple[Any, ...]]) -> list[Placed]:
        """Make the objects."""
        return list(self._pool.map(lambda recipe: make(*recipe), recipes))

    def call(
        self, function: Callable[..., Any], placed: Sequence[Placed], *arguments: Any
    ) -> list[Any]:
        """Call in threads."""
        return list(self._pool.map(lambda one: function(one, *arguments), placed))


class Dask:
    """Workers of a Dask cluster; objects live with the worker that made them."""

    def __init__(self, client: Any) -> None:
        """Use the client."""
        self._client = client

    @property
    def count(self) -> int:
        """Return how many threads the cluster has now."""
        return max(1, sum(int(threads) for threads in self._client.nthreads().values()))

    def place(self, make: Callable[..., Any], recipes: Iterable[tuple[Any, ...]]) -> list[Placed]:
        """Submit the recipes; the scheduler keeps them and repeats one whose worker is lost."""
        return [self._client.submit(make, *recipe, pure=False) for recipe in recipes]

    def call(
        self, function: Callable[..., Any], placed: Sequence[Placed], *arguments: Any
    ) -> list[Any]:
        """Submit one call an object, where the object is, and wait for all."""
        calls = [self._client.submit(function, one, *arguments, pure=False) for one in placed]
        return list(self._client.gather(calls))


def _client(address: str) -> Any:
    try:
        import distributed
    except ImportError:
        raise UsageError.because(
            "Dask is not installed",
            value=address,
            action="install the extra: pip install 'community-allocator[cluster]'",
            code="E2502",
        ) from None
    try:
        scheduler: Any = distributed
        place = "tcp://" + address.removeprefix(DASK)
        return scheduler.Client(place, timeout=10, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError.because(
            f"no Dask scheduler answers there: {error}",
            value=address,
            action="start one with `dask scheduler` and workers with `dask worker HOST:PORT`",
            code="E2503",
        ) from None
