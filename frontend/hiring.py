"""The panel of hiring needs: figures that may be secret, in words and as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from frontend import words
from geo.domain.hiring import Count
from geo.hiring import Need
from matchmaker.hiring import LotHiring
from matchmaker.sources.catalogue import BY_KEY


@dataclass(frozen=True, slots=True)
class Bar:
    """A métier: projects as a bar whose end is blurred when secret; positions in per cent of the longest."""

    label: str
    projects: str
    hard: str
    seasonal: str
    sure: float
    unsure: float
    hard_part: float
    approximate: bool


@dataclass(frozen=True, slots=True)
class Panel:
    bars: tuple[Bar, ...]
    total: str
    lasting: str
    seekers: tuple[tuple[str, str], ...]
    places: str
    bassin: str
    seekers_bassin: str
    missing: tuple[tuple[str, str], ...]  # what to load: title, command


def panel(hiring: LotHiring) -> Panel:
    needs = hiring.needs
    if needs is None:
        return Panel((), "", "", (), "", "", "", ())
    total = sum((need.projects for need in needs.needs), Count.of(0))
    return Panel(
        bars=bars(needs.needs),
        total=count(total),
        lasting=count(hiring.openings),
        seekers=tuple((one.label or one.rome, count(one.seekers)) for one in needs.seekers),
        places=_places(hiring.places),
        bassin=words.joined([_name(name) for name in needs.bassins]),
        seekers_bassin=words.joined([_name(name) for name in needs.seekers_bassins]),
        missing=tuple((BY_KEY[key].title, f"./run manage sync {key} FICHIER") for key in needs.missing),
    )


def bars(needs: Sequence[Need]) -> tuple[Bar, ...]:
    longest = max((need.projects.high for need in needs), default=0) or 1
    return tuple(
        Bar(
            label=need.label,
            projects=count(need.projects),
            hard=count(need.hard),
            seasonal=count(need.seasonal),
            sure=100 * need.projects.low / longest,
            unsure=100 * (need.projects.high - need.projects.low) / longest,
            hard_part=100 * need.hard.low / longest,
            approximate=need.approximate,
        )
        for need in needs
    )


def count(figure: Count) -> str:
    """ "1 240", or "entre 1 et 4 (secret statistique)"."""
    if figure.value is not None:
        return words.grouped(figure.value)
    if figure.low == 0:
        return _("%(high)s au plus (secret statistique)") % {"high": words.grouped(figure.high)}
    return _("entre %(low)s et %(high)s (secret statistique)") % {
        "low": words.grouped(figure.low),
        "high": words.grouped(figure.high),
    }


def _places(room: tuple[float, float] | None) -> str:
    if room is None or room[1] < 1:
        return ""
    low, high = int(room[0]), int(room[1])
    if low == high:
        return words.grouped(low)
    return _("%(low)s à %(high)s") % {"low": words.grouped(low), "high": words.grouped(high)}


def _name(name: str) -> str:
    """Bassins are published in capitals: "CLERMONT FERRAND"."""
    return name.title() if name.isupper() else name
