# What the stand-ins for other people's libraries share: the request and the frames of RFC 6455, in their simplest form.

import binascii
import os
import struct


def split(url):
    """Host, port and target of a ws URL."""
    rest = url.split("://", 1)[1]
    authority, _, target = rest.partition("/")
    host, _, port = authority.partition(":")
    return host, int(port or 80), "/" + target


def request(host, port, target):
    key = binascii.b2a_base64(os.urandom(16)).strip().decode()
    return (
        "GET %s HTTP/1.1\r\nHost: %s:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n" % (target, host, port, key)
    ).encode()


def frame(opcode, payload):
    n = len(payload)
    if n < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | n)
    elif n < 65536:
        head = struct.pack("!BBH", 0x80 | opcode, 0xFE, n)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0xFF, n)
    key = os.urandom(4)
    masked = bytearray(payload)
    for i in range(n):
        masked[i] ^= key[i & 3]
    return head + key + masked


def extension(second):
    """How many more bytes hold the length that the second byte of a frame announces."""
    return {126: 2, 127: 8}.get(second & 127, 0)


def length(second, more):
    return int.from_bytes(more, "big") if more else second & 127
