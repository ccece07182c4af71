# An adapter without a client or a network: the target of a connection names what its receive does.

import asyncio
import sys
import time

KIND = "asyncio"
FEATURES = ("headers", "subprotocols", "close_code", "ping", "close_info")

aborted = []
hoarded = []


class _Handle:
    def __init__(self, target):
        self.what, _, argument = target[1:].partition("-")
        self.argument = int(argument or 0)
        self.turn = 0


async def connect(url, headers, subprotocols):
    ws = _Handle("/" + url.rsplit("/", 1)[1])
    if ws.what == "refuse":
        raise OSError(111)
    if ws.what == "opening":
        await asyncio.sleep(3600)
    ws.chosen = subprotocols[-1] if subprotocols else None
    return ws


async def receive(ws):
    ws.turn += 1
    return await globals()["_" + ws.what](ws)


async def _three(ws):
    await asyncio.sleep_ms(1)
    return ("a", "bé\U0001f600", b"\xff\x00", None)[min(ws.turn, 4) - 1]


async def _silent(ws):
    await asyncio.sleep(3600)


async def _deaf(ws):
    while True:
        try:
            await asyncio.sleep_ms(2)
        except asyncio.CancelledError:
            print("not me")


async def _stubborn(ws):
    while ws.turn < 3:
        try:
            await asyncio.sleep(3600)
        except:  # noqa: E722 the host's interrupt too
            print("swallowed")
            ws.turn += 1
    return None


async def _greedy(ws):
    return bytearray(10**9)


async def _hog(ws):
    blocks = []
    while True:
        blocks.append(bytearray(512))


async def _exit(ws):
    sys.exit(3)


async def _long(ws):
    raise ValueError("é\n" + "x" * 1000)


class _Odd(Exception):
    def __str__(self):
        raise RuntimeError("no text")


async def _odd(ws):
    raise _Odd()


async def _flood(ws):
    return b"%d" % ws.turn if ws.turn <= ws.argument else None


async def _hoard(ws):
    hoarded.append(bytearray(ws.argument))
    return b"x"


async def _waste(ws):
    bytearray(ws.argument)
    return b"x"


async def _block(ws):
    time.sleep_ms(ws.argument)
    return b"x"


async def _number(ws):
    return 7


async def _quits(ws):
    raise asyncio.CancelledError()


async def _big(ws):
    return "é" * ws.argument if ws.turn == 1 else None


async def _busy(ws):
    while True:
        time.sleep_ms(1)


async def send(ws, data):
    if ws.what == "big":
        await asyncio.sleep(3600)
    if ws.what == "three" and isinstance(data, bytes) and ws.turn == 0:
        raise OSError(32)


async def ping(ws, payload):
    return 1234


async def close(ws, code=None, reason=None):
    if ws.what == "three":
        print("closed with", code, reason)


def subprotocol(ws):
    return ws.chosen


def close_info(ws):
    return 1000, "é", True


def abort(ws):
    aborted.append(ws.what)
    print("aborted", ws.what)
    raise OSError(9)  # the agent must not care
