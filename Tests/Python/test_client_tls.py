"""Our client over TLS, against Python's ssl and OpenSSL's s_server, with certificates made here."""

import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

from client_support import ADDRESSES, ClientTest, Connection, closing, frame, run_client, websockets_echo
from needs import needs
from simulated_board import SimulatedBoardTest

OPENSSL = shutil.which("openssl")
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "bufsize": 0}


class Authority:
    """An authority and certificates, in a folder; all of them for some days and for these tests only."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.root("ca", "Test authority")
        self.root("other", "Another authority")
        self.leaf("server", "localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.leaf("elsewhere", "elsewhere.example", "subjectAltName=DNS:elsewhere.example")
        self.leaf("expired", "localhost", "subjectAltName=DNS:localhost", days=-1)
        self.leaf("client", "board", "extendedKeyUsage=clientAuth")
        for name in ("ca", "client"):
            self.openssl("x509", "-in", name + ".pem", "-outform", "DER", "-out", name + ".der")
        self.openssl("pkcs8", "-topk8", "-nocrypt", "-in", "client.key", "-outform", "DER", "-out", "client.key.der")
        self.openssl("pkcs8", "-topk8", "-in", "client.key", "-passout", "pass:x", "-out", "locked.key")
        (self.folder / "locked.pem").write_text((self / "locked.key").read_text() + (self / "client.pem").read_text())
        self.openssl("x509", "-in", "other.pem", "-outform", "DER", "-out", "other.der")
        (self.folder / "both.der").write_bytes((self / "other.der").read_bytes() + (self / "ca.der").read_bytes())
        (self.folder / "line.der").write_bytes((self / "ca.der").read_bytes() + b"\r\n")
        (self.folder / "cut.der").write_bytes((self / "both.der").read_bytes()[:-9])
        (self.folder / "both.pem").write_text((self / "other.pem").read_text() + "a comment\n" + (self / "ca.pem").read_text())

    def __truediv__(self, name):
        return self.folder / name

    def openssl(self, *words):
        subprocess.run([OPENSSL, *words], cwd=self.folder, check=True, capture_output=True)

    EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

    def root(self, name, subject):
        usage = ("-addext", "keyUsage=critical,keyCertSign")
        out = ("-keyout", name + ".key", "-out", name + ".pem", "-subj", "/CN=" + subject)
        self.openssl("req", "-x509", *self.EC, *out, "-days", "9", *usage)

    def leaf(self, name, subject, extensions, days=9):
        self.openssl("req", *self.EC, "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + subject)
        (self / "extensions").write_text(extensions + "\n")
        signer = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days))
        self.openssl("x509", "-req", "-in", name + ".csr", *signer, "-extfile", "extensions", "-out", name + ".pem")


class TLSServer:
    """Takes connections one by one with Python's ssl; keeps what it saw of each: version, name asked for, client's subject."""

    def __init__(self, certificate, play, count, authority=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        context.sni_callback = lambda sock, name, _: self.names.append(name)
        if authority:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(authority)
        self.context, self.play, self.count = context, play, count
        self.names, self.seen = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.port = self.listener.getsockname()[1]
        self.uri = "wss://localhost:{}/".format(self.port)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        for _ in range(self.count):
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(sock, server_side=True) as tls:
                    peer = tls.getpeercert() or {}
                    self.seen.append((tls.version(), dict(field[0] for field in peer.get("subject", ())).get("commonName")))
                    self.play(Connection(tls))
            except (OSError, EOFError) as error:
                self.seen.append(type(error).__name__)
            finally:
                sock.close()

    def __exit__(self, *_):
        self.listener.close()
        self.thread.join(15)


def echo_all(connection):
    connection.shake()
    while True:
        _, opcode, data = connection.next()
        connection.frame(opcode, data)
        if opcode == 8:
            return


ATTEMPT = """
ws = AsyncWebsocketClient(handshake_timeout_ms=5000, close_timeout_ms=2000)
try:
    await ws.handshake('wss://{host}:{port}/', {arguments})
    for message in ('text', b'b' * 40000, 'é' * 9000):
        await ws.send(message)
        assert await ws.recv() == message
    await ws.close()
    show((ws.close_code, ws.close_was_clean))
except Exception as error:
    show((type(error).__name__, str(error), ws.sock))
