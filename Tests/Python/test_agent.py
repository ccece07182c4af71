"""The agent and its adapters, on the MicroPython interpreter: fixtures/board/README.md is the contract."""

import os
import ssl
import tempfile
import threading
import time
import unittest

from agent_board import BOARD, HERE, ROOT, Board, Case, Console, Server, case, digest, records
from needs import needs
from test_client_tls import OPENSSL, Authority

STANDINS = os.path.join(HERE, "standins")
CODE = os.path.join(ROOT, "fixtures", "async_websocket_client", "code")
CLIENT = tuple(os.path.join(CODE, name) for name in sorted(os.listdir(CODE)) if name.startswith("async_websocketclient"))


def standin(name):
    return os.path.join(STANDINS, name)


def adapter(name):
    return os.path.join(BOARD, "adapters", name)


def connect(target, name="main", headers=(), subprotocols=()):
    return ["connect", name, target, [list(h) for h in headers], list(subprotocols)]


class UnrulyClientTests(unittest.TestCase):
    """The agent alone: a client that does anything, without a network."""

    def setUp(self):
        self.board = Board(standin("unruly_adapter.py"))
        self.addCleanup(self.board.close)

    def test_load_prints_what_is_there(self):
        loaded = records(self.board.execute())[0][0]
        self.assertEqual((loaded["k"], loaded["kind"], loaded["adapter"]), ("loaded", "asyncio", "wsrig_adapter"))
        self.assertIn("close_code", loaded["features"])
        self.assertGreater(loaded["heap"], 300_000)

    def test_echo_reports_each_message_and_what_was_sent(self):
        c = self.board.run([connect("/three", subprotocols=["a", "b"]), ["echo", "main", None]])
        self.assertEqual(c.kinds, ["connected", "message", "sent", "message", "sent", "message", "sent", "ended"])
        for e, payload in zip(c.events[1::2], ("a", "bé\U0001f600", b"\xff\x00")):
            self.assertEqual({k: e[k] for k in digest(payload)}, digest(payload))
        for received, sent in zip(c.of("message"), c.of("sent")):
            self.assertEqual([received[k] for k in digest("")], [sent[k] for k in digest("")])
        self.assertEqual(c.events[0]["subprotocol"], "b")
        self.assertEqual([c.events[-1][k] for k in ("code", "reason", "clean")], [1000, "é", True])
        self.assertEqual([(e["task"], e["step"], e["conn"]) for e in c.events], [("main", 0, "main")] + [("main", 1, "main")] * 7)
        self.assertEqual((c.end["interrupted"], c.end["where"], c.end["dropped"]), (False, [], 0))
        self.assertIn("aborted three", c.foreign)

    def test_counts_send_ping_close_and_pause(self):
        steps = [
            connect("/three"), ["receive", "main", 1], ["echo", "main", 1], ["send", "main", ("ab", 3)],
            ["send", "main", ""], ["send", "main", (b"\x00\x01", 400)], ["ping", "main", b"x"], ["pause", 30],
            ["close", "main", 4000, "why"],
        ]  # fmt: skip
        c = self.board.run(steps)
        self.assertEqual(c.kinds, ["connected", "message", "message", "sent", "sent", "sent", "sent", "pong", "closed"])
        for e, payload in zip(c.of("sent")[1:], ("ababab", "", b"\x00\x01" * 400)):
            self.assertEqual({k: e[k] for k in digest(payload)}, digest(payload))
        self.assertEqual(c.of("pong")[0]["rtt"], 1234)
        self.assertGreaterEqual(c.events[-1]["us"] - c.events[-2]["us"], 29_000)
        self.assertIn("closed with 4000 why", c.foreign)

    def test_a_receive_after_the_end_ends_again_and_does_not_spin(self):
        c = self.board.run([connect("/flood-0"), ["receive", "main", None], ["receive", "main", 5], ["echo", "main", 5]])
        self.assertEqual(c.kinds, ["connected", "ended", "ended", "ended"])

    def test_a_refused_connection_ends_the_task(self):
        c = self.board.run([connect("/refuse"), ["echo", "main", None]])
        self.assertEqual(c.kinds, ["connectFailed"])
        self.assertEqual((c.events[0]["type"], c.events[0]["conn"]), ("OSError", "main"))
        self.assertIn("111", c.events[0]["message"])

    def test_exceptions_end_the_task_with_type_and_bounded_text(self):
        for target, kind, text in (
            ("/long", "ValueError", "é\n" + "x" * 198), ("/odd", "_Odd", ""), ("/exit", "SystemExit", "3"),
            ("/greedy", "MemoryError", None), ("/hog", "MemoryError", None), ("/nothing", "KeyError", "_nothing"),
            ("/number", "TypeError", "a message of type int"), ("/quits", "CancelledError", ""),
        ):  # fmt: skip
            with self.subTest(target):
                c = self.board.run([connect(target), ["receive", "main", None], ["close", "main", None, None]])
                self.assertEqual(c.kinds, ["connected", "exception"])
                self.assertEqual(c.events[1]["type"], kind)
                self.assertIsNone(c.end["error"])
                if text is not None:
                    self.assertEqual(c.events[1]["message"], text)

    def test_a_send_that_fails_and_a_connection_that_is_not_there(self):
        c = self.board.run([connect("/three"), ["send", "main", b"x"]])
        self.assertEqual((c.kinds[-1], c.events[-1]["type"]), ("exception", "OSError"))
        c = self.board.run([["echo", "none", 1]])
        self.assertEqual((c.kinds, c.events[0]["type"], c.events[0]["conn"]), (["exception"], "KeyError", "none"))

    def test_events_beyond_the_limit_are_counted(self):
        c = self.board.run([connect("/flood-20"), ["echo", "main", None]], limit=10)
        self.assertEqual((c.end["events"], c.end["dropped"]), (10, 32))
        self.assertEqual(c.of("message")[-1]["sha1"], digest(b"5")["sha1"])

    def test_the_buffers_grow_and_are_reused(self):
        runs = ["_w.run(%r)" % case([connect("/flood-%d" % n), ["echo", "main", None]], limit=limit, id=str(n))
                for n, limit in ((40, 128), (2, 8), (100, 256), (5, 16))]  # fmt: skip
        found = records(self.board.execute(*runs))[0]
        ends = [r for r in found if r["k"] == "end"]
        self.assertEqual([(r["events"], r["dropped"]) for r in ends], [(82, 0), (6, 0), (202, 0), (12, 0)])

    def test_no_case_leaks(self):
        steps = [connect("/three"), ["echo", "main", None], ["close", "main", None, None]]
        found = records(self.board.execute("for _ in range(20): _w.run(%r)" % case(steps)))[0]
        before = [r["heap"] for r in found if r["k"] == "begin"]
        after = [r["heap"] for r in found if r["k"] == "end"]
        self.assertEqual(len(after), 20)
        self.assertLess(abs(before[5] - before[-1]), 2000)
        self.assertLess(abs(before[-1] - after[-1]), 2000)

    def test_tasks_start_meet_and_are_joined(self):
        c = self.board.run([
            ["main", [connect("/flood-2"), ["start", "other"], ["barrier", "b", 2], ["receive", "main", None], ["join", "other"],
                      ["send", "main", "last"]]],
            ["other", [connect("/three", "second"), ["barrier", "b", 2], ["pause", 20], ["echo", "second", None]]],
        ])  # fmt: skip
        self.assertEqual(c.events[-1]["kind"], "sent")
        self.assertEqual(c.events[-1]["task"], "main")
        self.assertEqual([e["conn"] for e in c.of("connected")], ["main", "second"])
        self.assertLess(c.events.index(c.of("connected")[1]), c.events.index(c.of("message")[0]))
        self.assertEqual(sorted(e["task"] for e in c.of("ended")), ["main", "other"])

    def test_the_case_lasts_until_the_last_task_has_ended(self):
        c = self.board.run([
            ["main", [["start", "other"]]],
            ["other", [["pause", 30], ["start", "third"]]],
            ["third", [["pause", 30], connect("/three")]],
        ])  # fmt: skip
        self.assertEqual([(e["task"], e["kind"]) for e in c.events], [("third", "connected")])

    def test_cancel_is_reported_by_the_cancelled_task(self):
        c = self.board.run([
            ["main", [["start", "other"], ["pause", 10], ["cancel", "other"], ["join", "other"], connect("/three")]],
            ["other", [connect("/silent", "second"), ["receive", "second", None]]],
        ])  # fmt: skip
        self.assertEqual([(e["task"], e["kind"]) for e in c.events],
                         [("other", "connected"), ("other", "cancelled"), ("main", "connected")])  # fmt: skip
        self.assertEqual(c.events[1]["step"], 1)

    def test_cancel_before_the_first_step_and_after_the_last(self):
        c = self.board.run([
            ["main", [["start", "other"], ["cancel", "other"], ["join", "other"], ["start", "third"], ["pause", 10],
                      ["cancel", "third"], ["cancel", "fourth"], connect("/three")]],
            ["other", [connect("/three", "second")]],
            ["third", [["pause", 1]]],
            ["fourth", [["pause", 1]]],
        ])  # fmt: skip
        self.assertEqual([(e["task"], e["kind"]) for e in c.events], [("other", "cancelled"), ("main", "connected")])

    def test_a_client_that_ignores_cancellation_is_left_behind(self):
        start = time.monotonic()
        c = self.board.run([
            ["main", [["start", "other"], ["pause", 10], ["cancel", "other"], ["join", "other"], connect("/three")]],
            ["other", [connect("/deaf", "second"), ["receive", "second", None]]],
        ])  # fmt: skip
        self.assertEqual(c.kinds, ["connected", "connected"])
        self.assertEqual((c.end["interrupted"], c.end["where"]), (False, [["other", 1]]))
        self.assertLess(time.monotonic() - start, 5)

    def test_the_heartbeat_tells_turns_and_gaps(self):
        c = self.board.run([connect("/three"), ["pause", 200]], heartbeat_us=10000)
        beat = c.end["hb"]
        self.assertEqual(beat["period"], 10000)
        self.assertIn(beat["count"], range(12, 21))
        self.assertIn(beat["since"], range(12, 21))
        self.assertGreaterEqual(beat["gap"], 10_000)

    def measured(self, target, *more, counting=False):
        steps = [connect(target), ["measure", counting]] + [["receive", "main", 1], ["measure", counting]] * 6
        return self.board.run(steps + list(more)).of("measured")

    def test_what_a_client_keeps_shows_in_each_measurement_and_what_it_drops_does_not(self):
        free = [m["free"] for m in self.measured("/hoard-1000")]
        for before, after in zip(free[1:], free[2:]):
            self.assertIn(before - after, range(1000, 1200))
        free = [m["free"] for m in self.measured("/waste-1000")]
        self.assertLess(abs(free[1] - free[-1]), 200)

    def test_allocations_are_counted_only_where_they_are_asked_for(self):
        self.assertEqual([m["allocated"] for m in self.measured("/waste-5000")], [None] * 7)
        counted = [m["allocated"] for m in self.measured("/waste-5000", counting=True)]
        self.assertIsNone(counted[0])
        for allocated in counted[1:]:
            self.assertIn(allocated, range(5000, 8000))

    def test_the_collector_works_again_after_a_case_that_counted(self):
        c = case([connect("/waste-5000"), ["measure", True], ["receive", "main", 200]], limit=256)
        output = self.board.execute("_w.run(%r)" % c, "import gc; print(gc.isenabled())")
        self.assertTrue(output.rstrip().endswith("True"), output[-200:])
        self.assertIn("exception", Case(output).kinds)  # a megabyte does not fit where nothing is collected

    def test_the_gap_is_that_since_the_last_measurement(self):
        gaps = [m["gap"] for m in self.measured("/block-40")]
        for gap in gaps[1:]:
            self.assertGreaterEqual(gap, 38_000)
        quiet = [connect("/three"), ["measure", False], ["pause", 50], ["measure", False]]
        self.assertLess(self.board.run(quiet).of("measured")[1]["gap"], 38_000)

    def test_the_load_is_the_time_in_which_the_loop_does_not_turn_idly(self):
        def busy(target, *steps):
            c = self.board.run([
                ["main", [["start", "load"], ["pause", 150], connect(target), *steps]],
                ["load", [["load"]]],
            ])  # fmt: skip
            [m] = c.of("measured")
            self.assertEqual((m["free"], m["allocated"], m["gap"], m["task"]), (None, None, None, "load"))
            return m["busy"]

        # Half a second without work, and then six times 40 ms in which the client blocks.
        quiet, blocked = busy("/three", ["pause", 500]), busy("/block-40", *[["receive", "main", 1]] * 6)
        self.assertIn(blocked, range(quiet + 200, 1001))

    def test_what_the_agent_notes_itself_is_no_leak(self):
        rounds = []
        tasks = []
        for n in range(12):
            tasks.append(["task%d" % n, [connect("/refuse" if n % 2 else "/three", "conn%d" % n), ["receive", "conn%d" % n, None]]])
            rounds += [["start", "task%d" % n], ["join", "task%d" % n], ["measure", False]]
        c = self.board.run([["main", rounds]] + tasks)
        free = [m["free"] for m in c.of("measured")]
        self.assertLess(abs(free[3] - free[-1]), 8 * 64)
        self.assertEqual((c.of("connectFailed")[0]["type"], c.of("connectFailed")[0]["message"][:6]), ("OSError", "[Errno"))
        self.assertEqual([c.of("ended")[0][k] for k in ("code", "reason", "clean")], [1000, "é", True])

    def test_the_interpreter_tells_of_its_heap_in_blocks_of_a_known_size(self):
        output = self.board.execute("_w.run(%r)" % case([connect("/three")]))
        self.assertEqual(next(r for r in records(output)[0] if r["k"] == "begin")["block"], 32)
        for word in ("before", "after"):
            told = output.replace("\r", "").split("~M:%s\n" % word)[1].split("~M:\n")[0]
            self.assertIn("max free sz: ", told)
            self.assertNotIn("~W:", told)

    def test_a_broken_adapter_is_told_at_once(self):
        for text, complaint in (("KIND='odd'\n", "KIND is 'odd'"), ("KIND='asyncio'\n", "lacks connect, send"), ("x=", "SyntaxError")):
            board = Board(os.devnull)
            self.addCleanup(board.close)
            path = os.path.join(board.folder, "wsrig_adapter.py")
            os.unlink(path)
            with open(path, "w") as f:
                f.write(text)
            self.assertIn(complaint, board.execute())


