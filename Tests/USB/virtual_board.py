"""A board on a virtual USB port: a gadget with the numbers and strings of a Pico 2 W in front of the simulated board.

Runs as root in the machine that scripts/usb-vm boots. The other side of the virtual port is that machine's own USB, where
libusb and the kernel's driver find the board as they would find a real one. Unlike a real board it does not know whether
the host has set DTR, because the kernel's gadget keeps that to itself.

    python3 virtual_board.py [--udc dummy_udc.0] [--serial SERIAL] [--product 0x0005] [--silent] WSRIG

Says "plugged" when the board is on the bus, "unplugged" when it has left it, and takes `unplug`, `plug` and `die` as lines of
its input; at the end of its input it leaves. A board that resets itself leaves the bus and returns, as it does on USB. One that
has died stays on the bus, takes what comes and says nothing, until its port has no power any more: then it begins anew.
"""

import argparse
import os
import pathlib
import selectors
import subprocess
import sys
import termios
import threading
import tty

GADGETS = pathlib.Path("/sys/kernel/config/usb_gadget")
PROMPT = b">>> "
PIECE = 4096
# What has a program at any prompt begin anew, as it does after it was without power.
RESET = b"\x03\x03\x02\rimport machine\rmachine.reset()\r"


class Gadget:
    """The USB device in the kernel's configfs."""

    def __init__(self, udc, serial, product):
        self.udc = udc
        self.folder = GADGETS / f"board-{udc}"
        (self.folder / "strings/0x409").mkdir(parents=True)
        for name, value in {
            "idVendor": "0x2e8a", "idProduct": product, "bcdDevice": "0x0100", "bcdUSB": "0x0200",
            "bDeviceClass": "0xEF", "bDeviceSubClass": "2", "bDeviceProtocol": "1",
            "strings/0x409/manufacturer": "MicroPython", "strings/0x409/product": "Board in FS mode",
            "strings/0x409/serialnumber": serial,
        }.items():
            (self.folder / name).write_text(value)
        (self.folder / "configs/c.1/strings/0x409").mkdir(parents=True)
        (self.folder / "configs/c.1/MaxPower").write_text("250")
        function = self.folder / f"functions/acm.{udc}"
        function.mkdir()
        (self.folder / f"configs/c.1/acm.{udc}").symlink_to(function)
        self.terminal = f"/dev/ttyGS{(function / 'port_num').read_text().strip()}"

    def plug(self):
        (self.folder / "UDC").write_text(self.udc)

    def unplug(self):
        (self.folder / "UDC").write_text("\n")

    def remove(self):
        """Takes the device apart. Its terminal must be closed by now, for the kernel waits for that."""
        (self.folder / f"configs/c.1/acm.{self.udc}").unlink()
        for name in ("configs/c.1/strings/0x409", "configs/c.1", f"functions/acm.{self.udc}", "strings/0x409", "."):
            (self.folder / name).rmdir()

    @property
    def is_plugged(self):
        return bool((self.folder / "UDC").read_text().strip())


def open_raw(path):
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(descriptor, termios.TCSANOW)
    return descriptor