"""


@needs(OPENSSL, "there is no openssl to make certificates with")
class TLSTest(ClientTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="wsrig-tls-")
        cls.addClassCleanup(folder.cleanup)
        cls.files = Authority(folder.name)

    def attempt(self, arguments, certificate="server", host="localhost", authority=None):
        """What the client made of it, and the server that it met."""
        with TLSServer(self.files / (certificate + ".pem"), echo_all, 1, authority) as server:
            arguments = arguments.replace("@", str(self.files.folder) + "/")
            shown = run_client(ATTEMPT.format(host=host, port=server.port, arguments=arguments), heap="1M")
        return shown[0], server

    GOOD = (1000, True)

    def test_without_a_check_any_certificate_will_do(self):
        for arguments in ("", "cert_reqs=0", "cafile='@other.pem'", "cert_reqs=1, cafile='@other.pem'"):
            for certificate in ("server", "expired", "elsewhere"):
                self.assertEqual(self.attempt(arguments, certificate)[0], self.GOOD, (arguments, certificate))

    def test_cert_reqs_2_takes_a_certificate_of_the_authority_in_pem_and_der(self):
        for cafile in (
            "'@ca.pem'", "'@ca.der'", "'@both.pem'", "'@both.der'", "'@line.der'",
            "open('@ca.pem', 'rb').read()", "open('@ca.pem').read()",
        ):  # fmt: skip
            for host in ("localhost", "127.0.0.1"):
                shown, server = self.attempt("cert_reqs=2, cafile=" + cafile, host=host)
                self.assertEqual(shown, self.GOOD, (cafile, host))
                self.assertEqual(server.seen, [("TLSv1.2", None)])

    def test_cert_reqs_2_refuses_every_other_certificate_and_says_so(self):
        for certificate, cafile in (("server", "other"), ("expired", "ca"), ("elsewhere", "ca")):
            shown, server = self.attempt("cert_reqs=2, cafile='@%s.pem'" % cafile, certificate)
            self.assertEqual((shown[0], shown[2]), ("HandshakeError", None), certificate)
            self.assertIn("the server's certificate was refused: ", shown[1])
            self.assertEqual(server.seen, ["SSLError"], certificate)

    def test_the_arguments_of_handshake_stand_in_the_order_of_1_0_0(self):
        arguments = "[], '@client.key', '@client.pem', '@ca.pem', 2"
        shown, server = self.attempt(arguments, authority=self.files / "ca.pem")
        self.assertEqual((shown, server.seen), (self.GOOD, [("TLSv1.2", "board")]))

    def test_what_is_missing_or_unreadable_is_said_before_anything_is_sent(self):
        cases = {
            "cert_reqs=2": "cafile",
            "cert_reqs=3": "cert_reqs must be",
            "cert_reqs=2, cafile='@ca.key'": "no CERTIFICATE",
            "cert_reqs=2, cafile=b'nonsense'": "cafile holds nothing",
            "cert_reqs=2, cafile=b'-----BEGIN CERTIFICATE-----\\nAAAA'": "cut",
            "certfile='@client.pem'": "needs keyfile",
            "keyfile='@client.key'": "needs certfile",
            "certfile='@client.pem', keyfile='@client.pem'": "no PRIVATE KEY",
            "certfile='@client.pem', keyfile='@locked.key'": "encrypted",
            "certfile='@both.pem', keyfile='@client.key'": "one certificate",
            "certfile='@both.der', keyfile='@client.key'": "one certificate",
            "cert_reqs=2, cafile='@cut.der'": "cafile holds nothing",
            "cert_reqs=2, cafile=b'-----BEGIN CERTIFICATE-----\\nabc\\n-----END CERTIFICATE-----'": "not base64",
            "certfile='@client.pem', keyfile=b'nonsense'": "certfile or keyfile",
        }
        for arguments, sentence in cases.items():
            arguments = arguments.replace("@", str(self.files.folder) + "/")
            shown = run_client(ATTEMPT.format(host="localhost", port=9, arguments=arguments))
            self.assertEqual((shown[0][0], shown[0][2]), ("ValueError", None), arguments)
            self.assertIn(sentence, shown[0][1])
        for name, others in (("cafile", "cert_reqs=2, "), ("certfile", "keyfile=b'', "), ("keyfile", "certfile=b'', ")):
            arguments = others + name + "='/no/such.pem'"
            shown = run_client(ATTEMPT.format(host="localhost", port=9, arguments=arguments))
            self.assertEqual(shown[0][0], "OSError")
            self.assertIn(name + " cannot be read: /no/such.pem", shown[0][1])

    def test_a_content_that_is_taken_for_a_path_is_not_shown(self):
        for secret in ("'MIGHAgEAMBMGByqGSM49' * 9", "'0secret\\x01'", "'secret\\nsecret'"):
            shown = run_client(ATTEMPT.format(host="localhost", port=9, arguments="certfile=b'', keyfile=" + secret))
            self.assertEqual(shown[0][0], "OSError")
            self.assertIn("keyfile cannot be read: a path of ", shown[0][1])

    def test_the_clock_must_have_been_set(self):
        body = "import async_websocketclient_tls as tls\ntls.time = type('Clock', (), {'gmtime': lambda: (2021, 1, 1)})\n"
        arguments = "cert_reqs=2, cafile='%s'" % (self.files / "ca.pem")
        shown = run_client(body + ATTEMPT.strip().format(host="localhost", port=9, arguments=arguments))
        self.assertEqual(shown[0][0], "ValueError")
        self.assertIn("2021", shown[0][1])

    def test_a_client_certificate_in_pem_and_der(self):
        ca = self.files / "ca.pem"
        for certificate, key in (("client.pem", "client.key"), ("client.der", "client.key.der")):
            shown, server = self.attempt("certfile='@%s', keyfile='@%s'" % (certificate, key), authority=ca)
            self.assertEqual((shown, server.seen), (self.GOOD, [("TLSv1.2", "board")]))
        as_text = "open('@client.%s').read()"
        for certificate, key in (("'@locked.pem'", as_text % "key"), (as_text % "pem", "'@client.key'")):
            shown, server = self.attempt("certfile=%s, keyfile=%s" % (certificate, key), authority=ca)
            self.assertEqual((shown, server.seen), (self.GOOD, [("TLSv1.2", "board")]))
        shown, server = self.attempt("", authority=ca)
        self.assertEqual((shown[0], shown[2], server.seen), ("OSError", None, ["SSLError"]))

    def test_the_name_is_sent_and_an_address_is_not_unless_it_is_compared(self):
        for host, arguments, name in (
            ("localhost", "", "localhost"), ("127.0.0.1", "", None), ("127.0.0.1", "cert_reqs=2, cafile='@ca.pem'", "127.0.0.1"),
        ):  # fmt: skip
            _, server = self.attempt(arguments, host=host)
            self.assertEqual(server.names, [name])

    def test_a_server_of_tls_1_3_alone_is_refused_cleanly(self):
        with TLSServer(self.files / "server.pem", echo_all, 1) as server:
            server.context.minimum_version = ssl.TLSVersion.TLSv1_3
            shown = run_client(ATTEMPT.format(host="localhost", port=server.port, arguments=""))
        self.assertEqual((shown[0][0], shown[0][2], server.seen), ("OSError", None, ["SSLError"]))

    def test_an_address_that_never_shakes_hands_is_given_up_for_the_next(self):
        with socket.create_server(("127.0.0.1", 0)) as silent, TLSServer(self.files / "server.pem", echo_all, 1) as server:
            shown = run_client(ADDRESSES.format([silent.getsockname()[1], server.port]) + """
