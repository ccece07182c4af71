"""Shows wsrig's USB link at work: the part of scripts/usb-vm-check that runs inside of the virtual machine, as root.

    python3 check.py [--only CHECK]... [--tests PROGRAM] [--beside FILE] WSRIG

Each check plugs boards into the virtual ports and looks at what wsrig does and says. Exit status: 0 all as it should be, 1 not.
"""

import argparse
import contextlib
import fcntl
import itertools
import json
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
RULES = HERE.parent.parent / "fixtures/udev/60-wsrig.rules"
CASES = ["1.text-*", "1.binary-*", "1.lengths-0-to-40", "5.ping-between-each", "9.messages-50", "9.silence"]
# The cases in which a board is unplugged so many times: more than are over before the log has told of one and the plug is out.
REPLUG_CASES = {1: ["1.text-*", "1.binary-*", "9.messages-50", "9.silence"], 20: ["1.text-*", "1.binary-*", "1.length-*", "5.*"]}
# Kinds of events that tell of trouble.
TROUBLE = {"interrupt", "reenterRawREPL", "hardReset", "portPower", "quarantine"}
FIRST, SECOND = "E6614864D3A12345", "E6614864D3A16789"
# Seconds until something that must come has not come: far longer than it takes.
PATIENCE = 60
# <linux/usbdevice_fs.h>: _IOR('U', 15, unsigned int).
USBDEVFS_CLAIMINTERFACE = 0x8004550F


class Failed(Exception):
    """Something was not as it should be."""


class Skipped(Exception):
    """What the check needs was not given."""


def expect(condition, what):
    if not condition:
        raise Failed(what)


class Lines:
    """The lines that a child says, to be waited for."""

    def __init__(self, words, **options):
        self.said = []
        self.queue = queue.Queue()
        self.child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.queue.put(line.rstrip("\n"))
        self.queue.put(None)

    def wait_for(self, part, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self.queue.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise Failed(f"waited in vain for {part!r} from {self.child.args[0:4]}, which said {self.said[-10:]}")
            self.said.append(line)
            if part in line:
                return line

    @contextlib.contextmanager
    def watched(self):
        """Ends the child after the body; all that it said by then is in `said`."""
        try:
            yield self
        finally:
            self.child.terminate()
            self.child.wait()

    def rest(self, limit=PATIENCE * 10):
        """Waits for the end, so many seconds at most; the exit status and all that was said. One that does not end is ended, as it would
        hold its board in the next check."""
        try:
            status = self.child.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            self.child.terminate()
            self.child.wait(timeout=PATIENCE)
            raise Failed(f"{self.child.args[0:4]} did not end within {limit} s") from None
        while (line := self.queue.get(timeout=PATIENCE)) is not None:
            self.said.append(line)
        return status, "\n".join(self.said)


class Board(Lines):
    """A board on a virtual port, not plugged in by itself after `unplug`."""

    def __init__(self, wsrig, serial=FIRST, udc=0, *options):
        words = [sys.executable, HERE / "virtual_board.py", "--serial", serial, "--udc", f"dummy_udc.{udc}", *options, wsrig]
        super().__init__([str(word) for word in words], stdin=subprocess.PIPE)

    def say(self, word):
        self.child.stdin.write(word + "\n")
        self.child.stdin.flush()

    def unplug(self):
        self.say("unplug")
        self.wait_for("unplugged")

    def plug(self):
        self.say("plug")
        self.wait_for("plugged")

    def die(self):
        """From now on it takes what comes and says nothing, until its port has been without power."""
        self.say("die")
        self.wait_for("dead")

    def leave(self):
        self.child.stdin.close()
        self.child.wait(timeout=PATIENCE)


class Bench:
    """What every check needs: the tool, boards that are gone afterwards, a folder."""

    def __init__(self, wsrig, tests, beside):
        self.wsrig = str(pathlib.Path(wsrig).resolve())
        self.beside = beside
        self.tests = tests and str(pathlib.Path(tests).resolve())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="usb-check-"))
        os.chmod(self.folder, 0o777)

    @contextlib.contextmanager
    def boards(self, *serials, options=()):
        boards = [Board(self.wsrig, serial, number, *options) for number, serial in enumerate(serials)]
        try:
            for number, board in enumerate(boards):
                board.wait_for("plugged")
                await_terminal(number)
            yield boards
        finally:
            for board in boards:
                board.leave()
            await_terminals_gone()

    def tool(self, *words, **options):
        """Runs wsrig to its end; its exit status and all that it says."""
        return Lines([self.wsrig, *words], cwd=self.folder, **options).rest()

    def run(self, board, *words, **options):
        return self.tool("run", "--board", board, "--deliveries", "whole", "--report", "r", *words, **options)

    def results(self):
        return json.loads((self.folder / "r/results.json").read_text())

    def verdicts(self):
        return {row["id"]: row["verdict"] for row in self.results()["cases"]}

    def troubles(self):
        """The events of the run that tell of trouble."""
        results = self.results()
        events = results["boardEvents"] + [event for row in results["cases"] for event in row["boardEvents"]]
        return [event for event in events if event["kind"] in TROUBLE]

    @contextlib.contextmanager
    def run_under_way(self, patterns, **user):
        """A run on the first board, and the log of its serial line from its second case on."""
        run = Lines(
            [self.wsrig, "run", "--board", f"usb:{FIRST}", "--deliveries", "whole", "--report", "r", *only(patterns)], cwd=self.folder,
            **user)
        run.wait_for("wsrig 0.")
        with Lines(["tail", "-n", "+1", "-F", self.folder / "r/serial.log"]).watched() as log:
            while next_case(log) in ("calibration", "1.text-1"):
                pass
            yield run, log


