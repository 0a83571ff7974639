"""An HTTP server that takes every request, discards its body and answers 200: ``python -m benchmarks.discard PORT``."""

import asyncio
import sys


class _Discard(asyncio.Protocol):
    """Counts body bytes by Content-Length or chunks, as little as it can."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""
        self.left = 0
        self.chunked = False

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self.left:
            taken = min(self.left, len(self.buffer))
            self.buffer, self.left = self.buffer[taken:], self.left - taken
            return self.left == 0 and self._body_part_done()
        if self.chunked:
            line, found, rest = self.buffer.partition(b"\r\n")
            if not found:
                return False
            size = int(line.split(b";")[0] or b"0", 16)
            self.buffer, self.left = rest, size + 2
            self.chunked = size > 0
            return True
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        self.buffer = rest
        fields = {k.strip().lower(): v.strip() for k, _, v in (h.partition(b":") for h in head.split(b"\r\n")[1:])}
        self.chunked = fields.get(b"transfer-encoding", b"") == b"chunked"
        self.left = int(fields.get(b"content-length", b"0"))
        return self.chunked or bool(self.left) or self._answer()

    def _body_part_done(self) -> bool:
        return True if self.chunked else self._answer()

    def _answer(self) -> bool:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True


async def _main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Discard, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
