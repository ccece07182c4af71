"""What our client does beyond the published 1.0.0: fixed buffers, ends that raise, timeouts, keep-alive, connecting again."""

import hashlib
import random
import socket
import struct
import time

from client_support import ADDRESSES, ClientTest, Server, closing, deflated, echo, filled, frame, in_pieces, run_client


def reset(connection):
    """Ends a connection without telling the client's side first: what it sends then cannot arrive."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.sock.close()


class IntoABuffer(ClientTest):
    def test_messages_of_every_kind_go_into_the_callers_buffer(self):
        def play(connection):
            connection.shake()
            connection.raw(frame(2, b"binary") + frame(1, "añ€😀".encode()) + frame(2))
            connection.raw(frame(1, b"frag", fin=False) + frame(9, b"p") + frame(0, b"", fin=False) + frame(0, b"ments"))
            connection.raw(frame(2, b"z" * 3000) + frame(1, b"exactly " * 512))
            connection.raw(frame(2, b"then a message"))
            closing(connection)

        for plain in (False, True):
            with Server(play) as server:
                shown = run_client("""
                    ws = AsyncWebsocketClient()
                    await ws.handshake('%s')
                    buf = bytearray(4096)
                    for _ in range(6):
                        n = await ws.recv_into(buf)
                        show((n, ws.received_text, bytes(buf[:min(n, 20)])))
                    show(await ws.recv())
                    show((await ws.close(), await ws.recv_into(buf)))
                """ % server.uri, plain=plain)
            self.assertEqual(shown[:4], [
                (6, False, b"binary"), (10, True, "añ€😀".encode()), (0, False, b""), (9, True, b"fragments"),
            ])  # fmt: skip
            self.assertEqual(shown[4:], [
                (3000, False, b"z" * 20), (4096, True, b"exactly exactly exac"), b"then a message", (False, None),
            ])  # fmt: skip

    def test_it_arrives_in_any_pieces_and_survives_cancelling(self):
        message = ("字é" * 400).encode()

        for other in ("recv()", "recv_into(buf)", "recv_into(another)"):
            with Server(in_pieces(message)) as server:
                shown = run_client("""
                    ws = AsyncWebsocketClient()
                    await ws.handshake('%s')
                    buf, another, cancelled = bytearray(4096), bytearray(4096), 0
                    async def received(first, again):
                        nonlocal cancelled
                        waiting = first()
                        while True:
                            task = asyncio.create_task(waiting)
                            ws._moved = False
                            tell(ws)
                            await until(lambda: ws._moved or task.done())
                            task.cancel()
                            try:
                                return await task
                            except asyncio.CancelledError:
                                cancelled += 1
                                waiting = again()
                    got = await received(lambda: ws.recv_into(buf), lambda: ws.%s)
                    if isinstance(got, int):
                        got = str(bytes((another if '%s' == 'recv_into(another)' else buf)[:got]), 'utf-8')
                    show((got, cancelled > 5, await received(ws.recv, ws.recv)))
                    await ws.close()
                """ % (server.uri, other, other))
            self.assertEqual(shown, [(message.decode(), True, b"tail")], other)

    def test_what_is_longer_than_the_buffer_fails_with_1009_and_writes_nothing_behind_it(self):
        cases = [
            frame(2, b"x" * 101),
            frame(2, b"x" * 60, fin=False) + frame(0, b"y" * 41),
            b"\x82\x7f" + struct.pack("!Q", 1 << 40),
        ]

        def play(data):
            return lambda connection: (connection.shake(), connection.raw(data), connection.until_close())[2]

        with Server(*map(play, cases)) as server:
            shown = run_client("""
                for _ in range(3):
                    ws = AsyncWebsocketClient()
                    await ws.handshake('%s')
                    whole = bytearray(b'.' * 110)
                    show((await ws.recv_into(memoryview(whole)[:100]), ws.fail_code, bytes(whole[100:]) == b'.' * 10))
            """ % server.uri)
        self.assertEqual(shown, [(None, 1009, True)] * 3)
        for connection in server.connections:
            self.assertEqual(connection.result[:2], struct.pack("!H", 1009))

    def test_text_is_checked_there_too(self):
        def play(connection):
            connection.shake()
            connection.raw(frame(1, b"ok \xed\xa0\x80"))
            return connection.until_close()

        with Server(play) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient()
                await ws.handshake('%s')
                show((await ws.recv_into(bytearray(100)), ws.fail_code))
            """ % server.uri)
        self.assertEqual(shown, [(None, 1007)])

    def test_messages_that_a_ping_kept_come_first(self):
        def play(connection):
            connection.shake()
            _, _, data = connection.next()
            connection.raw(frame(2, b"kept") + frame(2, b"k" * 50) + frame(10, data) + frame(2, b"later"))
            return connection.until_close()

        with Server(play) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient(close_timeout_ms=300)
                await ws.handshake('%s')
                buf = bytearray(20)
                await ws.ping()
                show((await ws.recv_into(buf), bytes(buf[:4])))
                show((await ws.recv_into(buf), ws.fail_code))
            """ % server.uri)
        self.assertEqual(shown, [(4, b"kept"), (None, 1009)])

    def test_received_text_is_that_of_the_message_that_is_handed_over(self):
        """Whatever came behind it, and without a change to the one that comes in meanwhile."""

        def play(connection):
            connection.shake()
            _, _, data = connection.next()
            connection.raw(frame(1, b"text") + frame(2, b"binary") + frame(10, data))
            _, _, data = connection.next()
            connection.raw(frame(1, b"kept") + frame(2, b"be", fin=False))
            connection.told()
            connection.raw(frame(0, b"hind") + frame(10, data))
            _, _, data = connection.next()
            connection.raw(frame(2, b"kept") + frame(1, b"x" * 3000)[:1000])
            connection.told()
            connection.raw(frame(1, b"x" * 3000)[1000:] + frame(10, data))
            connection.until_close()

        with Server(play) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient(close_timeout_ms=300)
                await ws.handshake('%s')
                buf = bytearray(4000)
                async def into():
                    n = await ws.recv_into(buf)
                    show((n, bytes(buf[:4]), ws.received_text))
                await ws.ping()
                await into()
                await into()
                for begun in (lambda: ws._message, lambda: ws._payload):
                    ping = asyncio.create_task(ws.ping())
                    await until(begun)
                    await into()
                    tell(ws)
                    await ping
                    show(type(await ws.recv()) is str)
                    show(ws.received_text)
                await ws.close()
            """ % server.uri)
        first = [(4, b"text", True), (6, b"bina", False)]
        self.assertEqual(shown, first + [(4, b"kept", True), False, False, (4, b"kept", False), True, True])

    def test_a_kept_message_that_is_too_long_ends_the_connection_as_any_other(self):
        def play(connection):
            connection.shake()
            _, _, data = connection.next()
            connection.raw(frame(2, b"k" * 50) + frame(10, data))
            connection.until_close()

        with Server(play) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient(close_timeout_ms=300, raise_on_close=True)
                await ws.handshake('%s')
                await ws.ping()
                try:
                    show(await ws.recv_into(bytearray(20)))
                except ConnectionClosed as end:
                    show((end.code, end.clean, ws.fail_code, ws.fail_reason, ws.sock))
                    show(str(end))
                show(await ws.open())
            """ % server.uri)
        reason = "a message of 50 bytes is longer than the buffer"
        told = "the client ended the connection: " + reason
        self.assertEqual(shown, [(1006, False, 1009, reason, None), told, False])

    def test_failing_beside_a_task_that_reads_ends_that_one_too(self):
        """A message that was kept, or had been begun, is too long, while another task waits for the socket."""

        def kept(connection):
            connection.shake()
            connection.next()
            connection.raw(frame(2, b"k" * 3000))
            payload = connection.until_close()
            connection.frame(8, payload)
            return payload

        def begun(connection):
            connection.shake()
            connection.raw(frame(2, b"k" * 3000)[:1500])
            connection.told()
            connection.raw(frame(2, b"k" * 3000)[1500:])
            return connection.until_close()

        with Server(kept, kept, begun) as server:
            shown = run_client("""
                async def ended(*tasks):
                    show((ws.fail_code, ws.close_code, ws.sock))
                    show(await asyncio.wait_for(asyncio.gather(ws.recv(), *tasks), 2))
                for _ in range(2):
                    ws = AsyncWebsocketClient()
                    await ws.handshake('%s')
                    ping = asyncio.create_task(ws.ping(timeout_ms=None))
                    await until(lambda: ws._kept and asyncio.core._io_queue.map)
                    show((ws._receiving, await ws.recv_into(bytearray(10))))
                    await ended(ping)
                ws = AsyncWebsocketClient()
                await ws.handshake('%s')
                task = asyncio.create_task(ws.recv())
                await until(lambda: ws._payload)
                task.cancel()
                try: await task
                except asyncio.CancelledError: pass
                tasks = [asyncio.create_task(ws.recv_into(bytearray(10)))]
                await until(lambda: ws._receiving)
                tasks += [asyncio.create_task(ws.recv()), asyncio.create_task(ws.ping(timeout_ms=None))]
                await asyncio.sleep_ms(0)
                tell(ws)
                show(await tasks.pop(0))
                await ended(*tasks)
            """ % (server.uri, server.uri))
        end = (1009, 1006, None)
        self.assertEqual(shown, [(True, None), end, [None] * 2] * 2 + [None, end, [None] * 3])
        for connection in server.connections:
            self.assertEqual(connection.result[:2], b"\x03\xf1")  # 1009

    def test_a_buffer_that_cannot_take_bytes_is_refused_and_nothing_is_lost(self):
        with Server(echo(1)) as server:
            shown = run_client("""
                import array
                ws = AsyncWebsocketClient()
                await ws.handshake('%s')
                await ws.send(b'message')
                for bad in (b'read-only', memoryview(b'read-only'), memoryview(array.array('I', [1, 2, 3])), 'text', 9):
                    try: await ws.recv_into(bad)
                    except TypeError as error: show('recv_into takes' in str(error))
                buf = bytearray(9)
                show((await ws.recv_into(buf), bytes(buf[:7])))
                await ws.close()
            """ % server.uri)
        self.assertEqual(shown, [True] * 5 + [(7, b"message")])


class Ways(ClientTest):
    """A message takes one of several ways through the client: by its size, by what came with it, and by who asks for it."""

    SIZES = (0, 1, 2, 124, 125, 126, 127, 250, 251, 252, 253, 254, 255, 256, 1020, 1023, 1024, 1025, 3000, 20000, 65535, 65536)
    CALLS = ("recv()", "recv_into(buf)", "raw()", "small()")

    def stream(self, choose):
        """Frames, and for each message: whether it is text, and its bytes."""
        blob, messages = b"", []
        for _ in range(24):
            text, size = choose.random() < 0.5, choose.choice(self.SIZES)
            data = ("aé字😀" * (size // 10 + 1)).encode()[: size // 10 * 10] + b"z" * (size % 10) if text else choose.randbytes(size)
            messages.append((text, data))
            cuts = sorted(choose.randrange(size + 1) for _ in range(choose.choice((0, 0, 0, 1, 3))))
            ends = [*cuts, size]
            for index, (start, end) in enumerate(zip([0, *cuts], ends)):
                opcode = 0 if index else 1 if text else 2
                blob += frame(opcode, data[start:end], fin=index == len(ends) - 1)
                if choose.random() < 0.2:
                    blob += frame(9, choose.randbytes(choose.choice((0, 5, 125))))
        return blob, messages

    def test_all_of_them_in_any_order_and_any_pieces(self):
        for seed in range(12):
            choose = random.Random(seed)
            blob, messages = self.stream(choose)
            most = choose.choice((1, 7, 300, 5000, len(blob)))
            calls = [choose.choice(self.CALLS[: 2 if seed % 3 else 4]) for _ in messages]

            def play(connection):
                connection.shake()
                at = 0
                while at < len(blob):
                    size = choose.randrange(1, most + 1) if most > 1 else choose.choice((1, 2, 3, 9000))
                    connection.raw(blob[at : at + size])
                    at += size
                    if most < 5000 and choose.random() < 0.01:
                        time.sleep(0.002)
                return closing(connection)

            with self.subTest(seed=seed), Server(play) as server:
                shown = run_client("""
                    import hashlib
                    ws = AsyncWebsocketClient(close_timeout_ms=4000)
                    await ws.handshake('%s')
                    buf = bytearray(65536)
                    async def raw():  # frames, put together here
                        data = b''
                        while True:
                            fin, opcode, part = await ws.read_frame()
                            if opcode == OP_PING: ws.write_frame(OP_PONG, part)
                            else:
                                ws.received_text = opcode == OP_TEXT if opcode else ws.received_text
                                data += part
                                if fin: return data
                    async def small():  # with a limit that this message just keeps
                        ws.max_message_size = 65536
                        message = await ws.recv()
                        ws.max_message_size = None
                        return message
                    calls = {'recv()': ws.recv, 'recv_into(buf)': lambda: ws.recv_into(buf), 'raw()': raw, 'small()': small}
                    for call in %r:
                        message = await calls[call]()
                        assert message is not None, ws.fail_reason
                        if isinstance(message, int): message = memoryview(buf)[:message]
                        text = ws.received_text
                        assert call != 'recv()' or text == isinstance(message, str)
                        show((text, len(message), hashlib.sha1(message).digest()))
                    await ws.close()
                """ % (server.uri, calls), heap="1M", plain=seed % 2 == 1)
            for (text, data), call, got in zip(messages, calls, shown):
                length = len(data.decode()) if text and call in ("recv()", "small()") else len(data)
                self.assertEqual(got, (text, length, hashlib.sha1(data).digest()), (seed, call))
            self.assertEqual(len(shown), len(messages))


class Ends(ClientTest):
    def test_a_clean_close_and_a_lost_line_are_told_apart(self):
        def clean(connection):
            connection.shake()
            connection.raw(frame(1, b"m") + frame(8, struct.pack("!H", 3001) + b"done"))
            connection.until_close()

        def lost(connection):
            connection.shake()
            connection.raw(frame(1, b"m"))

        with Server(clean, lost, clean, lost) as server:
            shown = run_client("""
                for way in ('recv()', 'recv_into(bytearray(9))'):
                    for _ in range(2):
                        ws = AsyncWebsocketClient(raise_on_close=True)
                        await ws.handshake('%s')
                        show(await (ws.recv() if way == 'recv()' else ws.recv_into(bytearray(9))))
                        for again in range(2):
                            try:
                                await (ws.recv() if way == 'recv()' else ws.recv_into(bytearray(9)))
                            except ConnectionClosed as end:
                                show((end.code, end.reason, end.clean))
                        try:
                            await ws.send('late')
                        except ConnectionClosed as end:
                            show(end.code)
                        await ws.close()
            """ % server.uri)
        expected = [(3001, "done", True), (3001, "done", True), 3001], [(1006, "", False), (1006, "", False), 1006]
        for got in ("m", 1):
            for part in expected:
                self.assertEqual([shown.pop(0) for _ in range(4)], [got] + part)

    def test_async_for_ends_at_a_clean_close_and_raises_at_a_lost_line(self):
        def clean(connection):
            connection.shake()
            connection.raw(frame(1, b"m") + frame(8))
            connection.until_close()

        def lost(connection):
            connection.shake()
            connection.raw(frame(1, b"m"))

        with Server(clean, lost) as server:
            shown = run_client("""
                for _ in range(2):
                    async with AsyncWebsocketClient(raise_on_close=True) as ws:
                        await ws.handshake('%s')
                        try:
                            async for message in ws:
                                show(message)
                            show('end')
                        except ConnectionClosed as end:
                            show(end.clean)
            """ % server.uri)
        self.assertEqual(shown, ["m", "end", "m", False])

    def test_a_line_that_breaks_while_something_is_sent(self):
        def play(connection):
            connection.shake()
            reset(connection)

        with Server(*[play] * 6) as server:
            shown = run_client("""
                for first in ("send('m')", "send('m', fragment_size=1)", "ping()"):
                    for raising in (False, True):
                        ws = AsyncWebsocketClient(raise_on_close=raising)
                        await ws.handshake('%s')
                        await until(lambda: arrived(ws, 24))
                        got = []
                        for call in (first, "send('more')", 'ping()'):
                            try:
                                size = {'fragment_size': 1} if 'fragment' in call else {}
                                got.append(await (ws.ping() if call == 'ping()' else ws.send('m', **size)))
                            except ConnectionClosed as end: got.append((end.code, end.clean))
                            except OSError: got.append('OSError')
                        show((got, await ws.open()))
                        await ws.close()
            """ % server.uri)
        lost = (1006, False)
        sent = [(["OSError", None, None], False), ([lost, lost, None], False)]
        self.assertEqual(shown, sent * 2 + [([None, None, None], False), ([None, lost, None], False)])

    def test_what_came_before_the_line_broke_is_received(self):
        def play(connection):
            connection.shake()
            connection.raw(frame(1, b"one") + frame(2, b"two") + frame(1, b"three"))
            connection.next()
            reset(connection)

        with Server(play) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient()
                await ws.handshake('%s')
                await ws.send('go')
                await until(lambda: arrived(ws, 24))
                for _ in range(4): show(await ws.recv())
                show(ws.close_code)
            """ % server.uri)
        self.assertEqual(shown, ["one", b"two", "three", None, 1006])

    def test_a_close_reason_is_text_or_its_utf8_and_nothing_else(self):
        def play(connection):
            connection.shake()
            return closing(connection)

        with Server(play, play) as server:
            shown = run_client("""
                for reason in ('grün', 'grün'.encode()):
                    ws = AsyncWebsocketClient()
                    await ws.handshake('%s')
                    for bad in (str(b'\\xed\\xa0\\x80', 'utf-8'), b'\\xff', 'x' * 124):
                        try: await ws.close(3001, bad)
                        except ValueError: show(await ws.open())
                    await ws.close(3001, reason)
            """ % server.uri)
        self.assertEqual(shown, [True] * 6)
        reason = struct.pack("!H", 3001) + "grün".encode()
        self.assertEqual([connection.result for connection in server.connections], [reason] * 2)


