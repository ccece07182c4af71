"""How much memory our client takes, shown by ballast: all of the heap is taken but what is promised to be enough.

The figures are those of the interpreter on this computer, whose objects are twice as large as a board's, and without TLS.
"""

import os
import unittest

from client_support import ClientTest, Server, closing, echo, frame, run_client

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


class Ballast(ClientTest):
    def received(self, frames, free, call="recv()", before="", plain=False):
        """What the client received with so much of its heap free, whether it lives on, and its fail_code."""

        def play(connection):
            connection.shake()
            connection.next()
            for each in frames:
                connection.raw(each)
            return closing(connection)

        with Server(play) as server:
            shown = run_client(BALLAST + """
            ws = AsyncWebsocketClient()
            await ws.handshake('%s')
            buf = None
            %s
            ballast = [None] * 200
            go = b'go'
            # everything that the wait needs is there before the heap is taken
            await ws.send(go)
            await asyncio.sleep_ms(20)
            leave(%d, ballast)
            message = await ws.%s
            ballast = None
            gc.collect()
            if isinstance(message, int):
                message = bytes(buf[:message])
            show(None if message is None else (type(message).__name__, len(message), hash(message)))
            await ws.close()
            show((ws.fail_code, sum(range(1000))))
            """.replace("\n            ", "\n").strip("\n") % (server.uri, before, free, call), heap="400K", plain=plain)
        self.assertEqual(shown[1][1], 499500)
        return shown[0], shown[1][0]

    def assertReceived(self, payload, found):
        kind = "str" if isinstance(payload, str) else "bytes"
        self.assertEqual((found[0][:2], found[1]), ((kind, len(payload)), None))

    def test_a_message_in_one_frame_takes_its_size_and_2_kib(self):
        for size in (1 * KIB, 5000, 16 * KIB, 64 * KIB):
            for payload in (os.urandom(size), "t" * size):
                data = payload.encode() if isinstance(payload, str) else payload
                found = self.received([frame(1 if isinstance(payload, str) else 2, data)], size + 2 * KIB)
                with self.subTest(size=size, kind=type(payload)):
                    self.assertReceived(payload, found)

    def test_a_message_in_fragments_takes_twice_its_size_and_2_kib(self):
        """In many fragments somewhat more, as what lies between leaves holes that are too small."""
        for size in (4 * KIB, 16 * KIB, 64 * KIB):
            for parts in (2, 3, 4, 16, 50):
                data = os.urandom(size)
                part = -(-size // parts)
                frames = [
                    frame(0 if at else 2, data[at : at + part], fin=at + part >= size) for at in range(0, size, part)
                ]
                with self.subTest(size=size, parts=parts):
                    self.assertReceived(data, self.received(frames, 2 * size + (2 if parts < 5 else 4) * KIB))

    def test_into_a_buffer_takes_1_kib(self):
        for size in (100, 4 * KIB, 64 * KIB):
            data = os.urandom(size)
            half = size // 2
            for frames in ([frame(2, data)], [frame(2, data[:half], fin=False), frame(0, data[half:])]):
                found = self.received(frames, 1 * KIB, "recv_into(buf)", "buf = bytearray(%d)" % size)
                self.assertReceived(data, found)

    def test_with_4_kib_less_than_the_message_it_ends_in_1009(self):
        for size in (8 * KIB, 16 * KIB, 64 * KIB):
            for plain in (False, True):
                found = self.received([frame(2, os.urandom(size))], size - 4 * KIB, plain=plain)
                self.assertEqual(found, (None, 1009), (size, plain))

    def test_without_native_code_a_message_takes_twice_its_size_and_2_kib(self):
        for size in (5000, 64 * KIB):
            data = os.urandom(size)
            self.assertReceived(data, self.received([frame(2, data)], 2 * size + 2 * KIB, plain=True))


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

    def test_with_tls_compression_and_connecting_again_it_echoes_4_kib(self):
        names = ("_deflate", "_tls", "_reconnect")
        self.echoes("import " + ", ".join("async_websocketclient" + name for name in names), (0, 100, 4096))


if __name__ == "__main__":
    unittest.main()
