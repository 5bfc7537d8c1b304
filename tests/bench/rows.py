"""rows: each figure beside its yardstick, and what is asked of it.

A row is made where it was measured: on desks of all sizes, or those that its
`at' accepts.  Nothing here fails: a row says whether its target is reached.
"""
from measure import SCRIPT_MOST


class Row:
    def __init__(self, title, figure, yardstick="", held=None, ratio=None,
                 asked=None, least=None, most=None):
        self.title, self.figure = title, figure
        self.yardstick, self.held = yardstick, held
        self.ratio, self.asked = ratio, asked
        measured = ratio if ratio is not None else figure[0]
        self.reached = None
        if least is not None:
            self.reached = measured >= least
        elif most is not None:
            self.reached = measured <= most

    def cells(self):
        figure = f"{number(self.figure[0])} {self.figure[1]}"
        held = "" if self.held is None else \
            f"{self.yardstick}: {number(self.held)}"
        ratio = "" if self.ratio is None else number(self.ratio)
        return [self.title, figure, held, ratio, self.asked or "",
                {True: "yes", False: "no", None: ""}[self.reached]]

    def as_dict(self):
        return {"title": self.title, "figure": self.figure[0],
                "unit": self.figure[1], "yardstick": self.yardstick,
                "held": self.held, "ratio": self.ratio,
                "asked": self.asked, "reached": self.reached}


def number(x):
    if x >= 100:
        return f"{x:,.0f}"
    return f"{x:.1f}" if x >= 10 else f"{x:.2f}" if x >= 0.1 else f"{x:.3f}"


def cases(n):
    return "an empty desk" if n == 0 else f"{n:,} cases"


class Maker:
    def __init__(self, found):
        self.found = found
        self.rows = []

    def rate(self, title, unit, key, yardstick=None, other=None, least=None):
        """More is better; the ratio is ours to theirs."""
        ours, held = self.found.median(key), other and self.found.median(other)
        if ours is None or (other and held is None):
            return
        bound = "" if least is None else f"at least {least:,}"
        if other:
            self.rows.append(Row(title, (ours, unit), yardstick, held,
                                 ours / held, bound, least=least))
        else:
            self.rows.append(Row(title, (ours, unit), asked=bound,
                                 least=least))

    def cost(self, title, unit, key, scale=1, yardstick=None, other=None,
             most=None, faster=None):
        """Less is better.  most: of ours to theirs, at most; faster: theirs
        to ours, at least (0: nothing is asked)."""
        ours, held = self.found.median(key), other and self.found.median(other)
        if ours is None or (other and held is None):
            return
        ratio = None if not other else ours / held if faster is None else \
            held / ours
        asked = f"at most {most:,}" if most else \
            f"at least {faster:,}" if faster else ""
        self.rows.append(Row(title, (ours * scale, unit), yardstick,
                             held and held * scale, ratio, asked,
                             least=faster or None, most=most))


def intake(m, c, n):
    where = f"inbox to receipt, {c.forms:,} waiting, {cases(n)}"
    asked = {0: (80, 10), SCRIPT_MOST: (1000, 500)}.get(n, (None, None))
    m.rate(where, "/s", f"daemon {n}", "floor", f"floor {n}", 0.5)
    m.rate("  against a shell script", "/s", f"daemon {n}", "desk.sh",
           f"desk.sh {n}", asked[0])
    m.rate("  against a Python script", "/s", f"daemon {n}", "desk.py",
           f"desk.py {n}", asked[1])
    m.rate("  docket run --once, start and end included", "/s", f"once {n}",
           "floor", f"floor {n}")
    for key, title in (("sync", "waiting for syncs"),
                       ("docket", "on the processor, docket"),
                       ("workers", "on the processor, workers")):
        m.cost(f"  of its time: {title}", "%", f"share-{key} {n}", 100)
    m.cost("  processor time a form", "ms", f"once-cpu {n}", 1e3)
    m.cost("  syncs for a thousand forms", "", f"syncs {n}")


def change(m, c, n):
    m.cost(f"ledger alone, a change, {cases(n)}", "us", f"change {n}", 1e6,
           "git fast-import", f"fast-import {n}",
           faster={100_000: 2, 1_000_000: 4}.get(n, 0))
    m.cost("  bytes a change", "B", f"change-bytes {n}")
    m.cost("  after maintenance", "us", f"change-tidied {n}", 1e6)
    m.cost("  bytes a change, all of them, after it", "B", f"tidy-bytes {n}")
    m.cost("  maintenance itself", "s", f"tidy-seconds {n}")


