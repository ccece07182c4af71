import socket

import frames
from .protocol import Websocket


def connect(uri):
    host, port, target = frames.split(uri)
    sock = socket.socket()
    try:
        sock.connect(socket.getaddrinfo(host, port)[0][-1])
        sock.write(frames.request(host, port, target))
        status = sock.readline()
        assert status.startswith(b"HTTP/1.1 101 "), status
        while sock.readline().strip():
            pass
    except BaseException:
        sock.close()
        raise
    return Websocket(sock)
