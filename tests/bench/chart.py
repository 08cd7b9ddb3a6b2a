"""Bars around 1 on a logarithmic axis, as an SVG that is legible on a light and on a dark page."""

import math
from html import escape

OURS = "#e8590c"
OTHERS = ["#4c78a8", "#3f9f97", "#5a9e4b", "#a86fa0", "#8a8a8f", "#b59a3b", "#7b6fd0"]
BAR = 7
GAP = 14  # Between the groups of bars.
LEFT = 52
RIGHT = 12
PANEL = 280
LEAST_WIDTH = 640  # Room for the legend.
TITLE = 30
LABELS = 108  # For the names below a panel, which are slanted.

STYLE = """<style>
text { font: 12px sans-serif; fill: #333 } .title { font-weight: bold }
.grid { stroke: #999; stroke-opacity: .35 } .one { stroke: #555; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #ccc } .one { stroke: #ccc } }
</style>"""


def text(x, y, said, kind="", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" {more}>{escape(said)}</text>'


def tick(power):
    return f"1/{2 ** -power}" if power < 0 else str(2 ** power)


def colours(names):
    """Ours stands out, and the others keep theirs whether it is there or not."""
    others = [name for name in names if name != "comheap"]
    return {"comheap": OURS,
            **{name: OTHERS[index % len(OTHERS)] for index, name in enumerate(others)}}


def powers(series):
    """The powers of two from below the least to above the most that is drawn."""
    logs = [math.log2(value) for values in series.values() for value in values.values()]
    return math.floor(min([-1.0, *logs])), math.ceil(max([1.0, *logs]))


def axis(across, heights):
    parts = []
    for power, y in heights.items():
        kind = "one" if power == 0 else "grid"
        parts.append(f'<line x1="{LEFT}" x2="{across - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
                     f'class="{kind}"/>')
        parts.append(text(LEFT - 6, y + 4, tick(power), "", 'text-anchor="end"'))
    return parts


def panel(groups, series, top):
    """The bars of each group's name, side by side, and the name below them."""
    low, high = powers(series)
    height = lambda log: top + PANEL * (high - log) / (high - low)
    parts = axis(width(groups, series), {p: height(p) for p in range(low, high + 1)})
    colour = colours(series)
    for index, group in enumerate(groups):
        left = LEFT + GAP / 2 + index * (len(series) * BAR + GAP)
        for column, (name, values) in enumerate(series.items()):
            if group in values:
                end = height(math.log2(values[group]))
                parts.append(f'<rect x="{left + column * BAR:.1f}" y="{min(end, height(0)):.1f}" '
                             f'width="{BAR - 1}" height="{max(abs(end - height(0)), 0.5):.1f}" '
                             f'fill="{colour[name]}"/>')
        middle, y = left + len(series) * BAR / 2, top + PANEL + 14
        parts.append(text(middle, y, group, "title" if index == len(groups) - 1 else "",
                          f'text-anchor="end" transform="rotate(-35 {middle:.1f} {y:.1f})"'))
    return parts


def width(groups, series):
    return max(LEAST_WIDTH, LEFT + RIGHT + len(groups) * (len(series) * BAR + GAP))


def legend(names):
    parts, x, colour = [], LEFT, colours(names)
    for name in names:
        parts.append(f'<rect x="{x}" y="10" width="10" height="10" fill="{colour[name]}"/>')
        parts.append(text(x + 14, 19, name))
        x += 30 + 7 * len(name)
    return parts


def draw(groups, panels):
    """The SVG; a panel is a title, and of each name the value of each group."""
    series = panels[0][1]
    parts, top = legend(series), 30
    for title, series in panels:
        parts.append(text(LEFT, top + 18, title, "title"))
        parts += panel(groups, series, top + TITLE)
        top += TITLE + PANEL + LABELS
    across = width(groups, series)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {top}" '
            f'width="{across}" height="{top}">\n{STYLE}\n' + "\n".join(parts) + "\n</svg>\n")
