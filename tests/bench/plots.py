"""plots: what the bench draws, as SVG written by hand."""
import math

INK, FAINT = "#1f2328", "#d8dee4"
COLOURS = ["#0b62c4", "#c4450b", "#2d7d3a", "#7a3fa0"]
FONT = "font-family='DejaVu Sans, Helvetica, sans-serif'"


def short(x):
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if x >= size:
            return f"{x / size:g}{unit}"
    return f"{x:g}"


class Axis:
    """A logarithmic or linear scale between two pixels."""

    def __init__(self, low, high, start, end, log):
        self.log = log
        if log:
            low, high = (10 ** math.floor(math.log10(low) + 1e-9),
                         10 ** math.ceil(math.log10(high) - 1e-9))
            if low == high:
                high *= 10
        self.low, self.high, self.start, self.end = low, high, start, end

    def at(self, x):
        if self.log:
            part = (math.log10(x) - math.log10(self.low)) / (
                math.log10(self.high) - math.log10(self.low))
        else:
            part = (x - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self):
        if self.log:
            first, last = round(math.log10(self.low)), round(
                math.log10(self.high))
            return [10.0 ** e for e in range(first, last + 1)]
        step = 10 ** math.floor(math.log10(self.high))
        while self.high / step < 4:
            step /= 2
        return [i * step for i in range(int(self.high / step) + 1)]


class Panel:
    """One diagram: lines of (x, y), each with a name at its end."""

    def __init__(self, left, top, width, height, title, x_title):
        self.box = (left, top, width, height)
        self.title, self.x_title = title, x_title
        self.lines = []

    def line(self, name, points, dashed=False):
        if points:
            self.lines.append((name, points, dashed))

    def svg(self, log_y=False):
        left, top, width, height = self.box
        xs = [x for _, points, _ in self.lines for x, _ in points]
        ys = [y for _, points, _ in self.lines for _, y in points]
        if not xs:
            return ""
        x_axis = Axis(min(xs), max(xs), left, left + width, True)
        y_axis = Axis(min(ys) if log_y else 0, max(ys) * (1 if log_y else
                      1.15), top + height, top, log_y)
        out = [f"<text x='{left}' y='{top - 16}' font-size='14' "
               f"font-weight='bold'>{self.title}</text>"]
        for y in y_axis.ticks():
            out.append(f"<line x1='{left}' x2='{left + width}' "
                       f"y1='{y_axis.at(y):.1f}' y2='{y_axis.at(y):.1f}' "
                       f"stroke='{FAINT}'/><text x='{left - 8}' "
                       f"y='{y_axis.at(y) + 4:.1f}' text-anchor='end'>"
                       f"{short(y)}</text>")
        for x in x_axis.ticks():
            out.append(f"<line x1='{x_axis.at(x):.1f}' "
                       f"x2='{x_axis.at(x):.1f}' y1='{top + height}' "
                       f"y2='{top + height + 5}' stroke='{INK}'/>"
                       f"<text x='{x_axis.at(x):.1f}' "
                       f"y='{top + height + 20}' text-anchor='middle'>"
                       f"{short(x)}</text>")
        out.append(f"<text x='{left + width / 2}' y='{top + height + 40}' "
                   f"text-anchor='middle'>{self.x_title}</text>"
                   f"<line x1='{left}' x2='{left + width}' "
                   f"y1='{top + height}' y2='{top + height}' "
                   f"stroke='{INK}'/>")
        return "\n".join(out + self.drawn(x_axis, y_axis))

    def drawn(self, x_axis, y_axis):
        left, top, width, height = self.box
        labels = []
        out = []
        for i, (name, points, dashed) in enumerate(self.lines):
            colour = COLOURS[i % len(COLOURS)]
            path = " ".join(f"{x_axis.at(x):.1f},{y_axis.at(y):.1f}"
                            for x, y in points)
            dash = " stroke-dasharray='6 4'" if dashed else ""
            out.append(f"<polyline points='{path}' fill='none' "
                       f"stroke='{colour}' stroke-width='2'{dash}/>")
            for x, y in points:
                out.append(f"<circle cx='{x_axis.at(x):.1f}' "
                           f"cy='{y_axis.at(y):.1f}' r='3.5' "
                           f"fill='{colour}'/>")
            labels.append([y_axis.at(points[-1][1]), name, colour])
        # names that would lie on each other are moved apart
        labels.sort()
        for above, label in zip(labels, labels[1:]):
            label[0] = max(label[0], above[0] + 17)
        spill = labels[-1][0] - (top + height) if labels else 0
        for y, name, colour in labels:
            out.append(f"<text x='{left + width + 10}' "
                       f"y='{y + 4 - max(0, spill):.1f}' fill='{colour}'>"
                       f"{name}</text>")
        return out


def picture(path, width, height, panels, note):
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"<svg xmlns='http://www.w3.org/2000/svg' "
                  f"viewBox='0 0 {width} {height}' width='{width}' "
                  f"height='{height}' {FONT} font-size='12' fill='{INK}'>\n"
                  f"<rect width='{width}' height='{height}' fill='white'/>\n"
                  + "\n".join(panels) +
                  f"\n<text x='20' y='{height - 14}' fill='#59636e' "
                  f"font-size='11'>{note}</text>\n</svg>\n")


def growth(c, found, path):
    """Cost of a change against the number of cases."""
    def points(key, scale):
        return [(n, found.median(f"{key} {n}") * scale) for n in c.measured
                if n > 0 and found.median(f"{key} {n}") is not None]

    time = Panel(70, 60, 330, 260, "A change: microseconds", "cases")
    time.line("docket", points("change", 1e6))
    time.line("git fast-import", points("fast-import", 1e6), True)
    time.line("after maintenance", points("change-tidied", 1e6))
    size = Panel(610, 60, 330, 260, "A change: bytes in the ledger", "cases")
    size.line("as written", points("change-bytes", 1))
    size.line("after maintenance", points("tidy-bytes", 1))
    picture(path, 1100, 400, [time.svg(True), size.svg()],
            f"Ledger alone: receive and approve by turns, one commit each, "
            f"durable in groups of 1,000. Medians of {c.reps}.")


def latency(c, found, path):
    """Drop to receipt against the load offered, up to overload."""
    panels = []
    sizes = [n for n in c.measured if f"load {c.loads[0]} {n}" in found.samples]
    for i, n in enumerate(sizes[:2]):
        p = Panel(70 + 540 * i, 60, 370, 260,
                  f"Drop to receipt, ms: "
                  f"{'an empty desk' if n == 0 else f'{n:,} cases'}",
                  "forms a second, offered")
        for name, q in (("99 in 100", 0.99), ("median", 0.5)):
            p.line(name, [(rate, found.quantile(f"load {rate} {n}", q))
                          for rate in c.loads])
        panels.append(p.svg(True))
    picture(path, 560 * max(1, len(panels)), 400, panels,
            f"Each load for {c.load_seconds} s, forms of 1.5 kB dropped when "
            f"they are due, however far behind the desk is.")