def growth(m, small, large):
    for title, unit, key, scale in (
            ("time", "us", "change", 1e6),
            ("time, after maintenance", "us", "change-tidied", 1e6),
            ("bytes", "B", "change-bytes", 1),
            ("bytes, after maintenance", "B", "tidy-bytes", 1)):
        m.cost(f"a change at {large:,} cases, {title}", unit,
               f"{key} {large}", scale, f"at {small:,}", f"{key} {small}",
               most=2)


def single(m, c, n):
    m.cost(f"a lone form, drop to receipt, {cases(n)}", "ms", f"lone {n}", 1,
           "its syncs", f"lone-replay {n}", most=2)
    m.cost("  syncs it needs", "", f"lone-syncs {n}")
    m.cost(f"start, {cases(n)}", "ms", f"start {n}", most=1000)
    for key, title in (("list-client", "list --client"),
                       ("list-words", "list WORD"),
                       ("search", "search clients")):
        m.cost(f"docket {title}, {cases(n)}", "ms", f"{key} {n}", most=50)
    m.cost(f"docket list, every case, {cases(n)}", "ms", f"list {n}")
    m.cost(f"docket status, {cases(n)}", "ms", f"status {n}")
    m.rate(f"docket rebuild index, {cases(n)}", "cases/s", f"rebuild {n}",
           least=20_000)
    m.rate(f"docket audit, {cases(n)}", "changes/s", f"audit {n}",
           least=20_000)
    m.cost(f"memory, the daemon, {cases(n)}", "MiB", f"daemon-peak {n}",
           2 ** -20, most=None)
    limit(m, f"daemon-peak {n}", 64)
    m.cost(f"memory, a checker child, {cases(n)}", "MiB",
           f"worker-peak {n}", 2 ** -20)
    limit(m, f"worker-peak {n}", 16)


def limit(m, key, mib):
    if m.found.median(key) is not None:
        row = m.rows[-1]
        row.asked = f"under {mib}"
        row.reached = max(m.found.samples[key]) < mib * 2 ** 20


def fairness(m, c, n):
    m.cost(f"a form in one box while {c.forms:,} flood another, {cases(n)}",
           "ms", f"fair-beside {n}", 1, "without them", f"fair-alone {n}")
    m.cost("  one of the flood", "ms", f"fair-flood {n}")
    key = f"load-peak {c.loads[-1]} {n}"
    m.cost(f"memory, the daemon, {c.loads[-1]:,} forms a second offered, "
           f"{cases(n)}", "MiB", key, 2 ** -20)
    limit(m, key, 64)


def making(m, c, n):
    m.cost(f"the bench's desk of {n:,} cases is made in", "s",
           f"made-seconds {n}")
    m.cost("  and takes", "MB", f"made-bytes {n}", 1e-6)


def make(c, found):
    m = Maker(found)
    for n in c.measured:
        intake(m, c, n)
    for n in c.measured:
        change(m, c, n)
    sized = [n for n in c.measured if n >= 1000]
    if len(sized) > 1:
        growth(m, sized[0], sized[-1])
    m.rate("the checker, forms a second a core", "/s", "checker",
           "xmllint, one call", "xmllint", 1)
    for n in c.measured:
        single(m, c, n)
    for n in c.measured:
        fairness(m, c, n)
    for n in c.measured:
        making(m, c, n)
    return m.rows


HEAD = ["what", "docket", "held against", "ratio", "asked", "reached"]


def on(machine):
    return (f"{machine['cores']} cores ({machine['processor']}), "
            f"{machine['memory']}, {machine['disk']}, Linux "
            f"{machine['kernel']}, git {machine['git']}. Medians.")


def terminal(rows, machine):
    lines = [HEAD] + [r.cells() for r in rows]
    width = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    out = [on(machine), ""]
    for line in lines:
        out.append("  ".join(
            cell.ljust(w) if i in (0, 2, 4) else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(line, width))).rstrip())
    return "\n".join(out)


def markdown(rows, machine):
    lines = [HEAD, ["---", "--:", "---", "--:", "---", "---"]] + \
        [[cell.replace("  ", "&ensp;") for cell in r.cells()] for r in rows]
    return on(machine) + "\n\n" + "".join(
        "| " + " | ".join(line) + " |\n" for line in lines)
