"""The classic driver for Autobahn's fuzzing server, with Python's websockets. A third argument names a defect to have;
`compresses` is none: it offers permessage-deflate."""

import asyncio
import json
import sys

import websockets

SERVER, AGENT, DEFECT = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""


def connect(path):
    return websockets.connect(SERVER + path, ping_interval=None, close_timeout=5,
                              compression="deflate" if DEFECT == "compresses" else None)


async def case_count():
    async with connect("/getCaseCount") as ws:
        return json.loads(await ws.recv())


async def run_case(number, begun):
    try:
        async with connect(f"/runCase?case={number}&agent={AGENT}") as ws:
            async for message in ws:
                begun.set()
                if DEFECT == "reverses":
                    message = message[::-1]
                if DEFECT == "swallows":
                    continue
                if DEFECT == "stays":
                    await asyncio.Event().wait()
                await ws.send(message)
    except (websockets.ConnectionClosed, websockets.InvalidHandshake, EOFError, OSError):
        pass


async def status(number):
    async with connect(f"/getCaseStatus?case={number}&agent={AGENT}") as ws:
        return json.loads(await ws.recv())["behavior"]


async def update_reports():
    async with connect(f"/updateReports?agent={AGENT}") as ws:
        await ws.wait_closed()


async def main():
    for number in range(1, await case_count() + 1):
        begun = asyncio.Event()
        case = asyncio.create_task(run_case(number, begun))
        await (begun.wait() if DEFECT == "stays" else case)
        print(number, await status(number), flush=True)
        case.cancel()
    await update_reports()


asyncio.run(main())
