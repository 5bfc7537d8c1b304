"""measure: the measurements, each beside its yardstick.

A measurement is a function of the configuration, the desks and the results;
it adds samples under a key: "what" or "what cases".
"""
import os
import platform
import re
import resource
import statistics
import subprocess
import time

from daemon import Daemon, serving
from desks import SCRIPT_MOST, run, words


class Results:
    def __init__(self):
        self.samples = {}

    def add(self, key, value):
        self.samples.setdefault(key, []).append(value)

    def median(self, key):
        found = self.samples.get(key)
        return statistics.median(found) if found else None

    def quantile(self, key, q):
        found = sorted(self.samples.get(key, []))
        return found[min(len(found) - 1, int(q * len(found)))] if found \
            else None


def timed(*argv, **kw):
    """Seconds on the clock, and of the processors, that a command takes."""
    kw.setdefault("stdout", subprocess.DEVNULL)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = subprocess.run(argv, stderr=subprocess.PIPE, **kw)
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(argv[:6])}: exit "
                         f"{done.returncode}: {done.stderr[-500:]!r}")
    return wall, sum(getattr(after, x) - getattr(before, x)
                     for x in ("ru_utime", "ru_stime"))


# Intake: from files that wait to receipts.

def run_once(c, d, r):
    desk = d.fresh()
    d.forms(os.path.join(desk, "inbox"), c.forms)
    wall, cpu = timed(d.docket(), "run", "--once", desk)
    r.add(f"once {d.cases}", c.forms / wall)
    r.add(f"once-cpu {d.cases}", cpu / c.forms)


def run_floor(c, d, r):
    path = d.scratch("floor")
    for name in ("inbox", "pending", "outbox"):
        os.mkdir(os.path.join(path, name))
    d.forms(os.path.join(path, "inbox"), c.forms)
    r.add(f"floor {d.cases}", c.forms / timed(d.tool("floor"), path)[0])


def run_script(c, d, r, name, n):
    path = d.script_desk()
    d.forms(os.path.join(path, "inbox"), n)
    wall, _ = timed(os.path.join(c.src, "tests/bench", name), path,
                    os.path.join(c.src, "schemas/api-key.xsd"))
    r.add(f"{name} {d.cases}", n / wall)


def run_daemon(c, d, r):
    with serving(d) as daemon:
        times = daemon.drop("-", "max", c.forms)
        r.add(f"daemon {d.cases}", c.forms / (max(b for _, _, b in times) -
                                              times[0][1]) * 1e3)
        r.add(f"daemon-peak {d.cases}", daemon.peak())
        r.add(f"worker-peak {d.cases}", daemon.worker_peak)


def intake(c, d, r):
    many = c.forms // 50 if d.cases < 10000 else c.forms // 500
    for i in range(c.reps):
        run_floor(c, d, r)
        run_daemon(c, d, r)
        # it compares all trays; on the largest desks it has its own stage
        if d.cases < SCRIPT_MOST or (i == 0 and d.cases == SCRIPT_MOST):
            run_once(c, d, r)
        if d.cases <= SCRIPT_MOST:
            run_script(c, d, r, "desk.sh", many)
            if have_pygit2():
                run_script(c, d, r, "desk.py", many)


def have_pygit2():
    return subprocess.run(["/usr/bin/python3", "-c", "import pygit2, lxml"],
                          stderr=subprocess.DEVNULL).returncode == 0


# Where the time of intake goes.

def shares(c, d, r):
    """Of the wall time of one run: waiting for syncs; on the processor, by
    docket and by its workers, who may be at it at the same time."""
    desk = d.fresh()
    trace = os.path.join(c.dir, "syncs")
    d.forms(os.path.join(desk, "inbox"), c.forms)
    began = time.monotonic()
    p = subprocess.Popen(
        ["strace", "-f", "--seccomp-bpf", "-T", "-qq", "-o", trace, "-e",
         "trace=fsync,fdatasync,syncfs,msync", d.docket(),
         "run", "--once", desk], stdout=subprocess.DEVNULL)
    own = workers = 0
    while p.poll() is None:
        own, workers = max(own, cpu_of("docket", p.pid)), max(
            workers, cpu_of("docket-check", p.pid))
        time.sleep(0.02)
    wall = time.monotonic() - began
    with open(trace, encoding="ascii", errors="replace") as lines:
        syncs = [float(m.group(1)) for m in
                 (re.search(r"<([0-9.]+)>$", x) for x in lines) if m]
    r.add(f"share-sync {d.cases}", sum(syncs) / wall)
    r.add(f"share-docket {d.cases}", own / wall)
    r.add(f"share-workers {d.cases}", workers / wall)
    r.add(f"syncs {d.cases}", len(syncs) * 1000 / c.forms)