class Sending(ClientTest):
    def test_a_memoryview_of_larger_items_is_sent_by_its_bytes(self):
        def play(connection):
            connection.shake()
            for _ in range(3):
                connection.next()
            closing(connection)

        numbers = struct.pack("=3H", 1, 2, 65535)
        for plain in (False, True):
            with Server(play) as server:
                run_client("""
                    import array
                    ws = AsyncWebsocketClient()
                    await ws.handshake('%s')
                    view = memoryview(array.array('H', [1, 2, 65535]))
                    await ws.send(view)
                    await ws.send(view, fragment_size=100)
                    ws.write_frame(OP_BYTES, view)
                    await ws.close()
                """ % server.uri, plain=plain)
            self.assertEqual([data for _, _, data in server.connections[0].seen[:3]], [numbers] * 3)


class Timeouts(ClientTest):
    def test_somebody_elses_cancellation_goes_before_the_timeout(self):
        def play(connection):
            connection.shake()
            closing(connection)

        with Server(play) as server:
            shown = run_client("""
                import time
                ws = AsyncWebsocketClient(read_timeout_ms=30)
                await ws.handshake('%s')
                task = asyncio.create_task(ws.recv())
                await until(lambda: ws._receiving)
                time.sleep_ms(50)  # the time is over, and nobody has noticed
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    show('cancelled')
                except OSError as error:
                    show(error.errno)
                await ws.close()
            """ % server.uri)
        self.assertEqual(shown, ["cancelled"])

    def test_connect_timeout_ms_counts_the_tls_handshake_too(self):
        def silent(connection):
            while connection.sock.recv(4096):  # up to the client's end
                pass

        with Server(silent) as server:
            shown = run_client("""
                import time
                ws = AsyncWebsocketClient(connect_timeout_ms=100, handshake_timeout_ms=3000)
                start = time.ticks_ms()
                try:
                    await ws.handshake('wss://127.0.0.1:%d/')
                except OSError as error:
                    show((error.errno, time.ticks_diff(time.ticks_ms(), start) < 2500, ws.sock))
                except HandshakeError as error:
                    show(str(error))
            """ % server.port)
        self.assertEqual(shown, [(110, True, None)])

    def test_recv_raises_after_read_timeout_ms_and_loses_nothing(self):
        def play(connection):
            connection.shake()
            connection.raw(frame(1, b"hal", fin=False))
            connection.next()
            connection.raw(frame(0, b"f"))
            return closing(connection)

        with Server(play) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient(read_timeout_ms=60)
                await ws.handshake('%s')
                for call in (ws.recv, lambda: ws.recv_into(bytearray(9))):
                    try:
                        await call()
                    except OSError as error:
                        show(error.errno)
                await ws.send('go on')
                show((await ws.recv(), await ws.open()))
                task = asyncio.create_task(ws.recv())
                await until(lambda: ws._receiving)
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    show('cancelled')
                await ws.close()
            """ % server.uri)
        self.assertEqual(shown, [110, 110, ("half", True), "cancelled"])

    def test_a_connect_that_is_not_answered_ends_after_connect_timeout_ms(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            with filled(listener):
                shown = run_client("""
                    import time
                    ws = AsyncWebsocketClient(connect_timeout_ms=100)
                    start = time.ticks_ms()
                    try:
                        await ws.handshake('ws://127.0.0.1:%d/')
                    except OSError as error:
                        show((error.errno, time.ticks_diff(time.ticks_ms(), start) < 5000, ws.sock))
                """ % listener.getsockname()[1])
        self.assertEqual(shown, [(110, True, None)])


class Overtaken(ClientTest):
    """A handshake is still under way when the client is told to do something else."""

    DROPPED = "the connection was dropped during the opening handshake"

    def test_a_later_handshake_has_its_connection_for_itself(self):
        for wait, end in ((20, "sleep_ms(400)"), (20, "sleep_ms(0); first.cancel()"), (0, "sleep_ms(400)")):
            with socket.create_server(("127.0.0.1", 0)) as silent, Server(echo(1)) as server:
                shown = run_client("""
                    ws = AsyncWebsocketClient()
                    first = asyncio.create_task(ws.handshake('ws://127.0.0.1:%d/', timeout_ms=300))
                    await asyncio.sleep_ms(%d)
                    show(await ws.handshake('%s'))
                    await asyncio.%s
                    await ws.send('still open')
                    show(await ws.recv())
                    await ws.close()
                    try: await first
                    except Exception as error: show(str(error))
                """ % (silent.getsockname()[1], wait, server.uri, end))
            self.assertEqual(shown, [True, "still open", self.DROPPED], (wait, end))

    def test_two_that_begin_at_once(self):
        with Server(echo(1)) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient()
                tasks = [asyncio.create_task(ws.handshake('%s')) for _ in range(2)]
                for task in tasks:
                    try: show(await task)
                    except HandshakeError as error: show(str(error))
                await ws.send('second')
                show(await ws.recv())
                await ws.close()
            """ % server.uri)
        self.assertEqual(shown, [self.DROPPED, True, "second"])

    def test_a_drop_ends_it_and_does_not_count_as_a_failure_of_this_address(self):
        for scheme in ("ws", "wss"):
            for drop in ("close()", "open(False)"):
                with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
                    shown = run_client(ADDRESSES.format([sock.getsockname()[1] for sock in (first, second)]) + """
ws = AsyncWebsocketClient(handshake_timeout_ms=2000)
task = asyncio.create_task(ws.handshake('%s://localhost/'))
await asyncio.sleep_ms(50)
show(await ws.%s)
try: await task
except HandshakeError as error: show(str(error))
show((ws.sock, await ws.open()))
""" % (scheme, drop))
                    second.setblocking(False)
                    self.assertRaises(BlockingIOError, second.accept)
                self.assertEqual(shown, [False, self.DROPPED, (None, False)], (scheme, drop))