class InterruptTests(unittest.TestCase):
    """Ctrl-C on a pseudo-terminal in the raw REPL, anywhere."""

    def setUp(self):
        self.board = Board(standin("unruly_adapter.py"))
        self.addCleanup(self.board.close)
        self.console = Console(self.board)
        self.addCleanup(self.console.close)

    def interrupted(self, steps, times=1, **more):
        self.console.start("print('started'); _w.run(%r)" % case(steps, **more))
        self.console.until(b"started\r\n")
        for _ in range(times):
            time.sleep(0.1)
            self.console.interrupt()
        return Case(self.console.finish())

    def assertUsable(self):
        self.console.start("_w.run(%r)" % case([connect("/three"), ["echo", "main", None]]))
        self.assertEqual(len(Case(self.console.finish()).events), 8)

    def test_a_waiting_client(self):
        c = self.interrupted([connect("/silent"), ["receive", "main", None]])
        self.assertEqual(c.kinds, ["connected"])
        self.assertEqual((c.end["interrupted"], c.end["where"]), (True, [["main", 1]]))
        self.assertGreater(c.end["hb"]["since"], 3)
        self.assertIn("aborted silent", c.foreign)
        self.assertUsable()

    def test_a_connect_that_never_returns_and_a_blocked_loop(self):
        c = self.interrupted([connect("/opening")])
        self.assertEqual((c.kinds, c.end["where"]), ([], [["main", 0]]))
        c = self.interrupted([connect("/busy"), ["receive", "main", None]])
        self.assertEqual((c.kinds, c.end["where"]), (["connected"], [["main", 1]]))
        self.assertGreater(c.end["hb"]["gap"], 50_000)
        self.assertUsable()

    def test_several_tasks(self):
        c = self.interrupted([
            ["main", [["start", "a"], ["start", "b"], ["join", "a"]]],
            ["a", [connect("/silent", "one"), ["receive", "one", None]]],
            ["b", [connect("/deaf", "two"), ["receive", "two", None]]],
        ])  # fmt: skip
        self.assertEqual(sorted(c.end["where"]), [["a", 1], ["b", 1], ["main", 2]])
        self.assertIn("aborted silent", c.foreign)
        self.assertIn("aborted deaf", c.foreign)
        self.assertUsable()

    def test_a_client_that_swallows_the_interrupt(self):
        c = self.interrupted([connect("/stubborn"), ["receive", "main", None], ["pause", 5000]], times=4)
        self.assertTrue(c.end["interrupted"])
        self.assertUsable()

    def test_an_echo_that_hangs_in_send_still_tells_what_it_received(self):
        c = self.interrupted([connect("/big-5000"), ["echo", "main", None]])
        self.assertEqual(c.kinds, ["connected", "message"])
        self.assertEqual({k: c.events[1][k] for k in digest("")}, digest("é" * 5000))

    def test_an_interrupt_while_the_records_are_printed(self):
        for turn in range(8):
            self.console.start("_w.run(%r)" % case([connect("/flood-60"), ["echo", "main", None]], limit=128))
            said = self.console.until(b'"k": "begin"')
            for _ in range(turn % 4 + 1):
                self.console.interrupt()
                # More than a terminal holds: a host interrupts again only when the board has gone on.
                said += "".join(self.console.until(b'"k": "event"') for _ in range(25))
            found, _ = records(said + self.console.finish(may_be_interrupted_behind=True))
            events = {r["n"] for r in found if r["k"] == "event"}
            self.assertGreaterEqual(len(events), 121)
            self.assertEqual(found[-1]["k"], "end")
        self.assertUsable()


