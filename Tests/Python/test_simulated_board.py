"""Tests of fixtures/board/simulated: the real MicroPython, made like a Pico 2 W, driven over a pty in the raw REPL.

Standard library only. WSRIG_MICROPYTHON names the interpreter (micropython_run….so, or bin/micropython, of a virtual
environment); otherwise it is the one of the repository's .venv. Run: python3 Tests/Python/test_simulated_board.py
"""

import fcntl
import os
import pathlib
import pty
import select
import shutil
import socket
import struct
import subprocess
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
DEADLINE = 20.0
SIOCOUTQ = 0x5411


class Board:
    """One life of the simulated board, from its start to the end of its process."""

    def __init__(self, image, raw=True, **settings):
        environment = {"WSRIG_SIM_FS": str(image), "WSRIG_SIM_RUN_MAIN": "0", "SECRET_OF_THE_HOST": "42"}
        environment.update({"WSRIG_SIM_" + name.upper(): str(value) for name, value in settings.items()})
        self.ended = None
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(PYTHON, [PYTHON, str(BOARD / "launch.py")], {**os.environ, **environment})
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


class BootTest(SimulatedBoardTest):
    def test_an_empty_main_and_the_paths_of_a_board(self):
        board = self.board()
        self.assertEqual(board.run("print(sorted(n for n in dir() if n != '__file__'))"), "['__name__']\r\n")
        self.assertEqual(board.run("import sys\nprint(sys.path, sys.argv)"), "['', '.frozen', '/lib'] []\r\n")
        self.assertNotIn("board_", board.run("print(list(sys.modules))"))
        self.assertNotIn(str(ROOT), board.run("print(sys.modules)"))

    def test_heap_is_the_size_asked_for_and_in_one_piece(self):
        for size in (65536, 409600, 1000000):
            board = self.board(heap=size)
            free = int(board.run("import gc\ngc.collect()\nprint(gc.mem_free())"))
            self.assertAlmostEqual(free / size, 1, delta=0.08)
            self.assertEqual(board.run(f"print(len(bytearray({size * 7 // 10})))"), f"{size * 7 // 10}\r\n")
            self.assertLess(int(board.run("gc.collect()\nprint(gc.mem_alloc())")), 8192)

    def test_a_program_too_big_for_the_heap_gets_memory_error(self):
        self.assertIn("MemoryError", self.board(heap=65536).attempt("x = bytearray(70000)")[1])

    def test_output_ends_lines_with_crlf(self):
        self.assertEqual(self.board().run("print('a\\nb')"), "a\r\nb\r\n")

    def test_interrupt_is_not_echoed(self):
        board = self.board()
        board.send(b"print('go')\nwhile True: pass\x04")
        board.until(b"go\r\n")
        board.send(b"\x03")
        self.assertRegex(board.until(b"\x04>"), rb"^\x04Traceback[^^]*KeyboardInterrupt: \r\n\x04>$")

    def test_without_an_image_it_does_not_start(self):
        board = Board("", raw=False)
        self.addCleanup(board.stop)
        self.assertEqual(board.status(), 97)


