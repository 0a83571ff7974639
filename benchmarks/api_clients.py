"""Clients of an API in a process of their own, so that they share no lock with it."""

import http.client
import threading
import time
from collections.abc import Sequence
from multiprocessing import get_context
from urllib.parse import urlsplit


def latencies(url: str, paths: Sequence[str], clients: int) -> list[float]:
    """Seconds of each request; ``paths`` are dealt to ``clients`` threads, each with one open connection.

    Raises :class:`AssertionError` for an answer that is not 200.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_spread, (url, paths, clients))


def _spread(url: str, paths: Sequence[str], clients: int) -> list[float]:
    found: list[float] = []
    wrong: list[str] = []
    shares = [paths[number::clients] for number in range(clients)]
    threads = [threading.Thread(target=_ask, args=(url, share, found, wrong)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[0]
    return found


def _ask(url: str, paths: Sequence[str], found: list[float], wrong: list[str]) -> None:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    for path in paths:
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        found.append(time.perf_counter() - begun)
        if answer.status != 200:
            wrong.append(f"{path}: {answer.status} {body[:300]!r}")
            return
    connection.close()