def await_terminal(number):
    subprocess.run(["udevadm", "wait", f"--timeout={PATIENCE}", f"/dev/ttyACM{number}"], check=True)
    subprocess.run(["udevadm", "settle"], check=True)


def await_terminals_gone():
    for number in range(2):
        subprocess.run(["udevadm", "wait", "--removed", f"--timeout={PATIENCE}", f"/dev/ttyACM{number}"], check=True)


def only(names):
    return [word for name in names for word in ("--only", name)]


def usb_serial(terminal):
    """The serial number of the board behind a terminal."""
    return pathlib.Path(os.path.realpath(f"/sys/class/tty/{terminal}/device/.."), "serial").read_text().strip()


def device_path():
    """The file through which libusb reaches the first board."""
    device = pathlib.Path(os.path.realpath("/sys/class/tty/ttyACM0/device/.."))
    number = lambda name: int((device / name).read_text())
    return f"/dev/bus/usb/{number('busnum'):03}/{number('devnum'):03}"


# ---- the checks ----


def nothing_attached(bench):
    """without a board, `usb` is a missing board, and `wsrig boards` says that there is none"""
    status, said = bench.run("usb", "--only", "1.text-1")
    expect(status == 3 and "no MicroPython board is attached (USB 2e8a:0005)" in said, (status, said))
    status, said = bench.tool("boards")
    expect(status == 0 and "no board is attached" in said, (status, said))


