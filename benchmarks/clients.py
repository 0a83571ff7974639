"""Load from a process of its own: ``python -m benchmarks.clients URL REQUESTS CONNECTIONS FIRST``.

Each connection sends requests of 512 spans one after another and waits for each answer, as an exporter does; an
answer of "later" is obeyed. Prints how many spans were acknowledged.
"""

import asyncio
import sys
import time
from urllib.parse import urlsplit

from benchmarks.load import Load

SPANS = 512


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = next((int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")), 0)
    if length:
        await reader.readexactly(length)
    return status


async def _connection(host: str, port: int, numbers: asyncio.Queue[int], load: Load) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    acknowledged = 0
    while not numbers.empty():
        number = numbers.get_nowait()
        body = load.request(number, time.time_ns() - 10_000_000_000)
        head = (
            f"POST /v1/traces HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-protobuf\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        while True:
            writer.write(head.encode() + body)
            await writer.drain()
            status = await _answer(reader)
            if status == 200:
                acknowledged += SPANS
                break
            if status not in (429, 503):
                raise RuntimeError(f"answered {status}")
            await asyncio.sleep(0.2)
    writer.close()
    return acknowledged


async def _main(url: str, requests: int, connections: int, first: int) -> None:
    parts = urlsplit(url)
    numbers: asyncio.Queue[int] = asyncio.Queue()
    for number in range(first, first + requests):
        numbers.put_nowait(number)
    load = Load(spans=SPANS)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    sent = await asyncio.gather(*(_connection(host, port, numbers, load) for _ in range(connections)))
    print(sum(sent))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