class KeepAlive(ClientTest):
    def test_a_server_that_answers_is_pinged_and_kept(self):
        def play(connection):
            connection.shake()
            pings = 0
            _, opcode, data = connection.next()
            while opcode != 8:  # whatever its client asks until it closes
                assert opcode == 9, opcode
                connection.frame(10, data)
                pings += 1
                if pings == 3:
                    connection.frame(1, b"still here")
                _, opcode, data = connection.next()
            connection.frame(8, data)

        for reading in (True, False):
            with Server(play) as server:
                # Time enough for an answer on a busy computer.
                shown = run_client("""
                    ws = AsyncWebsocketClient(ping_interval_ms=200)
                    await ws.handshake('%s')
                    if not %s:
                        await until(lambda: ws._kept)
                    show(await ws.recv())
                    await ws.close()
                    await until(lambda: ws._keeper.done())
                    show(ws.close_code)
                """ % (server.uri, reading))
            self.assertEqual(shown, ["still here", 1000])

    def test_a_server_that_does_not_answer_is_lost(self):
        def play(connection):
            connection.shake()
            try:
                while True:
                    connection.next()
            except EOFError:
                return "ended"

        with Server(play, play) as server:
            shown = run_client("""
                for reading in (True, False):
                    ws = AsyncWebsocketClient(ping_interval_ms=60)
                    await ws.handshake('%s')
                    if not reading:
                        await until(lambda: ws.close_code)
                    show((await ws.recv(), ws.close_code, ws.close_was_clean, ws.fail_reason))
            """ % server.uri)
        self.assertEqual(shown, [(None, 1006, False, "no answer to a PING in 60 ms")] * 2)
        self.assertEqual([connection.result for connection in server.connections], ["ended"] * 2)

    def test_a_line_that_is_slow_is_not_taken_for_a_lost_one(self):
        def play(connection):
            connection.shake()
            data = frame(2, b"x" * 6000)
            for at in range(0, len(data), 200):  # 600 ms, in which no PONG can come
                connection.raw(data[at : at + 200])
                time.sleep(0.02)
            return closing(connection)

        with Server(play) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient(ping_interval_ms=100)
                await ws.handshake('%s')
                message = await ws.recv()
                show((message == b'x' * 6000, ws.close_code, ws.fail_reason))
                await ws.close()
            """ % server.uri)
        self.assertEqual(shown, [(True, None, "")])

    def test_an_application_that_does_not_read_is_not_taken_for_a_lost_line(self):
        def play(connection):
            connection.shake()
            connection.raw(frame(2, b"x" * 9000) * 3)
            return closing(connection)

        with Server(play) as server:
            shown = run_client("""
                ws = AsyncWebsocketClient(ping_interval_ms=40)
                pings, ping = 0, ws.ping
                async def counted(**options):
                    nonlocal pings
                    pings += 1
                    return await ping(**options)
                ws.ping = counted
                await ws.handshake('%s')
                await until(lambda: pings > 3)
                show((await ws.open(), len(await ws.recv()), len(await ws.recv()), len(await ws.recv())))
                await ws.close()
            """ % server.uri)
        self.assertEqual(shown, [(True, 9000, 9000, 9000)])


class Again(ClientTest):
    def test_connections_come_anew_with_growing_delays(self):
        def dropping(connection):
            connection.shake()
            connection.frame(1, b"first")

        def refusing(connection):
            connection.read_request()
            connection.raw(b"HTTP/1.1 503 Busy\r\n\r\n")

        def good(connection):
            connection.shake()
            connection.frame(1, b"second")
            return closing(connection)

        with Server(dropping, refusing, refusing, good) as server:
            shown = run_client("""
                from async_websocketclient_reconnect import Connections
                slept, sleep_ms = [], asyncio.sleep_ms
                connections = Connections('%s', AsyncWebsocketClient(), 100, 300, headers=[('X-A', 'b')])
                def counted(ms):
                    slept.append(ms)
                    return sleep_ms(1)
                async for ws in connections:
                    message = await ws.recv()
                    show(message)
                    asyncio.sleep_ms = counted
                    if message == 'second':
                        break
                    show(await ws.recv())
                asyncio.sleep_ms = sleep_ms
                slept = [ms for ms in slept if ms]
                show([50 <= slept[0] <= 100, 100 <= slept[1] <= 200, 150 <= slept[2] <= 300, len(slept)])
                await ws.close()
            """ % server.uri)
        self.assertEqual(shown, ["first", None, "second", [True, True, True, 3]])
        self.assertEqual([connection.field("X-A") for connection in server.connections], ["b"] * 4)

    def test_it_gives_up_where_it_is_told_to(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            shown = run_client("""
                from async_websocketclient_reconnect import Connections
                try:
                    async for ws in Connections('ws://127.0.0.1:%d/', first_delay_ms=1, most_delay_ms=4, attempts=4):
                        show('connected')
                except OSError as error:
                    show(error.errno)
            """ % unused.getsockname()[1])
        self.assertEqual(shown, [111])


# Another port's sockets, in the place of this one's: they cannot be polled, and tell what options are set.
ANOTHER_PORT = """
import socket, io
native, lookup, stream, options = socket.socket, socket.getaddrinfo, socket.SOCK_STREAM, []
class Unpollable(io.IOBase):
    def __init__(self, *arguments):
        self._sock = native(*arguments)
    def readinto(self, buf, n=None):
        return self._sock.readinto(buf) if n is None else self._sock.readinto(buf, n)
    def ioctl(self, request, argument):
        return -1
    def setsockopt(self, *arguments):
        options.append(arguments)
    def __getattr__(self, name):
        return getattr(self._sock, name)
    def read(self, n): return self._sock.read(n)
    def readline(self, n): return self._sock.readline(n)
    def write(self, *arguments): return self._sock.write(*arguments)
    def close(self): self._sock.close()
