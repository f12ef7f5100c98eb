"""The bar plot of tools/bench: one panel per problem and thread count, bars of samples per second, the longest first."""
import json
import pathlib
from xml.sax.saxutils import escape

PROBLEMS = json.loads((pathlib.Path(__file__).resolve().parents[1] / "bench" / "problems.json").read_text())
LAYERS = {p["name"]: "-".join(map(str, p["widths"])) for p in PROBLEMS["training"]}
LAYERS |= {p["name"]: LAYERS[p["of"]] + ", prediction" for p in PROBLEMS["prediction"]}

BAR, GAP, LABEL, WIDTH, HEAD = 15, 4, 128, 250, 24
OURS, PEER = "#c2410c", "#94a3b8"


def short(value):
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def panel(rows, x, y):
    rows = sorted(rows, key=lambda r: -r["samples_per_s"])
    longest = rows[0]["samples_per_s"]
    shape, threads = rows[0]["shape"], rows[0]["threads"]
    out = [f'<text x="{x}" y="{y + 14}"><tspan font-weight="bold">{escape(shape)}</tspan> {escape(LAYERS.get(shape, ""))}, '
           f'{threads} thread{"s" if threads > 1 else ""}</text>']
    for i, row in enumerate(rows):
        top = y + HEAD + i * (BAR + GAP)
        ours = row["program"] == "chainrule"
        length = max(WIDTH * row["samples_per_s"] / longest, 1)
        out.append(f'<text x="{x + LABEL - 6}" y="{top + 12}" text-anchor="end"{" font-weight=" + chr(34) + "bold" + chr(34) if ours else ""}>'
                   f'{escape(row["program"])}</text>')
        out.append(f'<rect x="{x + LABEL}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{OURS if ours else PEER}"/>')
        out.append(f'<text x="{x + LABEL + length + 5:.1f}" y="{top + 12}">{short(row["samples_per_s"])}</text>')
    return out, HEAD + len(rows) * (BAR + GAP) + 14


def svg(machine, rows):
    counts = sorted({r["threads"] for r in rows})
    shapes = list(dict.fromkeys(r["shape"] for r in rows))
    column = LABEL + WIDTH + 80
    body, y = [], 44
    for shape in shapes:
        heights = [0]
        for i, count in enumerate(counts):
            here = [r for r in rows if (r["shape"], r["threads"]) == (shape, count)]
            if here:
                parts, height = panel(here, 10 + i * column, y)
                body += parts
                heights.append(height)
        y += max(heights)
    what = "Training:" if all("prediction" not in LAYERS.get(shape, "") for shape in shapes) else "Training and prediction:"
    title = f"{what} samples per second, {machine['cpu']}, {machine['cores']} cores, {machine['instruction_set']}; longer is faster"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{20 + column * len(counts)}" height="{y}" font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="100%" fill="white"/><text x="10" y="24" font-size="14">{escape(title)}</text>', *body, "</svg>", ""])