def discovery(bench):
    """`wsrig boards` names serial number, product, position and terminal of each board; several need a choice"""
    with bench.boards(FIRST, SECOND):
        status, said = bench.tool("boards")
        lines = [line for line in said.splitlines() if line.startswith("usb:")]
        expect(status == 0 and len(lines) == 2, (status, said))
        # The kernel numbers them as they come.
        terminals = {usb_serial(name): name for name in ("ttyACM0", "ttyACM1")}
        for serial, terminal in terminals.items():
            words = [line.split("  ") for line in lines if line.startswith(f"usb:{serial}  ")]
            expect(len(words) == 1, lines)
            position = os.path.basename(os.path.realpath(f"/sys/class/tty/{terminal}/device/.."))
            expect(words[0][1:] == ["Board in FS mode", f"usb:{position}", f"tty:/dev/{terminal}"], words)
        status, said = bench.run("usb", "--only", "1.text-1")
        expect(status == 2 and f"choose one of usb:{FIRST}, usb:{SECOND}" in said, (status, said))
        position = os.path.basename(os.path.realpath("/sys/class/tty/ttyACM1/device/.."))
        status, said = bench.run(f"usb:{position}", "--only", "1.text-1")
        expect(status == 0 and f"on usb:{position}" in said, (status, said))
        status, said = bench.run("usb:E661000000000000", "--only", "1.text-1")
        expect(status == 3 and "E661000000000000; attached are" in said, (status, said))


def cases(bench):
    """cases pass over libusb, with the verdicts of the terminal; the kernel's driver has the board back afterwards"""
    with bench.boards(FIRST):
        verdicts = {}
        for board, names in (("usb", CASES), ("tty:/dev/ttyACM0", CASES[2:])):
            status, said = bench.run(board, *only(names))
            expect(status == 0, (status, said))
            verdicts[board] = bench.verdicts()
            expect(not bench.troubles(), bench.troubles())
            await_terminal(0)
        usb, terminal = verdicts.values()
        expect(len(usb) >= 20, f"only {len(usb)} cases")
        expect(terminal == {name: usb[name] for name in terminal}, verdicts)


def catalogue(bench):
    """the whole catalogue over libusb: within 45 minutes, with the verdicts of the pseudo-terminal (the file of --beside)"""
    if not bench.beside:
        raise Skipped("it needs the results of a pseudo-terminal (--beside)")
    known = json.loads(pathlib.Path(bench.beside).read_text())
    with bench.boards(FIRST):
        start = time.monotonic()
        words = [bench.wsrig, "run", "--board", "usb", "--seed", str(known["seed"]), "--report", "r"]
        status, said = Lines(words, cwd=bench.folder).rest(limit=3000)
        minutes = (time.monotonic() - start) / 60
        print("\n".join(said.splitlines()[-12:]), flush=True)
        verdicts = lambda results: {row["id"]: row["verdict"] for row in results["cases"]}
        here, there = verdicts(bench.results()), verdicts(known)
        others = {case: (there.get(case), here.get(case)) for case in here.keys() | there.keys() if here.get(case) != there.get(case)}
        print(f"{len(here)} cases in {minutes:.1f} minutes, {len(others)} with another verdict than on a pseudo-terminal", flush=True)
        expect(not others, (others, said))
        expect(minutes <= 45, f"{minutes:.1f} minutes")


def loading(bench):
    """agent and client are loaded and imported over libusb in at most half of mpremote's time (scripts/bench-load)"""
    with bench.boards(FIRST):
        words = [HERE.parent.parent / "scripts/bench-load", "--port", "/dev/ttyACM0", "--board", "usb", "--wsrig", bench.wsrig]
        status, said = Lines(words, cwd=bench.folder).rest()
        print(said, end="", flush=True)
        expect(status == 0, (status, said))


def line(bench):
    """the line is set up and DTR raised, several reads wait in the kernel at once, DTR falls at the end"""
    with bench.boards(FIRST):
        path = pathlib.Path(device_path())
        with Lines(["cat", f"/sys/kernel/debug/usb/usbmon/{int(path.parent.name)}u"]).watched() as monitor:
            status, said = bench.run("usb", "--only", "1.text-1")
            expect(status == 0, (status, said))
            # The last request of the link: no line is set.
            monitor.wait_for(" s 21 22 0000 0000 0000 ")
        # URB, time, event, address, then the setup packet or the status.
        events = [words for words in map(str.split, monitor.said) if words[3].split(":")[2] == f"{int(path.name):03}"]
        submitted = [" ".join(words[4:]) for words in events if words[2] == "S" and words[3].startswith("Co")]
        coding, on = "s 21 20 0000 0000 0007 7 = 00c20100 000008", "s 21 22 0003 0000 0000 0"
        expect(coding in submitted and on in submitted, submitted)
        expect(submitted.index(coding) < submitted.index(on), submitted)
        steps = [{"S": 1, "C": -1}.get(words[2], 0) for words in events if words[3].startswith("Bi")]
        waiting = list(itertools.accumulate(steps))
        expect(max(waiting) >= 4, waiting)


