"""What the tests of the agent share: the interpreter, a board on a pseudo-terminal, a parser of the agent's records that
has no line in common with the rig's, and a small scripted WebSocket server."""

import base64
import glob
import hashlib
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BOARD = os.path.join(ROOT, "fixtures", "board")
DEADLINE = 20  # seconds for anything here; nothing takes it unless it is broken


def interpreter():
    """The command that runs MicroPython: WSRIG_MICROPYTHON, or what `scripts/setup` installed.

    The package has no executable: its library is a Python extension, started by the script in the `bin` folder of the
    same environment, so that a path to the library stands for that script."""
    found = [os.environ.get("WSRIG_MICROPYTHON")]
    found += glob.glob(os.path.join(ROOT, ".venv/lib/python3*/site-packages/micropython_run*.so"))
    for path in filter(None, found):
        if path.endswith(".so"):
            path = os.path.join(path.split("/lib/python3")[0], "bin", "micropython")
        if os.access(path, os.X_OK):
            return path
    raise FileNotFoundError("no MicroPython interpreter: set WSRIG_MICROPYTHON")


def records(output):
    """The agent's records in what a board printed, and the rest of it."""
    good, foreign = [], []
    for line in output.replace("\r", "").split("\n"):
        found = re.search("~W:([0-9a-f]{8}):([ -~]+)$", line)
        if found and zlib.crc32(found[2].encode()) == int(found[1], 16):
            good.append(json.loads(found[2]))
            line = line[: found.start()]
        foreign.append(line)
    return good, "\n".join(foreign)


class Case:
    """The records of one case, checked for being complete."""

    def __init__(self, output):
        found, self.foreign = records(output)
        self.all = found
        self.begin = next(r for r in found if r["k"] == "begin")
        self.end = [r for r in found if r["k"] == "end"][-1]
        events = {r["n"]: r for r in found if r["k"] == "event"}  # one may be printed twice around an interrupt
        assert sorted(events) == list(range(self.end["events"])), "events are missing"
        self.events = [events[i] for i in range(len(events))]
        times = [e["us"] for e in self.events]
        assert times == sorted(times) and (not times or times[0] == 0), times

    @property
    def kinds(self):
        return [e["kind"] for e in self.events]

    def of(self, kind):
        return [e for e in self.events if e["kind"] == kind]


def digest(payload):
    data = payload.encode() if isinstance(payload, str) else payload
    return {
        "text": isinstance(payload, str),
        "length": len(data),
        "sha1": hashlib.sha1(data).hexdigest(),
        "head": data[:64].hex(),
    }


class Board:
    """A folder of modules and the interpreter that runs them."""

    def __init__(self, adapter, modules=(), client=None, heap="400K"):
        self.folder = tempfile.mkdtemp(prefix="wsrig-agent-")
        self.heap = heap
        self.load = "import wsrig_agent as _w; _w.load('wsrig_adapter', client=%r)" % client
        os.symlink(os.path.join(BOARD, "agent.py"), os.path.join(self.folder, "wsrig_agent.py"))
        os.symlink(adapter, os.path.join(self.folder, "wsrig_adapter.py"))
        for m in modules:
            os.symlink(m, os.path.join(self.folder, os.path.basename(m)))
        self.environment = dict(os.environ, MICROPYPATH=self.folder + ":.frozen")

    def close(self):
        shutil.rmtree(self.folder)

    def command(self, *more):
        return [interpreter(), "-X", "heapsize=" + self.heap, *more]

    def execute(self, *lines):
        """Runs lines after loading; the whole output."""
        script = "\n".join((self.load,) + lines)
        done = subprocess.run(
            self.command("-c", script), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=DEADLINE, text=True,
        )
        return done.stdout

    def run(self, steps, url="ws://127.0.0.1:1", **more):
        return Case(self.execute("_w.run(%r)" % case(steps, url, **more)))


def case(steps, url="ws://127.0.0.1:1", **more):
    tasks = [["main", steps]] if steps and isinstance(steps[0][0], str) and isinstance(steps[0][1], (str, int)) else steps
    if tasks is steps:
        tasks = [[name, list(s)] for name, s in steps]
    return dict({"id": "case", "url": url, "tasks": tasks, "limit": 64}, **more)


# Ctrl-C as on a board: in the interpreter as it is, a second one that comes before the first is raised ends the process.
WITH_A_BOARDS_INTERRUPTS = """
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))
import interrupts, micropython_run
assert interrupts.behave_like_a_board(micropython_run.__file__)
sys.exit(micropython_run.run_main(sys.argv[1:]))
"""