class Port:
    SOCK_STREAM = stream
    getaddrinfo = lookup
    socket = Unpollable
import async_websocketclient_connecting as connecting
connecting.socket = Port
"""


class Ports(ClientTest):
    def test_where_sockets_cannot_be_polled_the_client_looks_at_intervals(self):
        with Server(echo(3)) as server:
            shown = run_client(ANOTHER_PORT + """
ws = AsyncWebsocketClient(ms_delay_for_read=7)
slept, sleep_ms = [], asyncio.sleep_ms
def counted(ms):
    slept.append(ms)
    return sleep_ms(ms)
asyncio.sleep_ms = counted
await ws.handshake('%s')
for message in ('text', b'x' * 20000, ''):
    await ws.send(message)
    show(await ws.recv() == message)
await ws.close()
asyncio.sleep_ms = sleep_ms
show((ws._poller, 7 in slept, max(slept), ws.close_code))
""" % server.uri)
        self.assertEqual(shown, [True] * 3 + [(None, True, 7, 1000)])

    def test_where_an_object_in_memory_cannot_be_reached_messages_are_copied(self):
        for plain in (False, True):
            with Server(echo(6)) as server:
                shown = run_client("""
                    import async_websocketclient_inplace as inplace
                    ws = AsyncWebsocketClient()
                    await ws.handshake('%s')
                    for message in ('text', b'x' * 20000, 'häß€' * 3000, '', 'x' * 100, b'y' * 600):
                        await ws.send(message)
                        assert await ws.recv() == message, message
                    await ws.close()
                    show(inplace._whole is inplace._copied)
                """ % server.uri, plain=plain, copying=True)
            self.assertEqual(shown, [True])

    def test_tcp_nodelay_is_set_by_its_constant_and_by_its_number_only_on_linux(self):
        """The number of Linux is that of another option on a board."""
        cases = (("linux", "", [(6, 1, 1)]), ("rp2", "", []), ("rp2", "Port.TCP_NODELAY = 11", [(6, 11, 1)]))
        for platform, constant, expected in cases:
            with Server(echo(0)) as server:
                shown = run_client(ANOTHER_PORT + """
