# A callback adapter without a network: it echoes to itself, and ends after a payload that says so.

KIND = "callback"
FEATURES = ()


class _Loopback:
    def __init__(self, on_message, on_end):
        self.on_message = on_message
        self.on_end = on_end
        self.waiting = []


def connect(url, headers, subprotocols, on_message, on_end):
    return _Loopback(on_message, on_end)


def poll(ws):
    while ws.waiting:
        data = ws.waiting.pop(0)
        if data == "end":
            ws.on_end()
        else:
            ws.on_message(data)


def send(ws, data):
    ws.waiting.append(data)


def close(ws, code=None, reason=None):
    ws.on_end()


def abort(ws):
    ws.waiting.clear()
