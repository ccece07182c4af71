"""How much memory our client takes, shown by ballast: all of the heap is taken but what is promised to be enough.

The figures are those of the interpreter on this computer, whose objects are twice as large as a board's, and without TLS.
"""

import hashlib
import os
import random
import tempfile
import unittest

from client_support import ClientTest, Server, closing, echo, frame, run_client
from needs import needs
from test_client_tls import OPENSSL, Authority, TLSServer

KIB = 1024

# Leaves so many bytes of the heap free, in one piece. Everything else is taken, in pieces down to one block, because
# small holes would help too.
BALLAST = """
import gc
def leave(size, ballast):
    gc.collect()
    room = bytearray(size - 64)
    piece = gc.mem_free()
    index = 0
    while piece >= 32:
        try:
            ballast[index] = bytearray(piece)
            index += 1
        except MemoryError:
            piece = piece // 2
    room = None
    gc.collect()
"""


class BallastTest(ClientTest):
    def received(self, frames, free, call="recv()", before="", plain=False, server=Server):
        """What the client received with so much of its heap free, whether it lives on, and its fail_code."""

        def play(connection):
            connection.shake()
            connection.next()
            for each in frames:
                connection.raw(each)
            return closing(connection)

        with server(play) as serving:
            shown = run_client(BALLAST + """
            ws = AsyncWebsocketClient()
            await ws.handshake('%s')
            buf = None
            %s
            ballast = [None] * 200
            go = b'go'
            # everything that the wait needs is there before the heap is taken
            await ws.send(go)
            await until(lambda: arrived(ws))
            leave(%d, ballast)
            message = await ws.%s
            ballast = None
            gc.collect()
            if isinstance(message, int):
                message = bytes(buf[:message])
            import hashlib
            show(None if message is None else (type(message).__name__, hashlib.sha256(message).digest()))
            await ws.close()
            show((ws.fail_code, sum(range(1000))))
            """.replace("\n            ", "\n").strip("\n") % (serving.uri, before, free, call), heap="400K", plain=plain)
        self.assertEqual(shown[1][1], 499500)
        return shown[0], shown[1][0]

    def assertReceived(self, payload, found):
        kind = "str" if isinstance(payload, str) else "bytes"
        data = payload.encode() if isinstance(payload, str) else payload
        self.assertEqual(found, ((kind, hashlib.sha256(data).digest()), None))


