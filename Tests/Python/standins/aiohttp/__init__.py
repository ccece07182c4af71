# A stand-in with the part of micropython-lib's aiohttp API that the adapter uses, so that the adapter can be tested
# without that library: ClientSession, ws_connect as a context manager, messages with type and data.

import asyncio

import frames


class WSMsgType:
    TEXT = 1
    BINARY = 2
    ERROR = 258


class _Message:
    def __init__(self, kind, data):
        self.type = kind
        self.data = data


class _WebSocket:
    def __init__(self):
        self.reader = self.writer = None
        self.closed = False

    async def send(self, opcode, payload):
        self.writer.write(frames.frame(opcode, payload))
        await self.writer.drain()


class ClientWebSocketResponse:
    def __init__(self, ws):
        self.ws = ws

    def __aiter__(self):
        return self

    async def __anext__(self):
        ws = self.ws
        head = await ws.reader.read(2)
        if len(head) < 2:
            raise StopAsyncIteration
        more = frames.extension(head[1])
        n = frames.length(head[1], await ws.reader.readexactly(more) if more else b"")
        data = await ws.reader.readexactly(n) if n else b""
        opcode = head[0] & 15
        if opcode == 8:
            await self.close()
            raise StopAsyncIteration
        if opcode == 9:
            await ws.send(10, data)
        return _Message(opcode, data.decode() if opcode == 1 else data)

    async def send_str(self, data):
        await self.ws.send(1, data.encode())

    async def send_bytes(self, data):
        await self.ws.send(2, data)

    async def close(self):
        if not self.ws.closed:
            self.ws.closed = True
            await self.ws.send(8, b"")


class _Context:
    def __init__(self, session, opening):
        self.session = session
        self.opening = opening

    async def __aenter__(self):
        return await self.opening

    async def __aexit__(self, *args):
        await self.session._reader.aclose()


class ClientSession:
    def __init__(self):
        self._reader = None

    def ws_connect(self, url, ssl=None):
        return _Context(self, self._open(url, ssl))

    async def _open(self, url, ssl):
        host, port, target = frames.split(url)
        ws = _WebSocket()
        # As the library does it: for wss asyncio makes a context where none is given.
        ws.reader, ws.writer = await asyncio.open_connection(host, port, ssl=ssl or url.startswith("wss:"))
        ws.writer.write(frames.request(host, port, target))
        await ws.writer.drain()
        status = await ws.reader.readline()
        assert status.startswith(b"HTTP/1.1 101 "), status
        while (await ws.reader.readline()).strip():
            pass
        self._reader = ws.reader
        return ClientWebSocketResponse(ws)
