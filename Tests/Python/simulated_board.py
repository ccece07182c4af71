"""Drives the simulated board over a pty in the raw REPL, and the TCP servers it talks to. Standard library only."""

import os
import pathlib
import pty
import select
import shutil
import socket
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOARD = ROOT / "fixtures" / "board" / "simulated"
INTERPRETER = pathlib.Path(os.environ.get("WSRIG_MICROPYTHON") or ROOT / ".venv" / "bin" / "micropython")
# The interpreter is an extension module: the Python of its virtual environment is what runs it.
BIN = INTERPRETER.parents[3] / "bin" if INTERPRETER.suffix == ".so" else INTERPRETER.parent
PYTHON = str(BIN / "python3")
if not os.access(PYTHON, os.X_OK):
    raise SystemExit(f"{PYTHON} is not there: run scripts/setup, or let WSRIG_MICROPYTHON name the interpreter")
DEADLINE = 20.0


class Board:
    """One life of the simulated board, from its start to the end of its process."""

    def __init__(self, image, raw=True, **settings):
        environment = {"WSRIG_SIM_FS": str(image), "WSRIG_SIM_RUN_MAIN": "0", "SECRET_OF_THE_HOST": "42"}
        environment.update({"WSRIG_SIM_" + name.upper(): str(value) for name, value in settings.items()})
        self.ended = None
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            try:
                os.execve(PYTHON, [PYTHON, str(BOARD / "launch.py")], {**os.environ, **environment})
            finally:
                os._exit(127)  # a child that could not become the board must not go on as a second test run
        if raw:
            self.banner = self.until(b">>> ")
            self.send(b"\x01")
            self.raw_banner = self.until(b"exit\r\r\n>")

    def send(self, data):
        os.write(self.terminal, data)

    def until(self, mark):
        data, end = b"", time.monotonic() + DEADLINE
        while mark not in data:
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {mark!r} in {data!r}")
            try:
                chunk = os.read(self.terminal, 65536)
            except OSError:
                chunk = b""
            if not chunk:
                raise AssertionError(f"the board ended; no {mark!r} in {data!r}")
            data += chunk
        return data

    def run(self, code):
        """What the code printed; an exception on the board fails the test."""
        output, error = self.attempt(code)
        if error:
            raise AssertionError(error)
        return output

    def attempt(self, code):
        self.send(code.encode() + b"\x04")
        data = self.until(b"\x04>")
        output, error = data.removeprefix(b"OK")[:-2].split(b"\x04")
        return output.decode(), error.decode()

    def write(self, name, text):
        self.run(f"f = open({name!r}, 'w')\nf.write({text!r})\nf.close()")

    def status(self):
        """The exit status, once the process ends by itself."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                break
            try:
                if not os.read(self.terminal, 65536):
                    break
            except OSError:
                break
        else:
            raise AssertionError("the board runs on")
        self.ended = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.ended

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.ended is None:
            os.kill(self.pid, 9)
            self.ended = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if self.terminal >= 0:
            os.close(self.terminal)
            self.terminal = -1


class Listener:
    """A TCP server on loopback that hands each connection to a function in a thread of its own."""

    def __init__(self, handle, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(16)
        self.port = self.socket.getsockname()[1]
        self.handle = handle
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                self.handle(connection)
            except OSError:
                pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def echo(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := connection.recv(65536):
        connection.sendall(data)


class SimulatedBoardTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wsrig-sim-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.image = self.folder / "flash.img"

    def board(self, **settings):
        board = Board(self.image, **settings)
        self.addCleanup(board.stop)
        return board

    def listener(self, handle, **options):
        listener = Listener(handle, **options)
        self.addCleanup(listener.close)
        return listener.port