ws = AsyncWebsocketClient(connect_timeout_ms=300)
show(await ws.handshake('wss://localhost/'))
await ws.send('second')
show(await ws.recv())
await ws.close()
""", heap="1M")
            first = silent.accept()[0]
            with first:
                first.settimeout(5)
                while first.recv(4096):  # what the client said, up to its end
                    pass
        self.assertEqual((shown, server.seen), ([True, "second"], [("TLSv1.2", None)]))

    def test_pings_fragments_and_tasks_over_tls(self):
        def play(connection):
            connection.shake()
            connection.raw(frame(1, b"a", fin=False) + frame(9, b"p") + frame(0, b"b"))
            seen = [connection.next() for _ in range(21)]
            self.assertEqual(sorted(len(data) for _, opcode, data in seen if opcode == 2), [3000] * 10 + [20000] * 10)
            self.assertEqual([data for _, opcode, data in seen if opcode == 10], [b"p"])
            connection.frame(2, b"x" * 50000)
            closing(connection)

        with TLSServer(self.files / "server.pem", play, 1) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient()
                await ws.handshake('wss://localhost:%d/')
                show(await ws.recv())
                async def sender(size):
                    for _ in range(10):
                        await ws.send(bytes(size))
                await asyncio.gather(sender(3000), sender(20000))
                show(len(await ws.recv()))
                await ws.close()
                show((ws.close_code, ws.close_was_clean))
            """ % server.port, heap="1M")
        self.assertEqual(shown, ["ab", 50000, (1000, True)])
        self.assertEqual(server.seen, [("TLSv1.2", None)])

    def test_dropping_it_ends_a_recv_that_waits(self):
        with TLSServer(self.files / "server.pem", lambda c: (c.shake(), c.at_end()), 1) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient()
                await ws.handshake('wss://localhost:%d/')
                task = asyncio.create_task(ws.recv())
                await until(lambda: ws._receiving)
                await ws.open(False)
                show((await asyncio.wait_for(task, 2), ws.close_code))
            """ % server.port)
        self.assertEqual(shown, [(None, 1006)])

    def test_websockets_agrees(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.files / "server.pem", self.files / "server.key")
        cafile = self.files / "ca.pem"
        with websockets_echo(ssl=context) as port:
            shown = run_client("""
                for compression in (False, True):
                    ws = AsyncWebsocketClient()
                    await ws.handshake('wss://localhost:%d/', cert_reqs=2, cafile='%s', compression=compression)
                    for message in ('', b'', 'é€😀' * 500, b'z' * 70000, 'a'):
                        await ws.send(message)
                        assert await ws.recv() == message
                    await ws.close(1001, 'leaving')
                    show((ws.compression, ws.close_code, ws.close_reason, ws.close_was_clean))
            """ % (port, cafile), heap="1M")
        self.assertEqual(shown, [(False, 1001, "leaving", True), (True, 1001, "leaving", True)])

    def test_openssl_s_server(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = [OPENSSL, "s_server", "-quiet", "-naccept", "1", "-accept", "127.0.0.1:%d" % port]
        words += ["-cert", "server.pem", "-key", "server.key"]
        with subprocess.Popen(words, cwd=self.files.folder, **PIPES) as server:
            connection = Connection(Pipes(server))
            thread = threading.Thread(target=lambda: echo_all(connection))
            thread.start()
            shown = run_client("""
                ws = AsyncWebsocketClient()
                for _ in range(100):
                    try:
                        await ws.handshake('wss://localhost:%d/', cert_reqs=2, cafile='%s')
                        break
                    except OSError:
                        await asyncio.sleep_ms(50)  # s_server tells nobody when it listens
                for message in ('text', b'b' * 30000):
                    await ws.send(message)
                    show(await ws.recv() == message)
                await ws.close()
                show(ws.close_code)
            """ % (port, self.files / "ca.pem"), heap="1M")
            thread.join(10)
            server.kill()
        self.assertEqual(shown, [True, True, 1000])


class Pipes:
    """s_server's pipes with as much of a socket as Connection needs."""

    def __init__(self, process):
        self.recv = process.stdout.read
        self.sendall = process.stdin.write

    def settimeout(self, seconds):
        pass

    def setsockopt(self, *arguments):
        pass


class OnTheSimulatedBoard(SimulatedBoardTest):
    """The same where the board's own modules, heap and lwIP are imitated."""

    @needs(OPENSSL, "there is no openssl to make certificates with")
    def test_wss_with_a_check_of_the_certificate(self):
        from client_support import CODE

        files = Authority(self.folder)
        board = self.board()
        for path in CODE.glob("async_websocketclient*.py"):
            board.write(path.name, path.read_text())
        board.write("ca.pem", (files / "ca.pem").read_text())
        with TLSServer(files / "server.pem", echo_all, 1) as server:
            output = board.run(
                "import asyncio\nfrom async_websocketclient import AsyncWebsocketClient\n"
                "async def main():\n"
                "    ws = AsyncWebsocketClient()\n"
                "    await ws.handshake('wss://localhost:%d/', cert_reqs=2, cafile='ca.pem')\n"
                "    for message in ('text', b'b' * 20000):\n"
                "        await ws.send(message)\n"
                "        print(await ws.recv() == message)\n"
                "    await ws.close()\n"
                "    print(ws.close_code)\n"
                "asyncio.run(main())\n" % server.port
            )
        self.assertEqual(output.split(), ["True", "True", "1000"])
        self.assertEqual(server.seen, [("TLSv1.2", None)])