class OurClientTests(unittest.TestCase):
    """The adapter for the AsyncWebsocketClient API, with this project's client."""

    adapter = "async_websocketclient.py"
    modules = CLIENT
    client = "async_websocketclient"
    features = ["close_code", "close_info", "compression", "headers", "ping", "subprotocols", "tls"]

    def setUp(self):
        self.board = Board(adapter(self.adapter), self.modules, self.client)
        self.addCleanup(self.board.close)

    def serve(self, **scripts):
        server = Server(**scripts)
        self.addCleanup(server.close)
        return server

    def has(self, feature):
        return feature in self.features

    def test_features(self):
        self.assertEqual(records(self.board.execute())[0][0]["features"], self.features)

    def test_compression_is_offered_on_request_or_reported_as_unsupported(self):
        server = self.serve(a=lambda peer: (peer.send(8, b"\x03\xe8"), peer.rest()))
        for asked in (False, True):
            step = connect("/a") + ([True] if asked else [])
            c = self.board.run([step, ["receive", "main", None]], server.url)
            told = [e["what"] for e in c.of("unsupported")]
            self.assertEqual(told, ["compression"] if asked and not self.has("compression") else [])
            offered = b"permessage-deflate" in server.requests[-1]
            self.assertEqual(offered, asked and self.has("compression"))
            self.assertEqual(c.kinds[len(told) :], ["connected", "ended"])

    forms = ("DER", "PEM")  # in which it can be given certificates

    @needs(OPENSSL, "there is no openssl to make certificates with")
    def test_tls_is_told_or_reported_as_unsupported(self):
        folder = tempfile.TemporaryDirectory(prefix="wsrig-tls-")
        self.addCleanup(folder.cleanup)
        files = Authority(folder.name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files / "server.pem", files / "server.key")
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(files / "ca.pem")
        server = self.serve(a=lambda peer: (peer.send(1, b"told"), peer.receive(), peer.send(8, b"\x03\xe8"), peer.rest()), tls=context)
        for form in self.forms:
            names = {"DER": ("ca.der", "client.der", "client.key.der"), "PEM": ("ca.pem", "client.pem", "client.key")}[form]
            good = dict(zip(("cafile", "certfile", "keyfile"), ((files / name).read_bytes() for name in names)), cert_reqs=2)
            stranger = dict(good, cafile=ssl.PEM_cert_to_DER_cert((files / "other.pem").read_text()))
            nameless = {"cafile": good["cafile"], "cert_reqs": 2}
            for tls, kinds in (
                (good, ["connected", "message", "sent", "ended"]), (stranger, ["connectFailed"]), (nameless, ["connectFailed"]),
            ):  # fmt: skip
                c = self.board.run([connect("/a") + [False, tls], ["echo", "main", None]], server.url)
                self.assertEqual(c.kinds, kinds if self.has("tls") else ["unsupported"], (form, tls.keys()))
                if not self.has("tls"):
                    self.assertEqual(c.events[0]["what"], "tls")
        self.assertEqual(len(server.requests), len(self.forms) if self.has("tls") else 0)

    def test_echo_until_the_server_closes(self):
        payloads = ["héé", b"\x00\xff" * 70, "x" * 1000, b"y" * 70000]
        got = []

        def script(peer):
            for p in payloads:
                peer.send(1 if isinstance(p, str) else 2, p.encode() if isinstance(p, str) else p)
                got.append(peer.receive())
            peer.send(9, b"ping")
            got.append(peer.receive())
            peer.send(8, b"\x03\xe9bye")
            got.append(peer.rest())

        server = self.serve(a=script)
        headers = [("X-Rig", "yes")] if self.has("headers") else []
        c = self.board.run([connect("/a", headers=headers), ["echo", "main", None]], server.url)
        self.assertEqual(c.kinds, ["connected"] + ["message", "sent"] * 4 + ["ended"])
        for e, p in zip(c.of("message"), payloads):
            self.assertEqual({k: e[k] for k in digest(p)}, digest(p))
        wire = [(1, p.encode()) if isinstance(p, str) else (2, p) for p in payloads]
        self.assertEqual(got[:5], wire + [(10, b"ping")])
        ended = c.of("ended")[0]
        if self.has("close_info"):
            self.assertEqual((ended["code"], ended["reason"], ended["clean"]), (1001, "bye", True))
        else:
            self.assertEqual((ended["code"], ended["reason"], ended["clean"]), (None, None, None))
        if self.has("headers"):
            self.assertIn(b"\r\nX-Rig: yes\r\n", server.requests[0])

    def test_send_and_close(self):
        got = []

        def script(peer):
            got.append(peer.receive())
            f = peer.receive()
            got.append(f)
            if f:
                peer.send(8, f[1])

        server = self.serve(a=script)
        c = self.board.run([connect("/a"), ["send", "main", ("ab", 100)], ["close", "main", 4001, "enough"]], server.url)
        unsupported = [] if self.has("close_code") else ["unsupported"]
        self.assertEqual(c.kinds, ["connected", "sent"] + unsupported + ["closed"])
        server.close()
        self.assertEqual(got[0], (1, b"ab" * 100))
        if self.has("close_code"):
            self.assertEqual(got[1], (8, b"\x0f\xa1enough"))
        else:
            self.assertIn(got[1], (None, (8, b"")))

    def test_a_refused_upgrade_and_a_closed_port(self):
        def script(peer):
            peer.socket.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            peer.file.read()

        script.refuses = True
        server = self.serve(a=script)
        self.assertEqual(self.board.run([connect("/a"), ["echo", "main", None]], server.url).kinds, ["connectFailed"])
        c = self.board.run([connect("/a")], "ws://127.0.0.1:1")
        self.assertEqual((c.kinds, c.events[0]["type"]), (["connectFailed"], "OSError"))

    def test_the_end_of_the_stream_without_a_close(self):
        def script(peer):
            peer.send(1, b"one")
            peer.receive()

        server = self.serve(a=script)
        c = self.board.run([connect("/a"), ["echo", "main", None]], server.url)
        self.assertEqual(c.kinds, ["connected", "message", "sent", "ended"])

    def test_subprotocols(self):
        server = self.serve(a=lambda peer: peer.send(8, b"\x03\xe8"))
        c = self.board.run([connect("/a", subprotocols=["chat", "x"])], server.url)
        if self.has("subprotocols"):
            self.assertEqual((c.kinds, c.events[0]["subprotocol"]), (["connected"], "chat"))
        else:
            self.assertEqual(c.kinds, ["unsupported", "connected"])
            self.assertEqual(c.events[0]["what"], "subprotocols")

    def test_two_connections(self):
        def script(peer):
            peer.send(1, peer.path.encode())
            assert peer.receive() == (1, peer.path.encode())
            peer.send(8, b"\x03\xe8")
            peer.rest()

        server = self.serve(a=script, b=script)
        if self.board.execute().count('"blocking"'):
            tasks = [["main", [connect("/a"), connect("/b", "second"), ["echo", "second", None], ["echo", "main", None]]]]
        else:
            tasks = [["main", [connect("/a"), ["start", "other"], ["echo", "main", None], ["join", "other"]]],
                     ["other", [connect("/b", "second"), ["echo", "second", None]]]]  # fmt: skip
        c = self.board.run(tasks, server.url)
        self.assertEqual({(e["conn"], e["sha1"]) for e in c.of("message")},
                         {("main", digest("/a")["sha1"]), ("second", digest("/b")["sha1"])})  # fmt: skip
        self.assertEqual(len(c.of("ended")), 2)

    def test_ping(self):
        def script(peer):
            if self.has("ping"):
                peer.send(10, peer.receive()[1])
            peer.rest()

        server = self.serve(a=script)
        steps = [["main", [connect("/a"), ["start", "reader"], ["ping", "main", b"p"], ["cancel", "reader"]]],
                 ["reader", [["receive", "main", None]]]]  # fmt: skip
        if self.has("ping"):
            c = self.board.run(steps, server.url)
            self.assertEqual(c.kinds, ["connected", "pong", "cancelled"])
            self.assertIn(c.of("pong")[0]["rtt"], range(1, 5_000_000))
        else:
            c = self.board.run([connect("/a"), ["ping", "main", b"p"]], server.url)
            self.assertEqual(c.kinds, ["connected", "unsupported"])

    def test_a_hang_leaves_no_socket_and_the_next_case_runs(self):
        ended = threading.Event()

        def silent(peer):
            peer.rest()
            ended.set()

        def echo(peer):
            peer.send(1, b"again")
            assert peer.receive() == (1, b"again")
            peer.send(8, b"\x03\xe8")
            peer.rest()

        server = self.serve(silent=silent, echo=echo)
        console = Console(self.board)
        self.addCleanup(console.close)
        for _ in range(2):
            ended.clear()
            server.opened.clear()
            console.start("_w.run(%r)" % case([connect("/silent"), ["echo", "main", None]], server.url))
            self.assertTrue(server.opened.wait(20))
            time.sleep(0.1)
            console.interrupt()
            c = Case(console.finish())
            self.assertEqual((c.kinds, c.end["interrupted"], c.end["where"]), (["connected"], True, [["main", 1]]))
            self.assertTrue(ended.wait(20), "the socket is still open")
            self.assertEqual(console.sockets(), 0)
            console.start("_w.run(%r)" % case([connect("/echo"), ["echo", "main", None]], server.url))
            self.assertEqual(Case(console.finish()).kinds, ["connected", "message", "sent", "ended"])
            self.assertEqual(console.sockets(), 0)

    def test_a_server_that_never_answers_the_request(self):
        ended = threading.Event()

        def mute(peer):
            peer.file.read()
            ended.set()

        mute.refuses = True
        server = self.serve(mute=mute)
        console = Console(self.board)
        self.addCleanup(console.close)
        console.start("_w.run(%r)" % case([connect("/mute"), ["echo", "main", None]], server.url))
        self.assertTrue(server.opened.wait(20))
        time.sleep(0.1)
        console.interrupt()
        c = Case(console.finish())
        self.assertEqual((c.kinds, c.end["interrupted"], c.end["where"]), ([], True, [["main", 0]]))
        self.assertTrue(ended.wait(20), "the socket is still open")
        self.assertEqual(console.sockets(), 0)