def next_case(log):
    """The id of the case that begins next, by the serial log."""
    return log.wait_for("_w.run({\\'id\\': \\'").split("\\'id\\': \\'")[1].split("\\'")[0]


def replug(bench, times=1):
    """a board that is unplugged in the midst of a case and plugged in again goes on, and nothing is lost"""
    with bench.boards(FIRST) as [board]:
        interrupted = []
        with bench.run_under_way(REPLUG_CASES[times]) as (run, log):
            while len(interrupted) < times:
                board.unplug()
                await_terminals_gone()
                board.plug()
                log.wait_for("# hardReset succeeded")
                # The log may have been behind the run: it was the case that is run again. The next one is another.
                interrupted.append(next_case(log))
                if len(interrupted) < times:
                    next_case(log)
        status, said = run.rest()
        expect(status == 0, (status, said))
        rows = {row["id"]: row for row in bench.results()["cases"]}
        expect({row["verdict"] for row in rows.values()} == {"passed"}, rows)
        for case in interrupted:
            events = rows[case]["boardEvents"]
            expect(rows[case]["attempts"] == 2 and "hardReset" in {event["kind"] for event in events}, rows[case])
        expect(said.count("hardReset: ") == times, said)


def replug_often(bench):
    """the same twenty times in one run"""
    replug(bench, 20)


def replug_without_udev(bench):
    """the same where no udev runs, as in many containers: the device files tell of the board's return"""
    manager = int(subprocess.run(["pgrep", "-o", "-x", "systemd-udevd"], check=True, capture_output=True).stdout)
    os.kill(manager, signal.SIGTERM)
    board = Board(bench.wsrig)
    board.wait_for("plugged")
    run = Lines(
        [bench.wsrig, "run", "--board", "usb", "--deliveries", "whole", "--report", "r", *only(REPLUG_CASES[1])], cwd=bench.folder)
    run.wait_for("wsrig 0.")
    with Lines(["tail", "-n", "+1", "-F", bench.folder / "r/serial.log"]).watched() as log:
        while next_case(log) == "calibration":
            pass
    board.unplug()
    board.plug()
    status, said = run.rest()
    expect(status == 0 and "hardReset: " in said, (status, said))
    board.leave()


def several(bench):
    """two boards on one bus share the cases, whether both are named or `all`, and each is kept apart: the verdicts of one alone"""
    names = [f"usb:{FIRST}", f"usb:{SECOND}"]
    with bench.boards(FIRST, SECOND):
        status, said = bench.run(names[0], *only(CASES))
        expect(status == 0, (status, said))
        alone = bench.verdicts()
        for boards in ([names[0], "--board", names[1]], ["all"]):
            shutil.rmtree(bench.folder / "r")
            status, said = bench.run(*boards, *only(CASES))
            expect(status == 0, (status, said))
            expect(bench.verdicts() == alone, (boards, alone, bench.verdicts()))
            results = bench.results()
            expect(sorted(board["id"] for board in results["boards"]) == sorted(names), results["boards"])
            counts = {name: sum(row["board"] == name for row in results["cases"]) for name in names}
            expect(sum(counts.values()) == len(alone) and min(counts.values()) > 0, counts)
            expect(not bench.troubles(), bench.troubles())
            for name in names:
                log = (bench.folder / f"r/serial-{name.replace(':', '-')}.log").read_text()
                for row in results["cases"]:
                    # What a board was sent stands in its own log and in no other.
                    is_there = f"_w.run({{\\'id\\': \\'{row['id']}\\'" in log
                    expect(is_there == (row["board"] == name), (name, row["id"], row["board"]))
        each(bench, names)