%s
class System:
    platform = '%s'
connecting.sys = System
ws = AsyncWebsocketClient()
await ws.handshake('%s')
await ws.close()
show(options)
""" % (constant, platform, server.uri))
            self.assertEqual(shown, [expected], platform)


# Counts what is done to bytes of messages between two returns to the event loop. What is bytecode: masking and checking without
# native code, and copying wherever a loop does it step by step. A slice that is copied as a whole is not; one for each turn is.
COUNTING = """
import async_websocketclient_deflate as deflate
import async_websocketclient_frames as frames
import async_websocketclient_incoming as incoming
import async_websocketclient_reading as reading
import async_websocketclient_writing as writing
class Count:
    def __init__(self): self.now = self.most = self.sum = 0
    def add(self, n):
        self.now += n
        self.sum += n
        self.most = max(self.most, self.now)
native, bytecode, copied, slices = Count(), Count(), Count(), Count()
worked = native if frames._NATIVE else bytecode
def counted(work):
    def count(buf, at, end, *state):
        worked.add(end - at)
        return work(buf, at, end, *state)
    return count
for module in (deflate, frames, incoming, reading, writing):
    for name in ('_mask', '_utf8'):
        if hasattr(module, name):
            setattr(module, name, counted(getattr(module, name)))
def copies(n):
    bytecode.add(n)
    copied.add(n)