class PublishedClientTests(OurClientTests):
    """The same adapter with the published library, where WSRIG_PUBLISHED_CLIENT names its package folder."""

    modules = (os.environ.get("WSRIG_PUBLISHED_CLIENT", "async_websocket_client"),)
    client = "async_websocket_client"
    features = ["headers", "tls"]
    forms = ("DER",)


class AiohttpTests(OurClientTests):
    """The adapter for micropython-lib's aiohttp, with a stand-in of the same API."""

    adapter = "aiohttp_ws.py"
    modules = (standin("aiohttp"), standin("frames.py"))
    client = "aiohttp"
    features = ["tls"]


class BlockingTests(OurClientTests):
    """The adapter for uwebsockets, with a stand-in of the same API."""

    adapter = "blocking_ws.py"
    modules = (standin("uwebsockets"), standin("frames.py"))
    client = "uwebsockets"
    features = ["close_code"]

    def test_there_is_no_heartbeat(self):
        self.assertIsNone(self.board.run([["pause", 1]]).end["hb"])


class CallbackTests(unittest.TestCase):
    def test_messages_and_the_end_come_through_callbacks(self):
        board = Board(standin("callback_adapter.py"))
        self.addCleanup(board.close)
        steps = [connect("/"), ["send", "main", "one"], ["send", "main", b"two"], ["receive", "main", 2],
                 ["send", "main", "end"], ["receive", "main", None], ["close", "main", None, None]]  # fmt: skip
        c = board.run(steps)
        self.assertEqual(c.kinds, ["connected", "sent", "sent", "message", "message", "sent", "ended", "closed"])
        self.assertEqual(c.of("message")[1]["sha1"], digest(b"two")["sha1"])