class Console:
    """A board in the raw REPL on a pseudo-terminal, as a link sees it."""

    def __init__(self, board):
        micropython, *options = board.command()
        python = os.path.join(os.path.dirname(micropython), "python3")
        command = [python, "-c", WITH_A_BOARDS_INTERRUPTS, os.path.join(BOARD, "simulated"), micropython, *options]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # A terminal throws away unread output at an interrupt, and shows it amid a record: a board's USB does neither.
            mode = termios.tcgetattr(0)
            mode[3] = mode[3] & ~termios.ECHO | termios.NOFLSH
            termios.tcsetattr(0, termios.TCSANOW, mode)
            try:
                os.execve(command[0], command, board.environment)
            finally:
                os._exit(127)  # a child that could not become the board must not go on as a second test run
        self.buffer = b""
        self.until(b">>> ")
        self.write(b"\x01")
        self.until(b"raw REPL; CTRL-B to exit\r\r\n>", b"raw REPL; CTRL-B to exit\r\n>")
        self.start(board.load)
        assert "loaded" in self.finish()

    def write(self, data):
        os.write(self.fd, data)

    def until(self, *ends):
        limit = time.monotonic() + DEADLINE
        while not any(e in self.buffer for e in ends):
            left = limit - time.monotonic()
            assert left > 0 and select.select([self.fd], [], [], left)[0], self.buffer
            self.buffer += os.read(self.fd, 4096)
        at = min(self.buffer.index(e) + len(e) for e in ends if e in self.buffer)
        out, self.buffer = self.buffer[:at], self.buffer[at:]
        return out.decode(errors="replace")

    def start(self, code):
        self.write(code.encode() + b"\x04")
        self.until(b"OK")

    def interrupt(self):
        self.write(b"\x03")

    def finish(self, may_be_interrupted_behind=False):
        """The output of what was started, once it has ended without a traceback. An interrupt that comes when the agent
        has returned is raised in the program that called it, as on a board: without a frame of the agent's."""
        out = self.until(b"\x04")
        error = self.until(b"\x04>")[:-2].replace("\r", "")
        assert not error or may_be_interrupted_behind and error == "KeyboardInterrupt: \n", error
        return out[:-1]

    def sockets(self):
        links = (os.path.join("/proc/%d/fd" % self.pid, n) for n in os.listdir("/proc/%d/fd" % self.pid))
        return sum(os.readlink(n).startswith("socket:") for n in links)

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Server:
    """Runs one function for each connection, which it finds by the path of the request; over TLS where it has a context for that."""

    def __init__(self, tls=None, **scripts):
        self.tls = tls
        self.scripts = scripts
        self.requests = []
        self.failures = []
        self.opened = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "%s://127.0.0.1:%d" % ("wss" if tls else "ws", self.listener.getsockname()[1])
        self.threads = []
        self.accepting = threading.Thread(target=self.accept)
        self.accepting.start()

    def accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            s.settimeout(DEADLINE)
            t = threading.Thread(target=self.serve, args=(s,))
            self.threads.append(t)
            t.start()

    def serve(self, s):
        with s:
            try:
                if self.tls:
                    s = self.tls.wrap_socket(s, server_side=True)
                peer = Peer(s)
                self.requests.append(peer.head)
                script = self.scripts[peer.path.strip("/").split("?")[0]]
                if not getattr(script, "refuses", False):
                    peer.accept()
                self.opened.set()
                script(peer)
            except (AssertionError, KeyError) as e:
                self.failures.append(repr(e))
            except OSError:
                pass
            finally:
                s.close()  # whoever reads it through TLS now

    def close(self):
        """Waits for the scripts; their failed assertions are its own."""
        if self.listener.fileno() < 0:
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.accepting.join()
        for t in self.threads:
            t.join()
        assert not self.failures, self.failures


class Peer:
    """The server's side of one connection."""

    def __init__(self, s):
        self.file = s.makefile("rb")
        self.socket = s
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            line = self.file.readline()
            assert line, "end of stream in the request"
            self.head += line
        self.path = self.head.split(b" ")[1].decode()

    def field(self, name):
        for line in self.head.split(b"\r\n")[1:]:
            n, _, v = line.partition(b":")
            if n.strip().lower() == name:
                return v.strip()
        return None

    def accept(self):
        key = self.field(b"sec-websocket-key")
        digest = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        chosen = self.field(b"sec-websocket-protocol")
        if chosen:
            head += b"Sec-WebSocket-Protocol: " + chosen.split(b",")[0] + b"\r\n"
        self.socket.sendall(head + b"Sec-WebSocket-Accept: " + digest + b"\r\n\r\n")

    def send(self, opcode, payload=b""):
        n = len(payload)
        more = bytes([n]) if n < 126 else b"\x7e" + struct.pack("!H", n) if n < 65536 else b"\x7f" + struct.pack("!Q", n)
        self.socket.sendall(bytes([0x80 | opcode]) + more + payload)

    def receive(self):
        """Opcode and payload, or None at the end of the stream."""
        head = self.file.read(2)
        if len(head) < 2:
            return None
        assert head[0] & 0x70 == 0 and head[1] & 0x80, head
        n = head[1] & 127
        if n > 125:
            n = int.from_bytes(self.file.read(2 if n == 126 else 8), "big")
        key = self.file.read(4)
        return head[0] & 15, bytes(b ^ key[i & 3] for i, b in enumerate(self.file.read(n)))

    def rest(self):
        """Everything up to the end of the stream."""
        frames = []
        while (f := self.receive()) is not None:
            frames.append(f)
        return frames