def held(client):
    return len(client._message or b'') + sum(len(piece) for piece in client._payload or ())
def measured(name):
    step = getattr(AsyncWebsocketClient, name)
    def measure(client, *arguments):
        before = held(client)
        result = step(client, *arguments)
        copies(held(client) - before)
        return result
    setattr(AsyncWebsocketClient, name, measure)
measured('_lengthen')
measured('_cut')
put_back = AsyncWebsocketClient._put_back
def putting_back(client, piece, start):
    copies(len(piece))
    put_back(client, piece, start)
AsyncWebsocketClient._put_back = putting_back
inflate, pieces = deflate._inflate, writing._pieces
def inflating(packed, window, out):
    for start in inflate(packed, window, out):
        copies(len(out) - start)
        yield start
def piecewise(*arguments):
    for piece in pieces(*arguments):
        slices.add(1)
        yield piece
deflate._inflate, writing._pieces = inflating, piecewise
queue = asyncio.core._io_queue
wait = queue.wait_io_event
def returned(dt):  # called whenever a task returned to the event loop
    for count in (native, bytecode, copied, slices): count.now = 0
    wait(dt)
queue.wait_io_event = returned
async def others():  # so that nothing waits but the event loop
    while True: await asyncio.sleep_ms(0)
others = asyncio.create_task(others())
"""


class Turns(ClientTest):
    """At most 4 KiB are masked, checked or copied in bytecode between two returns to the event loop, 64 KiB in native code."""

    TEXT = "häß€字" * 5000
    SIZES = (3000, 16384, 40000)

    def stream(self):
        """Messages in one frame, in fragments of every size, and short ones."""
        text = self.TEXT.encode()
        blob = frame(1, text) + frame(1, text[:20001], fin=False) + frame(0, text[20001:])
        blob += frame(2, bytes(50), fin=False) + frame(0, bytes(40000), fin=False) + frame(0, bytes(3))
        return blob + frame(1, b"t" * 300) * 30 + frame(1, b"t" * 1000) * 30, 63

    def counts(self, blob, messages, compressed=b"", body="", plain=False):
        """The most of each in one turn, while messages come in and some are sent; and how much was copied in all."""

        def play(connection):
            connection.read_request()
            connection.raw(connection.head(compressed) if compressed else connection.head())
            connection.raw(blob)
            for _ in range(2 * len(self.SIZES)):
                connection.next()
            return closing(connection)

        with Server(play) as server:
            shown = run_client(COUNTING + """
