# A stand-in with the API of uwebsockets (blocking), with its peculiarity that recv returns "" at the end of the stream.

import struct

import frames


class NoDataException(Exception):
    pass


class Websocket:
    def __init__(self, sock):
        self.sock = sock
        self.open = True

    def read_frame(self, max_size=None):
        head = self.sock.read(2)
        if not head:
            raise NoDataException
        more = frames.extension(head[1])
        n = frames.length(head[1], self.sock.read(more) if more else b"")
        return bool(head[0] & 128), head[0] & 15, self.sock.read(n) if n else b""

    def recv(self):
        assert self.open
        while self.open:
            try:
                fin, opcode, data = self.read_frame()
            except NoDataException:
                return ""
            if opcode == 1:
                return data.decode()
            if opcode == 2:
                return data
            if opcode == 9:
                self.sock.write(frames.frame(10, data))
            if opcode == 8:
                self._close()

    def send(self, buf):
        assert self.open
        text = isinstance(buf, str)
        self.sock.write(frames.frame(1 if text else 2, buf.encode() if text else buf))

    def close(self, code=1000, reason=""):
        if self.open:
            self.sock.write(frames.frame(8, struct.pack("!H", code) + reason.encode()))
            self._close()

    def _close(self):
        self.open = False
        self.sock.close()
