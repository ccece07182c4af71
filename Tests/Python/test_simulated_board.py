"""Tests of fixtures/board/simulated: the real MicroPython, made like a Pico 2 W.

Standard library only. WSRIG_MICROPYTHON names the interpreter (micropython_run….so, or bin/micropython, of a virtual
environment); otherwise it is the one of the repository's .venv. Run: python3 Tests/Python/test_simulated_board.py
"""

import ast
import binascii
import threading
import unittest

from simulated_board import DEADLINE, ROOT, Board, SimulatedBoardTest
from simulated_board_sockets import ExampleProgramTest, SocketTest  # noqa: F401  (run with the others)


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


class InterruptTest(SimulatedBoardTest):
    def test_interrupts_reach_every_kind_of_wait(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        port = self.listener(lambda connection: gate.wait(DEADLINE))
        board = self.board()
        board.run(f"import socket, select, time, asyncio\ns = socket.socket()\ns.connect(('127.0.0.1', {port}))\n"
                  "p = select.poll()\np.register(s, 1)")
        for wait in ("time.sleep(60)", "p.poll(60000)", "p.poll()", "s.recv(1)", "s.read(1)",
                     "asyncio.run(asyncio.wait_for(asyncio.Event().wait(), 60))",
                     "asyncio.run(asyncio.StreamReader(s).read(1))", "while True: pass", "while True: bytearray(5000)"):
            with self.subTest(wait):
                board.send(f"print('go')\n{wait}\n".encode() + b"\x04")
                board.until(b"go\r\n")
                board.send(b"\x03")
                self.assertIn(b"KeyboardInterrupt", board.until(b"\x04>"))
                self.assertEqual(board.run("print('alive')"), "alive\r\n")

    def test_a_storm_of_interrupts_ends_the_program_only(self):
        board = self.board()
        for _ in range(100):
            board.send(b"print('go')\nwhile True: bytearray(5000)\x04")
            board.until(b"go\r\n")
            board.send(b"\x03")
            board.send(b"\x03\x03")
            board.send(b"\x03")
            board.until(b"\x04>")
            board.send(b"print('alive')\x04")
            board.until(b"alive\r\n\x04\x04>")


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
            posix().mkdir({str(inside)!r}) | posix().remove({str(secret)!r})
            posix().rename({str(secret)!r}, {str(inside)!r}) | posix().open({str(self.folder / 'other')!r}, 'w')
            posix().open('/proc/self/environ', 'r') | posix().open('/etc/passwd', 'r') | list(posix().ilistdir('/tmp'))
            vfs.mount(posix(), '/host') or open('/host/etc/passwd')
        """
        board = self.board()
        board.run(
            "import os, vfs, sys, uctypes, machine\n"
            "def fresh(name):\n  for n in (name, 'u' + name): sys.modules.pop(n, None)\n"
            "  return __import__(name)\n"
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


class ModulesFromMemoryTest(SimulatedBoardTest):
    """fixtures/board/ramfs.py: what is imported from it leaves no text behind, and the heap in few pieces."""

    def test_our_client_is_imported_and_the_heap_stays_in_one_piece(self):
        board = self.board()
        board.run((ROOT / "fixtures" / "board" / "ramfs.py").read_text())
        sources = sorted((ROOT / "fixtures" / "async_websocket_client" / "code").glob("async_websocketclient*.py"))
        for path in [*sources, ROOT / "fixtures" / "board" / "agent.py"]:
            text = path.read_bytes()
            for at in range(0, len(text), 4096):
                board.run(f"wsrig_ramfs.append({path.name!r}, {text[at : at + 4096]!r}, {binascii.crc32(text[at : at + 4096])})")
        board.run("import agent, async_websocketclient, async_websocketclient_tls, async_websocketclient_deflate, gc")
        left = ast.literal_eval(board.run("print(sorted(wsrig_ramfs.files))"))
        # What is imported on demand alone, and what stands in for native code where the port has none.
        self.assertEqual(left, ["async_websocketclient_plain.py", "async_websocketclient_reconnect.py"])
        board.run("wsrig_ramfs.drop()\ngc.collect()\nfree = gc.mem_free()\nsize = free")
        board.run("while size:\n  try:\n    bytearray(size)\n    break\n  except MemoryError:\n    size -= 1024")
        free, piece = ast.literal_eval(board.run("print((free, size))"))
        self.assertGreater(free, 250_000)
        self.assertGreater(piece, free * 0.6)


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
        board.run("import network\nw = network.WLAN(network.STA_IF)\nw.active(True)\n"
                  "w.config(pm=network.WLAN.PM_NONE)\nw.connect('net', 'secret')")
        state = "w.isconnected(), w.status(), w.ifconfig()[0], hex(w.config('pm')), w.status('rssi')"
        self.assertEqual(board.run(f"print({state})"), "True 3 127.0.0.1 0x10 -40\r\n")
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
            self.board(), "type(time.time())",
            "len(time.localtime()), time.gmtime(time.mktime((2024, 2, 29, 1, 2, 3, 0, 0)))[:6]",
            "time.time_ns() % 1000000", "(machine.RTC().datetime((2031, 5, 6, 0, 7, 8, 9, 0)), time.localtime()[:5])")
        self.assertEqual((whole, length, step), ("<class 'int'>", "8 (2024, 2, 29, 1, 2, 3)", "0"))
        self.assertEqual(year, "(None, (2031, 5, 6, 7, 8))")

    def test_uctypes_reaches_objects_and_no_board_s_addresses(self):
        board = self.board()
        at = "uctypes.addressof(data), 3"
        board.run("import uctypes\ndata = bytearray(b'abc')")
        self.assertEqual(board.run(f"print(uctypes.bytearray_at({at}), uctypes.bytes_at({at}))"), "bytearray(b'abc') b'abc'\r\n")
        for address in (0, 0x20000000, 0xD0000000, -1):
            for function in ("bytes_at", "bytearray_at"):
                self.assertIn("NotImplementedError", board.attempt(f"uctypes.{function}({address}, 1)")[1])

    def test_what_a_board_lacks_is_absent(self):
        board = self.board()
        board.run("import os, vfs, time, socket, sys")
        for expression in ("os.system", "os.getenv", "os.VfsPosix", "vfs.VfsPosix", "time.clock", "socket.AF_UNIX",
                           "sys.executable"):
            self.assertIn("AttributeError", board.attempt(expression)[1], expression)


if __name__ == "__main__":
    unittest.main()
