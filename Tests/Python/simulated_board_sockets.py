"""Tests of the simulated board's sockets: lwIP's limits and errors, poll, asyncio, TLS, the example program."""

import base64
import fcntl
import hashlib
import re
import select
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

from needs import needs
from simulated_board import DEADLINE, ROOT, Board, SimulatedBoardTest, echo

SIOCOUTQ = 0x5411


def echo_messages(connection):
    """A WebSocket echo server, just enough for the example program: short masked frames, whole messages."""
    stream = connection.makefile("rwb")
    head = {}
    while (line := stream.readline().strip()):
        name, _, value = line.partition(b":")
        head[name.lower()] = value.strip()
    key = head[b"sec-websocket-key"] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key).digest())
    stream.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    stream.flush()
    while len(start := stream.read(2)) == 2:
        key, data = stream.read(4), stream.read(start[1] & 0x7F)
        stream.write(bytes((start[0], len(data))) + bytes(b ^ key[i % 4] for i, b in enumerate(data)))
        stream.flush()
        if start[0] & 0x0F == 8:
            return


class SocketTest(SimulatedBoardTest):
    OPEN = """
import socket, time, select, gc
def dial(port):
  s = socket.socket()
  s.connect(('127.0.0.1', port))
  return s
"""

    def test_five_connections_and_what_frees_them(self):
        board = self.board()
        board.run(self.OPEN + "s = [socket.socket() for _ in range(5)]")
        self.assertIn("[Errno 12] ENOMEM", board.attempt("socket.socket()")[1])
        self.assertEqual(board.run("socket.socket(2, 2).close()\nprint('udp')"), "udp\r\n")
        self.assertEqual(board.run("s[0].close()\ns[0] = socket.socket()\nprint('closed')"), "closed\r\n")
        self.assertEqual(board.run("s = None\ngc.collect()\nprint(len([socket.socket() for _ in range(3)]))"), "3\r\n")

    def test_five_is_not_a_limit_with_lwip_off(self):
        board = self.board(lwip="off")
        self.assertEqual(board.run("import socket\nprint(len([socket.socket() for _ in range(9)]))"), "9\r\n")

    def test_a_listener_takes_no_connection(self):
        board = self.board()
        board.run("import socket\nl = socket.socket()\nl.setsockopt(1, socket.SO_REUSEADDR, 1)\n"
                  "l.bind(('127.0.0.1', 0))\nl.listen(1)")
        self.assertEqual(board.run("print(len([socket.socket() for _ in range(5)]))"), "5\r\n")

    def test_writes_are_partial_at_the_send_buffer(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        port = self.listener(lambda connection: gate.wait(DEADLINE), receive_buffer=1)
        board = self.board()
        board.run(self.OPEN)
        for size in (65536, 800):
            total = board.run(
                f"s = dial({port})\ns.setblocking(False)\nn = []\nwhile True:\n  k = s.write(bytes({size}))\n"
                "  if k is None: break\n  n.append(k)\nprint(n[0], sum(n), s.write(b'x'))\ns.close()").split()
            self.assertEqual(int(total[0]), min(size, 6400))
            self.assertTrue(4800 <= int(total[1]) <= 8000, total)

    def test_unread_bytes_stop_the_sender_at_about_6400(self):
        held, done = [], threading.Event()

        def flood(connection):
            connection.setblocking(False)
            sent, since = 0, time.monotonic()
            while time.monotonic() - since < 0.3:
                try:
                    sent += connection.send(bytes(500))
                    since = time.monotonic()
                except BlockingIOError:
                    select.select([], [connection], [], 0.05)
            held.append(sent - struct.unpack("i", fcntl.ioctl(connection, SIOCOUTQ, bytes(4)))[0])
            done.set()

        port = self.listener(flood)
        board = self.board()
        board.run(self.OPEN + f"s = dial({port})")
        self.assertTrue(done.wait(DEADLINE))
        self.assertTrue(4800 <= held[0] <= 8000, held)

    def test_reads_are_short_when_non_blocking_and_full_when_blocking(self):
        sent = threading.Event()

        def serve(connection):
            connection.sendall(bytes(4000))
            sent.set()
            connection.recv(1)

        port = self.listener(serve)
        board = self.board()
        board.run(self.OPEN + f"s = dial({port})")
        self.assertTrue(sent.wait(DEADLINE))
        reads = "len(s.read(3000)), s.readinto(b), len(s.recv(900)), len(s.read(100)), len(s.read(4000))"
        self.assertEqual(board.run(f"s.setblocking(False)\nb = bytearray(3000)\nprint({reads})"), "800 800 800 100 700\r\n")
        self.assertEqual(board.run("s.setblocking(True)\nprint(len(s.read(800)))"), "800\r\n")
        board.run("s.setblocking(False)")
        self.assertEqual(board.run("print(s.read(1), s.readinto(b), s.readline())"), "None None None\r\n")
        self.assertIn("[Errno 11] EAGAIN", board.attempt("s.recv(1)")[1])

    def test_poll_sleeps_in_the_kernel(self):
        port = self.listener(echo)
        board = self.board()
        board.run(self.OPEN + f"s = dial({port})\np = select.poll()\np.register(s, select.POLLIN)")
        before = board.processor_seconds()
        waited = board.run("t = time.ticks_ms()\nprint(p.poll(1000), time.ticks_diff(time.ticks_ms(), t) >= 1000)")
        self.assertEqual(waited, "[] True\r\n")
        self.assertLess(board.processor_seconds() - before, 0.1)
        self.assertEqual(board.run("s.write(b'x')\nprint(p.poll(2000)[0][1], s.recv(9))"), "1 b'x'\r\n")

    def test_errors_have_a_board_s_numbers(self):
        def reset(connection):
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        port = self.listener(reset)
        board = self.board()
        board.run(self.OPEN)
        closed = socket.socket()
        closed.bind(("127.0.0.1", 0))
        self.addCleanup(closed.close)
        self.assertIn("[Errno 104] ECONNRESET", board.attempt(f"dial({closed.getsockname()[1]})")[1])
        board.run("s = socket.socket()\ns.setblocking(False)")
        self.assertIn("[Errno 115] EINPROGRESS", board.attempt(f"s.connect(('127.0.0.1', {port}))")[1])
        board.run(f"s = dial({port})\ns.write(b'x')")
        for action in ("s.read(1)", "s.read(1)", "s.write(b'x')", "s.recv(1)", "s.send(b'x')"):
            self.assertIn("[Errno 104] ECONNRESET", board.attempt(action)[1], action)
        self.assertIn("[Errno 9] EBADF", board.attempt("s.close()\ns.close()\ns.read(1)")[1])
        warning = board.run("socket.socket().setsockopt(1, 9, 1)")
        self.assertEqual(warning, "Warning: lwip.setsockopt() not implemented\r\n")
        found = board.run("print(socket.getaddrinfo('127.0.0.1', 80))")
        self.assertEqual(found, "[(2, 1, 0, '', ('127.0.0.1', 80))]\r\n")

    def test_all_stream_methods(self):
        board = self.board()
        board.run(self.OPEN + f"s = dial({self.listener(echo)})")
        self.assertEqual(
            board.run("s.settimeout(5)\ns.sendall(b'one\\ntwo\\n')\nf = s.makefile('rb')\n"
                      "print(f.readline(), f.readline())\n"
                      "s.write(b'abcdef', 3)\ns.write(b'abcdef', 3, 2)\ns.send(b'!')\nb = bytearray(4)\n"
                      "print(s.readinto(b, 4), b, s.recvfrom(1)[0] + s.recv(1), s.fileno() > 2)"),
            "b'one\\n' b'two\\n'\r\n4 bytearray(b'abcd') b'e!' True\r\n")

    def test_the_board_as_a_server_and_by_datagram(self):
        board = self.board()
        code = (self.OPEN + "l = socket.socket()\nl.bind(('127.0.0.1', 0))\nl.listen(1)\nl.setblocking(False)\n"
                "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nu.bind(('127.0.0.1', {0}))\n")
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        board.run(code.format(port))
        self.assertIn("EAGAIN", board.attempt("l.accept()")[1])
        address = f"('127.0.0.1', {port})"
        self.assertEqual(board.run(f"u.sendto(b'hi', {address})\nprint(u.recvfrom(9))"), f"(b'hi', {address})\r\n")

    ECHO = """
import asyncio, time
async def echo(port, size, count):
    address = '127.0.0.1'
    r, w = await asyncio.open_connection(address, port)
    r.s.setsockopt(6, 1, 1)
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    spent = []
    for _ in range(count):
        start = time.ticks_us()
        w.write(data)
        await w.drain()
        if await r.readexactly(size) != data: raise ValueError('other bytes')
        spent.append(time.ticks_diff(time.ticks_us(), start))
    w.close()
    await w.wait_closed()
    print(sorted(spent)[count // 2])
"""

    def test_asyncio_echo_over_both_modes(self):
        port = self.listener(echo)
        for mode in ("on", "off"):
            board = self.board(lwip=mode)
            board.run(self.ECHO)
            for size in (16, 1024, 16384):
                median = int(board.run(f"asyncio.run(echo({port}, {size}, 60))"))
                print(f"asyncio echo, lwip {mode}, {size} bytes: {median} us")
                self.assertLess(median, 20000)

    def test_many_connections_one_after_the_other(self):
        board = self.board()
        board.run(self.ECHO)
        port = self.listener(echo)
        self.assertEqual(board.run(f"for _ in range(60): asyncio.run(echo({port}, 16, 1))").count("\n"), 60)

    @needs(shutil.which("openssl"), "there is no openssl to make a certificate with")
    def test_tls_over_both_forms(self):
        key, certificate = self.folder / "key", self.folder / "certificate"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.maximum_version = ssl.TLSVersion.TLSv1_2

        def echo_over_tls(connection):
            with context.wrap_socket(connection, server_side=True) as secured:
                echo(secured)

        port = self.listener(echo_over_tls)
        board = self.board()
        secured = self.ECHO.replace("r.s.setsockopt(6, 1, 1)", "pass").replace("address, port", "address, port, ssl=True")
        board.run(self.OPEN + secured)
        hello = board.run(f"import ssl\nt = ssl.wrap_socket(dial({port}))\nprint(t.write(b'hello'), t.read(5))\nt.close()")
        self.assertEqual(hello, "5 b'hello'\r\n")
        board.run(f"asyncio.run(echo({port}, 5000, 3))")


class ExampleProgramTest(SimulatedBoardTest):
    PACKAGE = ROOT / "fixtures" / "async_websocket_client" / "code"

    def test_the_example_program_runs_with_nothing_changed_but_the_server(self):
        port = self.listener(echo_messages)
        main = (self.PACKAGE / "main.py").read_text()
        main, changed = re.subn(r'^TEST_URL = ".*"', f'TEST_URL = "ws://127.0.0.1:{port}/raw"', main, flags=re.MULTILINE)
        self.assertEqual(changed, 1)
        board = self.board()
        for module in self.PACKAGE.glob("async_websocketclient*.py"):
            board.write("/" + module.name, module.read_text())
        board.write("/main.py", main)
        board = Board(self.image, raw=False, run_main=1)
        self.addCleanup(board.stop)
        output = board.until(b">>> ").decode()
        for line in ("WiFi connected", "IP: 127.0.0.1", "WebSocket connected (WSS)", "Received: Hello from Pico2W!",
                     "Received: Pico count: 4", "Connection closed"):
            self.assertIn(line, output)
        self.assertNotIn("Exception", output)