def each(bench, names):
    """The same cases on both, with a report of its own for each."""
    shutil.rmtree(bench.folder / "r")
    status, said = bench.run("all", "--each", "--only", "1.text-1*")
    expect(status == 0, (status, said))
    boards = bench.results()["boards"]
    expect(sorted(board["id"] for board in boards) == sorted(names), boards)
    rows = [json.loads((bench.folder / "r" / board["reportFolder"] / "results.json").read_text())["cases"] for board in boards]
    first, second = [{row["id"]: row["verdict"] for row in part} for part in rows]
    expect(first and first == second, (first, second))


# The rungs that a board needs which answers nothing.
RUNGS = ["interrupt", "reenterRawREPL", "hardReset", "portPower"]


def port_power(bench, **user):
    """a board that answers nothing any more comes back when its port's power is switched off and on, and nothing is lost"""
    with bench.boards(FIRST) as [board]:
        with bench.run_under_way(REPLUG_CASES[1], **user) as (run, log):
            board.die()
            # First the case has all the time that a case may have, then come the rungs that do not help.
            log.wait_for("# portPower succeeded", PATIENCE * 4)
            interrupted = next_case(log)
        board.wait_for("without power")
        status, said = run.rest()
        expect(status == 0, (status, said))
        rows = {row["id"]: row for row in bench.results()["cases"]}
        expect({row["verdict"] for row in rows.values()} == {"passed"}, rows)
        events = [event for event in rows[interrupted]["boardEvents"] if event["kind"] in TROUBLE]
        expect([event["kind"] for event in events] == RUNGS, events)
        expect([event["succeeded"] for event in events] == [False, False, False, True], events)
        expect(rows[interrupted]["attempts"] == 2 and 0 < events[-1]["durationSeconds"] < 20, rows[interrupted])
        expect("portPower: " in said, said)


def port_power_by_request(bench):
    """the same by a request to the hub, for a user who may drive the hub's device and not write to its port's file"""
    shutil.rmtree(bench.folder / "r", ignore_errors=True)
    with installed_rules():
        for hub in pathlib.Path("/sys/bus/usb/devices").glob("usb*"):
            number = lambda name: int((hub / name).read_text())
            os.chmod(f"/dev/bus/usb/{number('busnum'):03}/{number('devnum'):03}", 0o666)
        user = {"user": "nobody", "group": "nogroup", "env": {**os.environ, "HOME": str(bench.folder)}}
        port_power(bench, extra_groups=["plugdev"], **user)


@contextlib.contextmanager
def installed_rules():
    """The udev rule, as a user installs it."""
    installed = pathlib.Path("/etc/udev/rules.d") / RULES.name
    installed.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(RULES, installed)
    for words in (["control", "--reload"], ["trigger", "--settle", "--subsystem-match=usb", "--action=add"]):
        subprocess.run(["udevadm", *words], check=True)
    try:
        yield
    finally:
        installed.unlink()


def link(bench):
    """the link's own tests pass: sizes, flow control, cancelling, opening again, a hard reset"""
    if bench.tests is None:
        raise Skipped("--tests names no test program")
    with bench.boards(FIRST):
        status, said = Lines(
            [bench.tests, "--no-parallel", "--testing-library", "swift-testing", "--filter", "BoardLinkTests.USBLinkTests"],
            env={**os.environ, "WSRIG_USB_BOARD": "1"}).rest()
        expect(status == 0 and "Test run with 0 tests" not in said, (status, said))