def cpu_of(name, top):
    """Processor seconds of the processes of that name below `top'; of those
    that ended, too, where their parent has it."""
    tick, total = os.sysconf("SC_CLK_TCK"), 0
    for pid in below(top):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                head, _, rest = f.read().partition(") ")
        except OSError:
            continue
        if head.partition("(")[2] != name:
            continue
        fields = rest.split()
        total += sum(int(x) for x in fields[11:13])
        if name == "docket-check":
            total += sum(int(x) for x in fields[13:15])
    return total / tick


def below(pid):
    found = [pid]
    for p in found:
        try:
            with open(f"/proc/{p}/task/{p}/children", encoding="ascii") as f:
                found += [int(x) for x in f.read().split()]
        except OSError:
            pass
    return found


# The ledger alone.

def change(d, ledger, serial, n):
    return words(run(d.tool("changes"), ledger, str(serial), str(n)))


def fast_import(c, d, ledger, other, base, r):
    """The commits of `ledger' after `base', once more, into another copy;
    they must come out the same, to the bit."""
    stream = os.path.join(c.dir, "stream")
    with open(stream, "wb") as out:
        subprocess.run(["git", "-C", ledger, "fast-export",
                        "--reference-excluded-parents", f"{base}..main"],
                       stdout=out, check=True)
    with open(stream, "rb") as lines:
        wall, _ = timed("git", "-C", other, "-c", "core.fsync=all",
                        "fast-import", "--quiet", stdin=lines)
    os.unlink(stream)
    if head(ledger) != head(other):
        raise SystemExit("bench: fast-import has made other commits")
    r.add(f"fast-import {d.cases}", wall / c.changes)


def head(ledger):
    return run("git", "-C", ledger, "rev-parse", "main").strip()


def ledger(c, d, r):
    ours, theirs = d.ledger_copy("ours.git"), d.ledger_copy("theirs.git")
    serial = d.cases + 1
    for _ in range(c.reps):
        base = head(ours)
        done = change(d, ours, serial, c.changes)
        serial = int(done["next"])
        r.add(f"change {d.cases}", done["seconds"] / c.changes)
        r.add(f"change-bytes {d.cases}", done["bytes"] / c.changes)
        fast_import(c, d, ours, theirs, base, r)
    tidied = words(run(d.tool("changes"), ours, "tidy"))
    commits = int(run("git", "-C", ours, "rev-list", "--count", "main"))
    r.add(f"tidy-seconds {d.cases}", tidied["seconds"])
    r.add(f"tidy-bytes {d.cases}", tidied["bytes"] / commits)
    for _ in range(c.reps):
        done = change(d, ours, serial, c.changes)
        serial = int(done["next"])
        r.add(f"change-tidied {d.cases}", done["seconds"] / c.changes)


# The checker alone, by processor time: whoever works beside it matters less.

def checker(c, d, r):
    folder = d.scratch("forms")
    d.forms(folder, c.forms)
    files = sorted(os.listdir(folder))
    for _ in range(c.reps):
        done = words(run(d.tool("checker"), d.path, *files, cwd=folder))
        r.add("checker", c.forms / (done["docket"] + done["workers"]))
        r.add("checker-wall", c.forms / done["seconds"])
        _, cpu = timed("xmllint", "--noout", "--nonet", "--schema",
                       os.path.join(d.path, "schemas/api-key.xsd"), *files,
                       cwd=folder)
        r.add("xmllint", c.forms / cpu)


# A lone form, against its own syncs.

SYNC = re.compile(r"\b(fsync|fdatasync|syncfs)\(\d+<([^>]*)>")