class Board:
    """Carries bytes between the gadget and the simulated board, one thread for all."""

    def __init__(self, gadget, wsrig):
        self.gadget = gadget
        self.child = subprocess.Popen(
            [wsrig, "boards", "--simulate"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        line = self.child.stdout.readline()
        if not line.startswith("simulated board on "):
            raise SystemExit(f"virtual_board: '{wsrig} boards --simulate' said {line!r} where its terminal was expected")
        self.program = open_raw(line.split()[-1])
        self.port = None
        # A pipe wakes the carrier when the port has come or gone.
        self.woken, self.waker = os.pipe()
        os.set_blocking(self.woken, False)
        self.lock = threading.Lock()
        # Set while the port's terminal is not open.
        self.closed = threading.Event()
        # Set once the program has shown its prompt since it was last started.
        self.booted = threading.Event()
        # It takes what comes and says nothing.
        self.is_dead = False
        # It was dead and lost its power: it is off the bus until it has begun anew.
        self.lost_power = False
        self.tasks = [self.follow_restarts, self.carry]

    def end(self):
        self.unplug()
        self.closed.wait()
        self.gadget.remove()
        self.child.terminate()
        self.child.wait()

    def plug(self):
        with self.lock:
            if not self.gadget.is_plugged:
                self.closed.clear()
                self.gadget.plug()
                self.port = open_raw(self.gadget.terminal)
                os.write(self.waker, b"+")
        say("plugged")

    def unplug(self):
        with self.lock:
            if self.gadget.is_plugged:
                self.gadget.unplug()
                os.write(self.waker, b"-")
        say("unplugged")

    def die(self):
        self.is_dead = True
        say("dead")

    def begins_anew(self):
        """The port has gone. Where nobody pulled the plug it has no power: a dead board leaves the bus with that, and begins anew."""
        with self.lock:
            if not self.is_dead or not self.gadget.is_plugged:
                return False
            self.is_dead, self.lost_power = False, True
            self.gadget.unplug()
        say("without power")
        return True

    def follow_restarts(self):
        """A restarted board leaves the bus, and is there again when it has booted. What it prints by then is lost, as on USB."""
        for line in self.child.stdout:
            say(line.rstrip())
            if "starts anew" in line and (self.gadget.is_plugged or self.lost_power):
                self.booted.clear()
                self.unplug()
                self.booted.wait()
                self.lost_power = False
                self.plug()

    def carry(self):
        """Copies both ways for ever. A side that cannot take bytes is not read for: the other side waits, as on USB."""
        to_port, to_program, prompt = b"", b"", b""
        while True:
            with selectors.DefaultSelector() as ready:
                ready.register(self.woken, selectors.EVENT_READ)
                port = self.port
                events = (0 if to_port else selectors.EVENT_READ) | (selectors.EVENT_WRITE if to_program else 0)
                if events:
                    ready.register(self.program, events)
                events = (0 if to_program else selectors.EVENT_READ) | (selectors.EVENT_WRITE if to_port else 0)
                if port is not None and events:
                    ready.register(port, events)
                found = {key.fd: mask for key, mask in ready.select()}
            if self.woken in found:
                os.read(self.woken, PIECE)
            try:
                # A port that the host never set up is not hung up when it goes.
                if self.woken in found and port is not None and not self.gadget.is_plugged:
                    raise OSError("the port has gone")
                if found.get(port, 0) & selectors.EVENT_READ:
                    to_program = os.read(port, PIECE)
                    if not to_program:
                        raise OSError("the port has gone")
                    if self.is_dead:
                        to_program = b""
                if found.get(port, 0) & selectors.EVENT_WRITE:
                    to_port = to_port[os.write(port, to_port):]
            except OSError:
                with self.lock:
                    # Not before: a port that is opened meanwhile would have the same number.
                    os.close(port)
                    if self.port == port:
                        self.port = None
                        self.closed.set()
                to_port = to_program = b""
                if self.begins_anew():
                    to_program = RESET
            if found.get(self.program, 0) & selectors.EVENT_READ:
                to_port = os.read(self.program, PIECE)
                prompt = (prompt + to_port)[-len(PROMPT):]
                if prompt == PROMPT:
                    self.booted.set()
                # What a board prints while it is not plugged in goes nowhere.
                to_port = to_port if self.port is not None and not self.is_dead else b""
            if found.get(self.program, 0) & selectors.EVENT_WRITE:
                to_program = to_program[os.write(self.program, to_program):]


class SilentBoard:
    """A board that takes what comes and says nothing."""

    tasks = []

    def __init__(self, gadget):
        self.gadget = gadget
        self.booted = threading.Event()
        self.booted.set()

    def plug(self):
        self.gadget.plug()
        self.port = open_raw(self.gadget.terminal)
        say("plugged")

    def unplug(self):
        self.gadget.unplug()
        say("unplugged")

    def end(self):
        self.unplug()
        os.close(self.port)
        self.gadget.remove()


def say(text):
    print(text, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("wsrig")
    parser.add_argument("--udc", default="dummy_udc.0")
    parser.add_argument("--serial", default="E6614864D3A12345")
    parser.add_argument("--product", default="0x0005")
    parser.add_argument("--silent", action="store_true", help="nothing is behind the port")
    options = parser.parse_args()
    gadget = Gadget(options.udc, options.serial, options.product)
    board = SilentBoard(gadget) if options.silent else Board(gadget, options.wsrig)
    for task in board.tasks:
        threading.Thread(target=task, daemon=True).start()
    board.booted.wait()
    board.plug()
    for line in sys.stdin:
        {"plug": board.plug, "unplug": board.unplug, "die": board.die}[line.strip()]()
    board.end()


if __name__ == "__main__":
    main()
