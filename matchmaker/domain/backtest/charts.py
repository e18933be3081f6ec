"""Small charts as SVG text: readable in grey, with a title and a description for those who cannot see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import count
from math import isinf, log10, sqrt

from matchmaker.domain.backtest.decay import RINGS_KM, Decay
from matchmaker.domain.backtest.metrics import Bin, Figure
from matchmaker.domain.score import Formula

ACCENT, AMBER, SLATE = "#0b6b63", "#b86a00", "#5a6b7b"  # ours, ESS, the rest
_WIDTH, _LEFT, _LINE = 720, 350, 26


def number(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


def svg(key: str, title: str, told: str, height: float, body: Iterable[str], width: int = _WIDTH) -> str:
    """A whole chart. ``key`` makes its ids unique in a page."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}" role="img" '
        f'aria-labelledby="{key}-t {key}-d" font-family="system-ui, sans-serif" font-size="13" fill="currentColor">'
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(told)}</desc>{"".join(body)}</svg>'
    )


def text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str = "currentColor", dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashed}/>'


def bars(key: str, title: str, rows: Sequence[tuple[str, Figure, bool]], unit: str) -> str:
    """One bar a row with its interval; those marked stand out (by colour and by an arrow)."""
    top = max([figure.high for _, figure, _ in rows] + [0.01])
    scale = (_WIDTH - _LEFT - 60) / top
    body = []
    for at, (label, figure, marked) in enumerate(rows):
        y = 20 + at * _LINE
        end = _LEFT + figure.value * scale
        colour = ACCENT if marked else SLATE
        body.append(text(_LEFT - 8, y + 13, ("▸ " if marked else "") + label, "end"))
        body.append(f'<rect x="{_LEFT}" y="{y}" width="{end - _LEFT:.1f}" height="16" fill="{colour}"/>')
        low, high = _LEFT + figure.low * scale, _LEFT + figure.high * scale
        body.append(line(low, y + 8, high, y + 8, AMBER))
        body += [line(edge, y + 4, edge, y + 12, AMBER) for edge in (low, high)]
        body.append(text(high + 6, y + 13, number(figure.value)))
    told = "; ".join(f"{label} {number(f.value)} ({number(f.low)} à {number(f.high)})" for label, f, _ in rows)
    return svg(key, title, f"{unit}, avec intervalle à 95 %. {told}.", 30 + len(rows) * _LINE, body)


def calibration(key: str, title: str, bins: Sequence[Bin]) -> str:
    """Announced against seen, both on a logarithmic scale: on the diagonal, chances are honest."""
    shown = [one for one in bins if one.said > 0 and one.high > 0]
    if not shown:
        return ""
    least = 10 ** int(log10(max(1e-6, min(min(one.said, max(one.low, one.said / 10)) for one in shown))) - 1)
    most, left, side = 1.0, 70.0, 300.0

    def along(value: float) -> float:
        return side * (log10(max(value, least)) - log10(least)) / (log10(most) - log10(least))

    body = [line(left, 20 + side, left + side, 20, SLATE, "4 4")]
    body += [line(left, 20 + side, left + side, 20 + side), line(left, 20, left, 20 + side)]
    tick = least
    while tick <= most * 1.01:
        words = f"{number(100 * tick, max(0, -int(log10(tick) - 0.5) - 2))} %"
        body += [
            text(left + along(tick), 38 + side, words, "middle"),
            text(left - 6, 24 + side - along(tick), words, "end"),
        ]
        tick *= 10
    for one in shown:
        x = left + along(one.said)
        body.append(line(x, 20 + side - along(one.low), x, 20 + side - along(one.high), AMBER))
        body.append(f'<circle cx="{x:.1f}" cy="{20 + side - along(one.seen):.1f}" r="4" fill="{ACCENT}"/>')
    body += [text(left + side / 2, 58 + side, "chance annoncée", "middle"), text(left, 12, "part constatée")]
    told = "; ".join(f"annoncé {number(100 * b.said)} %, constaté {number(100 * b.seen)} %" for b in shown)
    return svg(key, title, f"Chances annoncées et constatées : {told}.", side + 70, body, 420)


def falls(key: str, title: str, decays: Sequence[Decay]) -> str:
    """Small curves of winning by distance, with their bands and the radius in force (dashed)."""
    wide, tall, across = 225.0, 150.0, 3
    body = []
    for at, one in enumerate(decays):
        x, y = 20 + (at % across) * (wide + 10), 20 + (at // across) * (tall + 45)
        body.append(text(x, y, f"{one.label}, n = {one.winners}"))
        body.append(_fall(one, x, y + 10, wide - 20, tall - 30))
    rows = -(-len(decays) // across)
    told = "; ".join(f"{one.label} : moitié à {_km(one.half_km)}" for one in decays)
    return svg(key, title, f"Chance relative de gagner selon la distance. {told}.", rows * (tall + 45) + 20, body)


def _fall(one: Decay, x: float, y: float, wide: float, tall: float) -> str:
    edges = (0.0, *RINGS_KM[:-2])  # to 120 km; beyond, curves are flat

    def along(km: float) -> float:
        return x + wide * sqrt(min(km, edges[-1]) / edges[-1])

    def steps(values: Iterable[float]) -> list[tuple[float, float]]:
        found = []
        for start, end, value in zip(edges, edges[1:], values, strict=False):
            found += [(along(start), y + tall * (1 - value)), (along(end), y + tall * (1 - value))]
        return found

    top, bottom = steps(one.bands[1]), steps(one.bands[0])
    band = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*top, *reversed(bottom)])
    curve = " ".join(f"{a:.1f},{b:.1f}" for a, b in steps(one.curve))
    body = [
        f'<polygon points="{band}" fill="{AMBER}" fill-opacity="0.25"/>',
        f'<polyline points="{curve}" fill="none" stroke="{ACCENT}" stroke-width="2"/>',
        line(x, y + tall, x + wide, y + tall),
    ]
    if one.shipped:
        body.append(line(along(one.shipped), y, along(one.shipped), y + tall, SLATE, "3 3"))
    body += [text(along(km), y + tall + 15, f"{km:g}", "middle") for km in (0, 10, 40, 120)]
    return "".join(body)


def _km(value: float) -> str:
    return "aucune distance mesurée" if isinf(value) else f"{value:g} km"


def weights(key: str, title: str, before: Formula, after: Formula, names: Mapping[str, str]) -> str:
    """Points of two versions side by side."""
    body, places = [], count()
    scale = (_WIDTH - 200 - 60) / 60
    for part, old in before.weights.items():
        new = after.weights[part]
        y = 20 + next(places) * 38
        body.append(text(192, y + 18, names.get(part, part), "end"))
        for shift, value, colour in ((0, old, SLATE), (14, new, ACCENT)):
            body.append(f'<rect x="200" y="{y + shift}" width="{value * scale:.1f}" height="12" fill="{colour}"/>')
            body.append(text(206 + value * scale, y + shift + 11, number(value, 1)))
    told = "; ".join(
        f"{names.get(p, p)} {number(v, 1)} puis {number(after.weights[p], 1)}" for p, v in before.weights.items()
    )
    return svg(key, title, f"En vigueur (gris) puis appris (vert). {told}.", 30 + len(before.weights) * 38, body)