class FileSystemTest(SimulatedBoardTest):
    def test_a_file_survives_a_soft_reset_and_a_kill(self):
        board = self.board()
        board.write("/kept.txt", "hello")
        board.send(b"\x04")
        self.assertEqual(board.status(), 0)
        for _ in range(2):
            board = self.board()
            self.assertEqual(board.run("print(open('/kept.txt').read())"), "hello\r\n")
            board.stop()

    def test_flash_is_two_and_a_half_mebibytes(self):
        blocks = self.board().run("import os\ns = os.statvfs('/')\nprint(s[0] * s[2], s[0] * s[3] > 2600000)")
        self.assertEqual(blocks, f"{2560 * 1024} True\r\n")
        self.assertLess(self.image.stat().st_blocks * 512, 1 << 20)

    def test_a_full_flash_says_so(self):
        code = "f = open('/big', 'w')\nfor i in range(700):\n  f.write(bytes(4096))\n"
        self.assertIn("OSError: 28", self.board().attempt(code)[1].replace("[Errno 28] ENOSPC", "28"))

    def test_a_damaged_image_is_formatted(self):
        self.image.write_bytes(bytes(range(256)) * 10000)
        self.assertEqual(self.board().run("import os\nprint(os.listdir('/'))"), "[]\r\n")

    def test_modules_are_imported_from_flash_and_lib(self):
        board = self.board()
        board.run("import os\nos.mkdir('/lib')")
        board.write("/lib/one.py", "value = 1")
        board.write("/two.py", "value = 2")
        self.assertEqual(board.run("import one, two\nprint(one.value, two.value)"), "1 2\r\n")

    def test_nothing_reaches_the_files_of_the_host(self):
        secret = self.folder / "secret"
        secret.write_text("of the host")
        inside = self.folder / "made"
        attempts = f"""
            open({str(secret)!r}).read() | open('/../..{secret}').read() | open('../../../../etc/passwd').read()
            os.listdir({str(self.folder)!r}) | os.remove({str(secret)!r}) | os.rename({str(secret)!r}, '/x')
            os.VfsPosix | vfs.VfsPosix | os.system('true') | os.getenv('HOME') | os.putenv('A', 'B')
            __import__('ffi') | __import__('start') | __import__('board_boot') | __import__('launch')
            execfile({str(secret)!r}) | uctypes.bytearray_at(0, 1) | machine.mem32[0]
            fresh('os').VfsPosix('/').open({str(secret)!r}, 'r').read() | posix().open({str(inside)!r}, 'w')
            posix().mkdir({str(inside)!r}) | posix().remove({str(secret)!r}) | posix().rename({str(secret)!r}, {str(inside)!r})
            posix().open('/proc/self/environ', 'r') | posix().open('/etc/passwd', 'r') | list(posix().ilistdir('/tmp'))
            posix().open({str(self.image.parent / 'other')!r}, 'w') | vfs.mount(posix(), '/host') or open('/host/etc/passwd')
        """
        board = self.board()
        board.run(
            "import os, vfs, sys, uctypes, machine\n"
            "def fresh(name):\n  for n in (name, 'u' + name): sys.modules.pop(n, None)\n  return __import__(name)\n"
            "def posix():\n  return fresh('vfs').VfsPosix('/')\n"
        )
        for attempt in filter(None, (part.strip() for line in attempts.splitlines() for part in line.split("|"))):
            with self.subTest(attempt):
                self.assertIn("Error", board.attempt(attempt)[1])
        # The host's own os, brought back, has a shell and an environment: there is nothing to run and nothing in it.
        self.assertNotEqual(board.run(f"print(fresh('os').system('echo > {inside}'))"), "0\r\n")
        self.assertEqual(board.run("o = fresh('os')\nprint(o.getenv('SECRET_OF_THE_HOST'), o.getenv('PATH'))"), "None None\r\n")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["flash.img", "secret"])
        self.assertEqual(secret.read_text(), "of the host")


class ResetTest(SimulatedBoardTest):
    def test_exit_status_tells_the_kind_of_reset(self):
        expected = {
            "import machine\nmachine.reset()": 99,
            "import machine\nmachine.bootloader()": 98,
            "import machine\nmachine.soft_reset()": 0,
            "import sys\nsys.exit(5)": 0,
            "raise SystemExit(5)": 0,
            "import asyncio, machine\nasync def f(): machine.reset()\nasyncio.run(f())": 99,
        }
        for code, status in expected.items():
            with self.subTest(code):
                board = self.board()
                board.send(code.encode() + b"\x04")
                self.assertEqual(board.status(), status)

    def test_ctrl_d_at_either_prompt_is_a_soft_reset(self):
        for leave in (b"", b"\x02"):
            board = self.board()
            board.send(leave)
            if leave:
                board.until(b">>> ")
            board.send(b"\x04")
            self.assertEqual(board.status(), 0)

    def started_with(self, **programs):
        board = self.board()
        for name, text in programs.items():
            board.write(f"/{name}.py", text)
        return Board(self.image, raw=False, run_main=1)

    def test_boot_and_main_run_in_main(self):
        board = self.started_with(boot="a = 1\nprint('boot')", main="b = a + 1\nprint(__name__, __file__)")
        self.addCleanup(board.stop)
        self.assertTrue(board.until(b">>> ").startswith(b"boot\r\n__main__ main.py\r\n"))
        board.send(b"\x01")
        board.until(b"exit\r\r\n>")
        self.assertEqual(board.run("print(a, b)"), "1 2\r\n")

    def test_only_boot_runs_after_a_soft_reset_in_raw_mode(self):
        self.started_with(boot="print('boot')", main="print('main')").stop()
        board = self.board(run_main=0)
        self.assertTrue(board.banner.startswith(b"boot\r\n"))
        self.assertNotIn(b"main", board.banner)

    def test_a_failing_main_leaves_the_prompt_and_a_board_s_traceback(self):
        board = self.started_with(main="1/0")
        self.addCleanup(board.stop)
        self.assertTrue(board.until(b">>> ").startswith(
            b'Traceback (most recent call last):\r\n  File "main.py", line 1, in <module>\r\nZeroDivisionError'))

    def test_main_can_be_interrupted(self):
        board = self.started_with(main="print('go')\nwhile True: pass")
        self.addCleanup(board.stop)
        board.until(b"go\r\n")
        board.send(b"\x03")
        self.assertIn(b"KeyboardInterrupt", board.until(b">>> "))

    def test_main_can_reset(self):
        for text, status in (("import machine\nmachine.reset()", 99), ("import sys\nsys.exit()", 0)):
            board = self.started_with(main=text)
            self.addCleanup(board.stop)
            self.assertEqual(board.status(), status)


