"""A plot of `chainrule learn --json` as SVG text: curves, two axes with round ticks, a legend; readable on light and dark pages."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, LEGEND_ROW = 680, 300, 64, 16, 34, 44, 18
COLOURS = ["#2563a8", "#c4482c", "#3a8a4d", "#8a4fa3", "#a8791c", "#3b8f9e", "#b0447c", "#666666"]
MOST_POINTS = 240


def round_ticks(low, high, wanted):
    """Multiples of 1, 2 or 5 times a power of ten inside [low, high]."""
    span = high - low or abs(high) or 1
    step = 10 ** math.floor(math.log10(span / wanted))
    step *= next(f for f in (1, 2, 5, 10) if span / (step * f) <= wanted)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


class Scale:
    """From values to pixels, linear or logarithmic."""

    def __init__(self, values, begin, end, logarithmic, ticks):
        self.log = logarithmic
        seen = [self.of(v) for v in values] or [0, 1]
        low, high = min(seen), max(seen)
        if low == high:
            low, high = low - 0.5, high + 0.5
        if logarithmic:
            low, high = math.floor(low), math.ceil(high)
            step = max(1, math.ceil((high - low) / ticks))
            self.ticks = [(i, f"1e{i:g}") for i in range(int(low), int(high) + 1, step)]
        else:
            margin = 0.04 * (high - low)
            low, high = low - margin, high + margin
            self.ticks = [(t, f"{t:.6g}") for t in round_ticks(low, high, ticks)]
        self.low, self.high, self.begin, self.end = low, high, begin, end

    def of(self, value):
        return math.log10(value) if self.log else value

    def place(self, scaled):
        return self.begin + (scaled - self.low) / (self.high - self.low) * (self.end - self.begin)


def points_of(curve, logarithmic):
    """What can be drawn, thinned out."""
    points = [(x, y) for x, y in zip(curve["x"], curve["y"]) if x is not None and y is not None and (y > 0 or not logarithmic)]
    stride = max(1, len(points) // MOST_POINTS)
    return points[::stride] + (points[-1:] if (len(points) - 1) % stride else [])


def text(x, y, content, anchor="middle", size=12, extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {extra}>{escape(content)}</text>'


def axes(xs, ys, plot, bottom):
    parts = []
    for value, label in ys.ticks:
        y = ys.place(value)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#dddddd"/>')
        parts.append(text(LEFT - 6, y + 4, label, "end", 11))
    for value, label in xs.ticks:
        parts.append(text(xs.place(value), bottom + 16, label, size=11))
    parts.append(f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}" stroke="#555555"/>')
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, bottom + 34, plot["x"]))
    middle = (TOP + bottom) / 2
    parts.append(text(16, middle, plot["y"], extra=f'transform="rotate(-90 16 {middle:.1f})"'))
    return parts


def legend(names, top):
    """Two names to a line under the plot."""
    parts = []
    for i, name in enumerate(names):
        x, y = LEFT + (i % 2) * (WIDTH - LEFT) / 2, top + (i // 2) * LEGEND_ROW
        parts.append(f'<line x1="{x:.1f}" y1="{y - 4:.1f}" x2="{x + 20:.1f}" y2="{y - 4:.1f}" stroke="{COLOURS[i % 8]}" stroke-width="2.5"/>')
        parts.append(text(x + 26, y, name, "start"))
    return parts


def draw(plot):
    curves = [(c["name"], points_of(c, plot["logarithmic_y"])) for c in plot["curves"]]
    curves = [(name, points) for name, points in curves if points]
    names = [name for name, _ in curves]
    rows = (len(names) + 1) // 2 if any(names) else 0
    height, bottom = HEIGHT + rows * LEGEND_ROW, HEIGHT - BOTTOM
    xs = Scale([x for _, points in curves for x, _ in points], LEFT, WIDTH - RIGHT, False, 8)
    ys = Scale([y for _, points in curves for _, y in points], bottom, TOP, plot["logarithmic_y"], 8)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
             f'font-family="system-ui, sans-serif" fill="#222222" role="img" aria-label="{escape(plot["title"], {chr(34): "&quot;"})}">',
             f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>', text(LEFT, 20, plot["title"], "start", 14, 'font-weight="600"')]
    parts += axes(xs, ys, plot, bottom)
    for i, (_, points) in enumerate(curves):
        places = [(xs.place(x), ys.place(ys.of(y))) for x, y in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[i % 8]}" stroke-width="1.8" stroke-linejoin="round"/>')
    if rows:
        parts += legend(names, HEIGHT + 10)
    return "\n".join(parts) + "\n</svg>\n"