try:
    import websockets.sync.server
except ImportError:
    websockets = None


@needs(websockets, "the Python package websockets is not installed")
class IndependentServerTests(unittest.TestCase):
    def test_echo_against_a_server_nobody_here_wrote(self):
        def handler(ws):
            for p in ("text é", b"binary", "z" * 5000):
                ws.send(p)
                assert ws.recv() == p
            ws.close(1001, "done")

        with websockets.sync.server.serve(handler, "127.0.0.1", 0, compression=None) as server:
            t = threading.Thread(target=server.serve_forever)
            t.start()
            try:
                url = "ws://127.0.0.1:%d" % server.socket.getsockname()[1]
                for name, modules, client in (
                    ("async_websocketclient.py", CLIENT, "async_websocketclient"),
                    ("aiohttp_ws.py", AiohttpTests.modules, "aiohttp"),
                    ("blocking_ws.py", BlockingTests.modules, "uwebsockets"),
                ):
                    with self.subTest(name):
                        board = Board(adapter(name), modules, client)
                        self.addCleanup(board.close)
                        c = board.run([connect("/"), ["echo", "main", None]], url)
                        self.assertEqual(c.kinds, ["connected"] + ["message", "sent"] * 3 + ["ended"])
            finally:
                server.shutdown()
                t.join()


if __name__ == "__main__":
    unittest.main()
