"""daemon: a desk that runs, and forms dropped into it."""
import contextlib
import os
import subprocess
import threading
import time

from desks import SCRIPT_MOST, run


def peak_of(pid):
    """The most memory that a process has had resident, bytes; 0: gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii",
                  errors="replace") as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(x) for x in f.read().split()]
    except OSError:
        return []


def is_worker(pid):
    """Rather than a child that merges packs."""
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii",
                  errors="replace") as f:
            return f.read() == "docket-check\n"
    except OSError:
        return False


class Daemon:
    """with Daemon(desks, path) as daemon: ...  Words before the program may
    be put in front of it (strace ...)."""

    def __init__(self, desks, path, *before):
        self.desks = desks
        self.path = path
        self.before = before
        self.worker_peak = 0
        self.over = threading.Event()

    def __enter__(self):
        return self.begin()

    def __exit__(self, *exc):
        self.end()

    def begin(self):
        began = time.monotonic()
        self.process = subprocess.Popen(
            [*self.before, self.desks.docket(), "run", self.path],
            stderr=subprocess.PIPE, text=True, errors="replace")
        for line in self.process.stderr:
            if "event=ready" in line:
                break
        else:
            raise SystemExit("bench: docket run does not start")
        self.ready_ms = (time.monotonic() - began) * 1e3
        self.pid = children(self.process.pid)[0] if self.before else \
            self.process.pid
        self.log = threading.Thread(target=self.read_log)
        self.watch = threading.Thread(target=self.watch_workers)
        self.log.start()
        self.watch.start()
        return self

    def end(self):
        self.over.set()
        os.kill(self.pid, 15)
        self.process.wait()
        self.log.join()
        self.watch.join()

    def settle(self):
        """Waits until a desk that was just started has compared its trays:
        until it uses no processor any more."""
        used = -1
        while used != (used := self.ticks()):
            time.sleep(0.5)

    def ticks(self):
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as f:
            return sum(int(x) for x in f.read().rpartition(")")[2].split()
                       [11:13])

    def read_log(self):
        for _ in self.process.stderr:
            pass

    def watch_workers(self):
        """docket-check and the children that it forks, which come and go."""
        while not self.over.wait(0.01):
            for parent in filter(is_worker, children(self.pid)):
                for child in children(parent):
                    self.worker_peak = max(self.worker_peak, peak_of(child))

    def peak(self):
        return peak_of(self.pid)

    def drop(self, *boxes):
        """(box, dropped, answered) of each form, ms.  boxes: box, rate and
        number of forms, as drop.c has them."""
        argv = []
        for box, rate, n in zip(*[iter(boxes)] * 3):
            argv += [box, rate, str(n), str(self.desks.serials(int(n)))]
        lines = run(self.desks.tool("drop"), self.path, *argv).splitlines()
        return [(box, float(a), float(b)) for box, a, b in
                (line.split() for line in lines)]


@contextlib.contextmanager
def serving(desks):
    """A daemon that has compared its trays.  On a large desk, where that takes
    minutes, it goes on for the next who asks, until Desks.rest()."""
    if desks.cases > SCRIPT_MOST:
        if desks.served is None:
            desks.served = Daemon(desks, desks.path).begin()
            desks.served.settle()
        yield desks.served
        return
    with Daemon(desks, desks.fresh()) as daemon:
        daemon.settle()
        yield daemon