class ModulesTest(SimulatedBoardTest):
    def evaluate(self, board, *expressions):
        board.run("import sys, os, machine, network, time, rp2, socket, gc, vfs, uctypes\n")
        return [board.run(f"print({expression})").rstrip("\r\n") for expression in expressions]

    def test_identity(self):
        board = self.board(uid="00112233445566aa")
        machine, platform, sysname, unique, mac = self.evaluate(
            board, "sys.implementation._machine, os.uname().machine", "sys.platform", "os.uname().sysname",
            "machine.unique_id().hex()", "network.WLAN(network.WLAN.IF_STA).config('mac').hex()")
        self.assertEqual(machine.count("Raspberry Pi Pico 2 W with RP2350 (simulated)"), 2)
        self.assertEqual([platform, sysname, unique, mac], ["rp2", "rp2", "00112233445566aa", "0233445566aa"])

    def test_reset_cause(self):
        for cause, expected in (("power", 1), ("soft", 1), ("hard", 3)):
            board = self.board(reset_cause=cause)
            self.assertEqual(self.evaluate(board, "machine.reset_cause()"), [str(expected)])

    def test_wlan_joins_and_stays_joined_over_a_soft_reset_only(self):
        board = self.board()
        board.run("import network\nw = network.WLAN(network.STA_IF)\nw.active(True)\nw.config(pm=network.WLAN.PM_NONE)")
        board.run("w.connect('net', 'secret')")
        self.assertEqual(
            board.run("print(w.isconnected(), w.status(), w.ifconfig()[0], hex(w.config('pm')), w.status('rssi'))"),
            "True 3 127.0.0.1 0x10 -40\r\n")
        self.assertEqual(board.run("print(network.WLAN() is w)"), "True\r\n")
        self.assertIn("ValueError", board.attempt("w.config('nonsense')")[1])
        board.send(b"\x04")
        board.status()
        self.assertNotIn(b"secret", self.image.read_bytes())
        for cause, joined in (("soft", "True"), ("hard", "False"), ("soft", "False")):
            code = "import network\nprint(network.WLAN().isconnected())"
            self.assertEqual(self.board(reset_cause=cause).run(code), joined + "\r\n", cause)

    def test_time_and_clock(self):
        whole, length, step, year = self.evaluate(
            self.board(), "type(time.time())", "len(time.localtime()), time.gmtime(time.mktime((2024, 2, 29, 1, 2, 3, 0, 0)))[:6]",
            "time.time_ns() % 1000000", "(machine.RTC().datetime((2031, 5, 6, 0, 7, 8, 9, 0)), time.localtime()[:5])")
        self.assertEqual((whole, length, step), ("<class 'int'>", "8 (2024, 2, 29, 1, 2, 3)", "0"))
        self.assertEqual(year, "(None, (2031, 5, 6, 7, 8))")

    def test_what_a_board_lacks_is_absent(self):
        board = self.board()
        for expression in ("os.system", "os.getenv", "os.VfsPosix", "vfs.VfsPosix", "time.clock", "socket.AF_UNIX", "sys.executable"):
            self.assertIn("AttributeError", board.attempt(f"import os, vfs, time, socket, sys\n{expression}")[1], expression)


