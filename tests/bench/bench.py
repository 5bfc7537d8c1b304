#!/usr/bin/env python3
"""make bench: measures docket beside its yardsticks, in one run.

    bench.py BUILD

Environment:
    BENCH_CASES  sizes of the desks (default "0 1000 10000 100000 1000000")
    BENCH_FORMS  forms that wait for intake (10000)
    BENCH_REPS   repetitions, of which medians are taken (5)
    BENCH_DIR    a folder on the disk to be measured (BUILD/bench); what is
                 made there is in docket-bench, and goes again
    BENCH_KEEP=1 it stays
    QUICK=1      everything small: about a minute
    TINY=1       smaller still: only whether all of it works

Leaves a table on the terminal, and table.md, bench.json and *.svg in
BUILD/bench.  What each figure is held against is said in rows.py.
"""
import json
import os
import shutil
import sys
import time

import measure
import plots
import rows
from desks import Desks


class Config:
    def __init__(self, build):
        quick, tiny = (bool(os.environ.get(x)) for x in ("QUICK", "TINY"))
        small = (lambda a, b, c: c if tiny else b if quick else a)

        def asked(name, default):
            return os.environ.get(name) or default

        self.build = os.path.realpath(build)
        self.src = os.path.realpath(os.path.join(os.path.dirname(__file__),
                                                 "../.."))
        self.out = os.path.join(self.build, "bench")
        self.dir = os.path.join(asked("BENCH_DIR", self.out), "docket-bench")
        self.cases = [int(n) for n in asked("BENCH_CASES", small(
            "0 1000 10000 100000 1000000", "0 1000 5000", "0 200")).split()]
        self.measured = []
        self.forms = int(asked("BENCH_FORMS", small(10000, 1000, 100)))
        self.reps = int(asked("BENCH_REPS", small(5, 2, 1)))
        self.changes = small(10000, 2000, 200)
        self.lone = small(40, 10, 3)
        self.load_seconds = small(10, 3, 0.5)
        self.loads = small([10, 30, 100, 300, 1000, 2000, 4000, 8000],
                           [10, 300, 3000], [10, 100])
        self.kind = small("full", "quick", "tiny")


def say(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def leave(c, found, began):
    """What was measured so far: a run that is ended leaves that."""
    machine = measure.machine(c)
    table = rows.make(c, found)
    write(os.path.join(c.out, "bench.json"), json.dumps({
        "kind": c.kind, "machine": machine, "cases": c.measured,
        "forms": c.forms, "repetitions": c.reps,
        "seconds": round(time.time() - began), "samples": found.samples,
        "rows": [r.as_dict() for r in table]}, indent=1) + "\n")
    write(os.path.join(c.out, "table.md"), rows.markdown(table, machine))
    plots.growth(c, found, os.path.join(c.out, "growth.svg"))
    plots.latency(c, found, os.path.join(c.out, "latency.svg"))
    return rows.terminal(table, machine)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: bench.py BUILD")
    c = Config(sys.argv[1])
    began = time.time()
    shutil.rmtree(c.dir, ignore_errors=True)
    os.makedirs(c.dir)
    found = measure.Results()
    told = ""
    try:
        for n in c.cases:
            desks = Desks(c, n, say)
            try:
                for title, stage in measure.stages(c, n):
                    say(f"{n:,} cases: {title}")
                    stage(c, desks, found)
            finally:
                desks.rest()
            c.measured.append(n)
            told = leave(c, found, began)
    finally:
        if not os.environ.get("BENCH_KEEP"):
            shutil.rmtree(c.dir, ignore_errors=True)
        print(told)
    say(f"{c.kind} run, {time.time() - began:.0f} s; see {c.out}")


if __name__ == "__main__":
    main()