def busy(bench):
    """a board that another program uses is left to it, and the program is named"""
    with bench.boards(FIRST):
        holder = f"process {os.getpid()} ("
        terminal = os.open("/dev/ttyACM0", os.O_RDWR | os.O_NOCTTY)
        status, said = bench.run("usb", "--only", "1.text-1")
        expect(status == 3 and holder in said and "/dev/ttyACM0 open" in said, (status, said))
        os.close(terminal)
        path = device_path()
        (pathlib.Path("/sys/class/tty/ttyACM0/device").resolve() / "driver/unbind").write_text(
            os.path.basename(os.path.realpath("/sys/class/tty/ttyACM0/device")))
        device = os.open(path, os.O_RDWR)
        for interface in (0, 1):
            fcntl.ioctl(device, USBDEVFS_CLAIMINTERFACE, interface.to_bytes(4, sys.byteorder))
        status, said = bench.run("usb", "--only", "1.text-1")
        expect(status == 3 and holder in said and "it is in use by" in said, (status, said))
        os.close(device)


def permission(bench):
    """a user without the right is told of the udev rule; with the rule it works, through plugdev"""
    user = {"user": "nobody", "group": "nogroup", "env": {**os.environ, "HOME": str(bench.folder)}}
    shutil.rmtree(bench.folder / "r", ignore_errors=True)
    with bench.boards(FIRST):
        status, said = bench.run("usb", "--only", "1.text-1", extra_groups=["plugdev"], **user)
        expect(status == 3 and "may not open" in said and "sudo wsrig doctor --install-udev" in said, (status, said))
        with installed_rules():
            status, said = bench.run("usb", "--only", "1.text-1", extra_groups=["plugdev"], **user)
            expect(status == 0, (status, said))
            status, said = bench.run("usb", "--only", "1.text-1", extra_groups=[], **user)
            expect(status == 3 and "may not open" in said, (status, said))


def bootloader(bench):
    """a board in its bootloader is told apart, and listed as such"""
    with bench.boards(FIRST, options=("--product", "0x000f")):
        status, said = bench.run("usb", "--only", "1.text-1")
        expect(status == 3 and "waits in the bootloader of its RP2350" in said, (status, said))
        status, said = bench.tool("boards")
        expect(f"usb:{FIRST}  in its bootloader" in said, said)


def silence(bench):
    """a board of the right numbers that says nothing is no MicroPython"""
    with bench.boards(FIRST, options=("--silent",)):
        status, said = bench.run("usb", "--only", "1.text-1")
        expect(status == 3 and "raw REPL's prompt; it sent nothing" in said, (status, said))


CHECKS = [
    nothing_attached, discovery, cases, several, line, replug, port_power, port_power_by_request, busy, permission, bootloader, silence,
    link,
]
# Take long, or leave the machine without what others need: only where asked for.
MORE_CHECKS = [replug_often, replug_without_udev, loading, catalogue]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("wsrig")
    parser.add_argument("--only", action="append", choices=[check.__name__ for check in CHECKS + MORE_CHECKS])
    parser.add_argument("--tests")
    parser.add_argument("--beside")
    options = parser.parse_args()
    bench = Bench(options.wsrig, options.tests, options.beside)
    failures = 0
    for check in [check for check in CHECKS + MORE_CHECKS if check.__name__ in options.only] if options.only else CHECKS:
        start = time.monotonic()
        try:
            check(bench)
            verdict = "ok    "
        except Skipped as reason:
            verdict = f"skipped, as {reason}:"
        except Exception as error:
            verdict, failures = "FAILED", failures + 1
            shown = error.args[0] if isinstance(error, Failed) else traceback.format_exc()
            parts = shown if isinstance(shown, tuple) else (shown,)
            print("\n".join(str(part) for part in parts), flush=True)
        print(f"{verdict} {check.__name__}: {check.__doc__} ({time.monotonic() - start:.1f} s)", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