class SocketTest(SimulatedBoardTest):
    OPEN = "import socket, time, select, gc\ndef dial(port):\n  s = socket.socket()\n  s.connect(('127.0.0.1', port))\n  return s\n"

    def test_five_connections_and_what_frees_them(self):
        board = self.board()
        board.run(self.OPEN + "s = [socket.socket() for _ in range(5)]")
        self.assertIn("[Errno 12] ENOMEM", board.attempt("socket.socket()")[1])
        self.assertEqual(board.run("socket.socket(2, 2).close()\nprint('udp')"), "udp\r\n")
        self.assertEqual(board.run("s[0].close()\ns[0] = socket.socket()\nprint('closed')"), "closed\r\n")
        self.assertEqual(board.run("s = None\ngc.collect()\nprint(len([socket.socket() for _ in range(3)]))"), "3\r\n")

    def test_five_is_not_a_limit_with_lwip_off(self):
        self.assertEqual(self.board(lwip="off").run("import socket\nprint(len([socket.socket() for _ in range(9)]))"), "9\r\n")

    def test_a_listener_takes_no_connection(self):
        board = self.board()
        board.run(self.OPEN + "l = socket.socket()\nl.setsockopt(1, socket.SO_REUSEADDR, 1)\nl.bind(('127.0.0.1', 0))\nl.listen(1)")
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
        self.assertEqual(board.run("s.setblocking(False)\nb = bytearray(3000)\nprint(len(s.read(3000)), s.readinto(b), len(s.recv(900)), len(s.read(100)), len(s.read(4000)))"),
                         "800 800 800 100 700\r\n")
        self.assertEqual(board.run("s.setblocking(True)\nprint(len(s.read(800)))"), "800\r\n")
        self.assertEqual(board.run("s.setblocking(False)\nprint(s.read(1), s.readinto(b), s.readline())"), "None None None\r\n")
        self.assertIn("[Errno 11] EAGAIN", board.attempt("s.recv(1)")[1])

    def test_poll_sleeps_in_the_kernel(self):
        port = self.listener(echo)
        board = self.board()
        board.run(self.OPEN + f"s = dial({port})\np = select.poll()\np.register(s, select.POLLIN)")
        before = board.processor_seconds()
        self.assertEqual(board.run("t = time.ticks_ms()\nprint(p.poll(1000), time.ticks_diff(time.ticks_ms(), t) >= 1000)"), "[] True\r\n")
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
        self.assertIn("[Errno 115] EINPROGRESS", board.attempt(f"s = socket.socket()\ns.setblocking(False)\ns.connect(('127.0.0.1', {port}))")[1])
        board.run(f"s = dial({port})\ns.write(b'x')")
        for action in ("s.read(1)", "s.read(1)", "s.write(b'x')", "s.recv(1)", "s.send(b'x')"):
            self.assertIn("[Errno 104] ECONNRESET", board.attempt(action)[1], action)
        self.assertIn("[Errno 9] EBADF", board.attempt("s.close()\ns.close()\ns.read(1)")[1])
        self.assertEqual(board.run("socket.socket().setsockopt(1, 9, 1)"), "Warning: lwip.setsockopt() not implemented\r\n")
        self.assertEqual(board.run("print(socket.getaddrinfo('127.0.0.1', 80))"), "[(2, 1, 0, '', ('127.0.0.1', 80))]\r\n")

    def test_all_stream_methods(self):
        board = self.board()
        board.run(self.OPEN + f"s = dial({self.listener(echo)})")
        self.assertEqual(
            board.run("s.settimeout(5)\ns.sendall(b'one\\ntwo\\n')\nf = s.makefile('rb')\nprint(f.readline(), f.readline())\n"
                      "s.write(b'abcdef', 3)\ns.write(b'abcdef', 3, 2)\ns.send(b'!')\nb = bytearray(4)\nprint(s.readinto(b, 4), b, s.recvfrom(9)[0], s.fileno() > 2)"),
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
        self.assertEqual(board.run(f"u.sendto(b'hi', ('127.0.0.1', {port}))\nprint(u.recvfrom(9))"), f"(b'hi', ('127.0.0.1', {port}))\r\n")

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

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl to make a certificate")
    def test_tls_over_both_forms(self):
        import ssl

        key, certificate = self.folder / "key", self.folder / "certificate"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-keyout", key, "-out", certificate, "-subj", "/CN=localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.maximum_version = ssl.TLSVersion.TLSv1_2

        def echo_over_tls(connection):
            with context.wrap_socket(connection, server_side=True) as secured:
                echo(secured)

        port = self.listener(echo_over_tls)
        board = self.board()
        board.run(self.OPEN + self.ECHO.replace("r.s.setsockopt(6, 1, 1)", "pass").replace("address, port", "address, port, ssl=True"))
        self.assertEqual(board.run(f"import ssl\nt = ssl.wrap_socket(dial({port}))\nprint(t.write(b'hello'), t.read(5))\nt.close()"), "5 b'hello'\r\n")
        board.run(f"asyncio.run(echo({port}, 5000, 3))")


if __name__ == "__main__":
    unittest.main()