%s
ws = AsyncWebsocketClient()
await ws.handshake('%s', compression=%s)
for _ in range(%d):
    assert await ws.recv() is not None, ws.fail_reason
for size in %r:
    await ws.send(bytes(size))
    await ws.send('t' * size)
others.cancel()
await ws.close()
show((native.most, bytecode.most, copied.most, copied.sum, slices.most))
            """ % (body, server.uri, bool(compressed), messages, self.SIZES), plain=plain, heap="1M")
        return shown[0]

    def assertKept(self, counts, plain, copied):
        native, bytecode, most, total, slices = counts
        self.assertEqual((native == 0, slices), (plain, 1), counts)
        self.assertLessEqual(native, 65536, counts)
        self.assertTrue(512 <= most <= bytecode <= 4096, counts)
        self.assertGreaterEqual(total, copied, counts)

    def test_no_more_than_4_kib_in_one_turn(self):
        for plain in (False, True):
            self.assertKept(self.counts(*self.stream(), plain=plain), plain, 75000)

    def test_nor_where_a_fragmented_message_finds_no_room_behind_itself_and_moves(self):
        no_room = "AsyncWebsocketClient._lengthen = lambda client: False"
        for plain in (False, True):
            self.assertKept(self.counts(*self.stream(), body=no_room, plain=plain), plain, 2 * 20000)

    def test_nor_where_messages_are_inflated(self):
        packed = frame(1, deflated(self.TEXT.encode()), rsv=4)
        blob = packed + frame(1, b"t" * 1024) * 2 + frame(1, b"t" * 200) + packed
        blob += frame(2, deflated(bytes(30000)), rsv=4)
        extension = b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; server_max_window_bits=12"
        for plain in (False, True):
            self.assertKept(self.counts(blob, 6, extension, plain=plain), plain, 75000)

    def test_two_tasks_that_send_at_once_keep_their_frames_whole(self):
        def play(connection):
            connection.shake()
            seen = [connection.next() for _ in range(60)]
            return seen, closing(connection)

        for plain in (False, True):
            with Server(play, receive_buffer=4096) as server:
                run_client("""
                    ws = AsyncWebsocketClient()
                    await ws.handshake('%s')
                    async def sender(letter, size, fragment):
                        for _ in range(10):
                            await ws.send(letter * size, fragment)
                    await asyncio.gather(sender('a', 9000, None), sender('b', 20000, None), sender('c', 400, 100))
                    await ws.close()
                """ % server.uri, plain=plain, heap="1M")
            seen, close = server.connections[0].result
            self.assertEqual(close, struct.pack("!H", 1000))
            whole = [data for fin, opcode, data in seen if fin and opcode]
            self.assertEqual(sorted({(data[:1], len(data)) for data in whole}), [(b"a", 9000), (b"b", 20000)])
            self.assertEqual(len(whole), 20)
            fragments = [(fin, opcode) for fin, opcode, data in seen if data[:1] == b"c"]
            self.assertEqual(fragments, [(0, 1), (0, 0), (0, 0), (1, 0)] * 10)
            open_message = False
            for fin, opcode, _ in seen:
                self.assertEqual(opcode == 0, open_message, "a message inside of another")
                open_message = not fin