def text(size):
    """So many bytes of it in characters of every length, of which the port's own check takes more than it should."""
    return ("aé字😀" * (size // 10 + 1)).encode()[: size - size % 10].decode() + "a" * (size % 10)


def fragments(data, parts, opcode=2, between=b""):
    part = -(-len(data) // parts)
    starts = range(0, len(data), part)
    return [frame(0 if at else opcode, data[at : at + part], fin=at + part >= len(data)) + between for at in starts]


class Ballast(BallastTest):
    """With and without native code."""

    def test_a_message_in_one_frame_takes_its_size_and_2_kib(self):
        for size in (1 * KIB, 5000, 16 * KIB, 64 * KIB):
            for payload in (os.urandom(size), text(size)):
                data = payload.encode() if isinstance(payload, str) else payload
                for plain in (False, True):
                    with self.subTest(size=size, kind=type(payload), plain=plain):
                        frames = [frame(1 if isinstance(payload, str) else 2, data)]
                        self.assertReceived(payload, self.received(frames, size + 2 * KIB, plain=plain))

    def test_a_message_in_fragments_takes_twice_its_size_and_2_kib(self):
        for size in (4 * KIB, 16 * KIB, 64 * KIB):
            for parts in (2, 3, 4, 16, 50):
                data = os.urandom(size)
                for plain in (False, True):
                    with self.subTest(size=size, parts=parts, plain=plain):
                        found = self.received(fragments(data, parts), 2 * size + 2 * KIB, plain=plain)
                        self.assertReceived(data, found)

    def test_so_does_text_in_fragments_with_pings_between(self):
        for size, parts in ((16 * KIB, 17), (64 * KIB, 7)):
            message = text(size)
            for plain in (False, True):
                frames = fragments(message.encode(), parts, 1, between=frame(9, b"p" * 100))
                self.assertReceived(message, self.received(frames, 2 * size + 2 * KIB, plain=plain))

    def test_fragments_of_any_size_in_small_pieces_find_room(self):
        """Where what was made between them lay behind the message, or a function's own state did, it could not grow."""
        for seed in range(8):
            choose = random.Random(seed)
            size, parts = choose.choice((4, 16, 64)) * KIB, choose.choice((2, 5, 9, 17, 40))
            data = choose.randbytes(size)
            cuts = [0, *sorted(choose.randrange(size) for _ in range(parts - 1)), size]
            blob = b""
            for index in range(parts):
                fin = index == parts - 1
                blob += frame(0 if index else 2, data[cuts[index] : cuts[index + 1]], fin=fin)
                blob += frame(9, b"p" * choose.randrange(120)) if choose.random() < 0.3 else b""
            pieces = [blob[at : at + 1460] for at in range(0, len(blob), 1460)]
            with self.subTest(seed=seed):
                found = self.received(pieces, 2 * size + 2 * KIB, plain=choose.random() < 0.5)
                self.assertReceived(data, found)

    def test_where_it_finds_no_room_beside_itself_it_moves_in_pieces(self):
        """Its own place belongs to the room for the longer one: what is in the way of some of these, PONGs, lies on both sides."""
        size = 4 * KIB
        for parts in (20, 40, 80):
            for seed in range(4):
                choose = random.Random(seed)
                data = choose.randbytes(size)
                cuts = [0, *sorted(choose.randrange(size) for _ in range(parts - 1)), size]
                blob = b""
                for index in range(parts):
                    blob += frame(0 if index else 2, data[cuts[index] : cuts[index + 1]], fin=index == parts - 1)
                    blob += frame(9, b"p" * 100)
                for plain in (False, True):
                    with self.subTest(parts=parts, seed=seed, plain=plain):
                        pieces = [blob[at : at + 1460] for at in range(0, len(blob), 1460)]
                        self.assertReceived(data, self.received(pieces, 2 * size + 2 * KIB, plain=plain))

    def test_the_buffer_that_is_kept_for_sending_makes_room(self):
        size = 16 * KIB
        data = os.urandom(size)
        for frames in ([frame(2, data)], [frame(2, data[:500], fin=False), frame(0, data[500:])]):
            for plain in (False, True):
                with self.subTest(frames=len(frames), plain=plain):
                    found = self.received(frames, 2 * KIB, before="await ws.send(bytes(%d))" % size, plain=plain)
                    self.assertReceived(data, found)

    def test_a_message_of_16_kib_is_sent_where_5_kib_are_free(self):
        def play(connection):
            connection.shake()
            message = connection.next()
            return message, closing(connection)

        for plain in (False, True):
            with Server(play) as server:
                run_client(BALLAST + """
message = b'0123456789abcdef' * 1024
ws = AsyncWebsocketClient()
await ws.handshake('%s')
ballast = [None] * 200
leave(%d, ballast)
await ws.send(message)
ballast = None
await ws.close()
                """ % (server.uri, 5 * KIB), plain=plain)
            message, close = server.connections[0].result
            self.assertEqual((message, close), ((1, 2, b"0123456789abcdef" * 1024), b"\x03\xe8"), plain)

    def test_into_a_buffer_takes_1_kib(self):
        for size in (100, 4 * KIB, 64 * KIB):
            for data, opcode in ((os.urandom(size), 2), (text(size).encode(), 1)):
                for parts in (1, 2, 16):
                    for plain in (False, True):
                        frames = fragments(data, parts, opcode)
                        before = "buf = bytearray(%d)" % size
                        with self.subTest(size=size, opcode=opcode, parts=parts, plain=plain):
                            found = self.received(frames, 1 * KIB, "recv_into(buf)", before, plain)
                            self.assertReceived(data, found)

    def test_with_4_kib_less_than_the_message_it_ends_in_1009(self):
        for size in (8 * KIB, 16 * KIB, 64 * KIB):
            for plain in (False, True):
                for parts in (1, 3):
                    found = self.received(fragments(os.urandom(size), parts), size - 4 * KIB, plain=plain)
                    self.assertEqual(found, (None, 1009), (size, plain, parts))


@needs(OPENSSL, "there is no openssl to make certificates with")
class BallastOverTLS(BallastTest):
    """The same over wss; what the port's TLS takes is not in this heap."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="wsrig-tls-")
        cls.addClassCleanup(folder.cleanup)
        cls.certificate = Authority(folder.name) / "server.pem"

    def over_tls(self, play):
        return TLSServer(self.certificate, play, 1)

    def test_messages_take_no_more_than_without(self):
        size = 64 * KIB
        data, message = os.urandom(size), text(size)
        for plain in (False, True):
            options = {"plain": plain, "server": self.over_tls}
            self.assertReceived(data, self.received([frame(2, data)], size + 2 * KIB, **options))
            self.assertReceived(message, self.received([frame(1, message.encode())], size + 2 * KIB, **options))
            self.assertReceived(data, self.received(fragments(data, 16), 2 * size + 2 * KIB, **options))
            into = self.received(fragments(data, 3), 1 * KIB, "recv_into(buf)", "buf = bytearray(%d)" % size, **options)
            self.assertReceived(data, into)
            self.assertEqual(self.received([frame(2, data)], size - 4 * KIB, **options), (None, 1009))


class Leaks(ClientTest):
    def test_10000_messages_leave_nothing_behind(self):
        def play(connection):
            connection.shake()
            small, large = frame(1, "häß".encode()), frame(2, b"x" * 2000, fin=False) + frame(0, b"y")
            for _ in range(100):
                connection.raw(small * 49 + frame(9, b"p") + small * 49 + large)
                assert connection.next()[1] == 10
                assert connection.next()[1] == 1
            return closing(connection)

        with Server(play) as server:
            shown = run_client("""
                import gc
                ws = AsyncWebsocketClient()
                await ws.handshake('%s')
                async def some(rounds):
                    for _ in range(rounds):
                        for _ in range(99):
                            await ws.recv()
                        await ws.send('the next hundred')
                    gc.collect()
                    return gc.mem_alloc()
                before = await some(10)
                show((await some(90)) - before)
                await ws.close()
            """ % server.uri)
        self.assertLessEqual(shown[0], 256)


    def test_buffers_for_sending_are_given_up_with_the_connection(self):
        def play(connection):
            connection.shake()
            connection.told()  # reads nothing before
            closing(connection)

        with Server(play, play, receive_buffer=4096) as server:
            shown = run_client("""
                import gc
                ws = AsyncWebsocketClient()
                async def after(stuck):
                    await ws.handshake('%s')
                    await ws.send(b'x' * 1000)
                    if stuck:
                        task = asyncio.create_task(ws.send(b'x' * 1000000))
                        await until(lambda: ws._out)
                        tell(ws)
                        await ws.open(False)
                        try:
                            await task
                        except OSError:
                            pass
                    else:
                        tell(ws)
                        await ws.close()
                    gc.collect()
                    return ws._spare is None, len(ws._rest), len(ws._out)
                show(await after(False))
                show(await after(True))
            """ % server.uri, heap="2M")
        self.assertEqual(shown, [(True, 0, 0)] * 2)


class SmallHeap(ClientTest):
    """In a heap of 192 KiB, of which the interpreter of 64 bits needs twice what a board's does."""

    def echoes(self, modules, sizes):
        for plain in (False, True):
            with Server(echo(3 * len(sizes))) as server:
                shown = run_client("""
                    import gc
                    %s
                    ws = AsyncWebsocketClient()
                    await ws.handshake('%s')
                    for size in %r:
                        for message in (bytes(size), 't' * size, 'é' * (size // 2)):
                            await ws.send(message)
                            assert await ws.recv() == message, ws.fail_reason
                            message = None
                    await ws.close()
                    gc.collect()
                    show(gc.mem_free())
                """ % (modules, server.uri, sizes), heap="192K", plain=plain)
            self.assertGreater(shown[0], 48 * KIB)

    def test_the_client_echoes_16_kib(self):
        self.echoes("", (0, 100, 4096, 16384))

    def test_a_uri_of_4_kib_is_asked_for(self):
        """Found by wsrig fuzz: each byte of the path was an object of its own, all of them at the same time."""
        paths = []

        def serve(connection):
            connection.shake()
            paths.append(connection.path)

        path = "/" + "long" * 1024
        with Server(serve) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient()
                show(await ws.handshake('%s%s'))
            """ % (server.uri.rstrip("/"), path), heap="192K")
        self.assertEqual((shown, paths), ([True], [path]))

    def test_with_every_optional_module_imported_it_echoes_4_kib(self):
        names = ("_deflate", "_tls", "_reconnect")
        self.echoes("import " + ", ".join("async_websocketclient" + name for name in names), (0, 100, 4096))


if __name__ == "__main__":
    unittest.main()