def syncs_of_one(c, d, desk):
    """The syncs between the claim of a form and its receipt."""
    trace = os.path.join(c.dir, "trace")
    with Daemon(d, desk, "strace", "-f", "--seccomp-bpf", "-y", "-qq", "-o",
                trace, "-e", "trace=fsync,fdatasync,syncfs,/rename") as daemon:
        daemon.drop("-", "0", 3)
    calls = []
    with open(trace, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if "rename" in line and re.search(r'"drop-\d+\.xml"', line):
                calls = []
            elif "rename" in line and ".received.txt" in line:
                last = calls[:]
            elif m := SYNC.search(line):
                calls.append("fs" if m.group(1) == "syncfs" else "dir"
                             if os.path.isdir(m.group(2)) else "file")
    return last


def lone(c, d, r):
    calls = syncs_of_one(c, d, d.fresh())
    r.add(f"lone-syncs {d.cases}", len(calls))
    folder = d.scratch("replay")
    with serving(d) as daemon:
        daemon.drop("-", "0", 2)
        many = min(4, c.lone)	# not far apart
        for _ in range(c.lone // many):
            for _, dropped, answered in daemon.drop("-", "0", many):
                r.add(f"lone {d.cases}", answered - dropped)
            for line in run(d.tool("replay"), folder, str(many),
                            input="\n".join(calls) + "\n").split():
                r.add(f"lone-replay {d.cases}", float(line))


# Commands.

def start(c, d, r):
    desk = d.fresh()
    for _ in range(c.reps):
        with Daemon(d, desk) as daemon:
            r.add(f"start {d.cases}", daemon.ready_ms)


COMMANDS = {
    "list": ("list",),
    "list-client": ("list", "--client", "client-007"),
    "list-words": ("list", "{half}"),
    "search": ("search", "clients", "client-1"),
    "status": ("status",),
}


def commands(c, d, r):
    for i in range(c.reps):
        for key, argv in COMMANDS.items():
            if i > 0 and key == "list" and d.cases > SCRIPT_MOST:
                continue	# a line for each
            wall, _ = timed(d.docket(), "-C", d.path, *(
                word.format(half=d.cases // 2) for word in argv))
            r.add(f"{key} {d.cases}", wall * 1e3)


def rebuild(c, d, r):
    d.rest()
    commits = int(run("git", "-C", os.path.join(d.path, "ledger.git"),
                      "rev-list", "--count", "main"))
    cases = int(run("git", "-C", os.path.join(d.path, "ledger.git"),
                    "rev-list", "--count", "--grep=^Event: receive", "main"))
    for _ in range(1 if d.cases > SCRIPT_MOST else min(c.reps, 3)):
        wall, _ = timed(d.docket(), "-C", d.path, "rebuild", "index")
        r.add(f"rebuild {d.cases}", cases / wall)
        wall, _ = timed(d.docket(), "audit", os.path.join(d.path,
                                                          "ledger.git"))
        r.add(f"audit {d.cases}", commits / wall)


# Load, up to more than can be borne; and somebody else's form meanwhile.

def load(c, d, r):
    with serving(d) as daemon:
        daemon.drop("-", "0", 2)
        for rate in c.loads:
            n = max(5, int(rate * c.load_seconds))
            for _, dropped, answered in daemon.drop("-", str(rate), n):
                r.add(f"load {rate} {d.cases}", answered - dropped)
            r.add(f"load-peak {rate} {d.cases}", daemon.peak())


def fair(c, d, r):
    """One box floods; another sends a form now and then."""
    with serving(d) as daemon:
        daemon.drop("client-001", "0", 1)
        alone = daemon.drop("client-001", "0", 10)
        both = daemon.drop("client-000", "max", c.forms, "client-001", "5",
                           max(3, c.forms // 500))
    over = max(b for box, _, b in both if box == "client-000")
    for _, dropped, answered in alone:
        r.add(f"fair-alone {d.cases}", answered - dropped)
    for box, dropped, answered in both:
        if box == "client-001" and dropped < over:
            r.add(f"fair-beside {d.cases}", answered - dropped)
        elif box == "client-000":
            r.add(f"fair-flood {d.cases}", answered - dropped)


def sizes(c, d, r):
    r.add(f"made-seconds {d.cases}", d.seconds)
    r.add(f"made-bytes {d.cases}", d.bytes)


def stages(c, n):
    """What is measured on a desk of n cases."""
    return [(title, stage) for title, stage, wanted in (
        ("what it takes to make one", sizes, n > 0),
        ("starting", start, True),
        ("list and search", commands, n > 0),
        ("the ledger alone", ledger, n > 0),
        # before thousands of files have been deleted: see Desks.scratch()
        ("a lone form", lone, True),
        ("intake", intake, True),
        ("where the time goes", shares, n <= SCRIPT_MOST),
        ("the checker alone", checker, n == c.cases[0]),
        ("load", load, n in (c.cases[0], max(
            x for x in c.cases if x <= SCRIPT_MOST))),
        ("two boxes", fair, n in (c.cases[0], max(c.cases))),
        ("one round", run_once, n > SCRIPT_MOST),
        ("rebuilding and auditing", rebuild, n > 0),
    ) if wanted]


def machine(c):
    def first(path, pattern):
        try:
            with open(path, encoding="utf-8") as f:
                found = re.search(pattern, f.read(), re.M)
        except OSError:
            found = None
        return found.group(1).strip() if found else "unknown"

    kb = first("/proc/meminfo", r"^MemTotal:\s+(\d+)")
    return {
        "cores": os.cpu_count(),
        "processor": first("/proc/cpuinfo", r"^model name\s*:\s*(.*)$"),
        "memory": f"{round(int(kb) / 2**20)} GiB",
        "disk": run("df", "--output=fstype", c.out).split()[-1],
        "kernel": re.match(r"[0-9.]+", platform.release()).group(0),
        "git": run("git", "version").split()[2],
    }
