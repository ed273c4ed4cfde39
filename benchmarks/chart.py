"""The chart: requests per second, as multiples of those of flask-things."""

from benchmarks.figures import Results, ratio, short
from benchmarks.loads import COMMON, LOADS
from benchmarks.systems import SYSTEMS

CONNECTIONS = 64
WIDTH, NAMES, NUMBERS, LINE, BAR = 480, 180, 44, 20, 14
INDENT, GAP = 8, 6

# `currentColor` cannot be used: in an <img>, nothing is inherited.
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
text.load { font-weight: 600 }
rect { fill: #7d8590 }
rect.ours { fill: #d9480f }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
"""


def render(results: Results) -> str:
    """Return the chart as SVG, readable in light and dark mode, and on a phone."""
    shapes = [_text(0, LINE, f"Requests per second at {CONNECTIONS} connections, flask-things = 1")]
    y = LINE
    for load in COMMON:
        bars = _bars(results, load)
        if bars:
            y += 2 * LINE
            shapes.append(_text(0, y, LOADS[load].title, "load"))
        for system, value in bars.items():
            y += LINE
            length = round(value / max(bars.values()) * (WIDTH - NAMES - NUMBERS), 1)
            shapes += [
                _text(INDENT, y, SYSTEMS[system].title),
                f'<rect class="{system}" x="{NAMES}" y="{y - BAR + 2}" width="{length}" '
                f'height="{BAR}" rx="2"/>',
                _text(NAMES + length + GAP, y, short(value)),
            ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + LINE}" '
        f'width="{WIDTH}" height="{y + LINE}" role="img">\n<title>Requests per second</title>\n'
        f"<style>{STYLE}</style>\n" + "\n".join(shapes) + "\n</svg>\n"
    )


def _bars(results: Results, load: str) -> dict[str, float]:
    """Return the bar of each system for a load."""
    where = {"load": load, "connections": CONNECTIONS}
    ours = where | {"system": "ours"}
    found = {name: ratio(results, "per_second", where | {"system": name}, ours) for name in SYSTEMS}
    return {name: figure.middle for name, figure in found.items() if figure}


def _text(x: float, y: int, words: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y}">{words}</text>'
