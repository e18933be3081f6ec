"""The commitment board in words and as pictures: what converts a contract, the trend, the levels beside. No query."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from allotment.commitments import Board
from allotment.domain.commitment import Indicator, Kind, Level, Part, Projection, Year
from frontend import words

KINDS = {
    Kind.CLAUSE: (gettext_lazy("Clause sociale d'exécution"), "L2112-2"),
    Kind.CRITERION: (gettext_lazy("Critère social d'attribution"), "R2152-7"),
    Kind.RESERVED: (gettext_lazy("Marché réservé"), "L2113-12 à L2113-16"),
    Kind.ESS: (gettext_lazy("Gagné par l'ESS ou l'insertion"), ""),
    Kind.GROUPING: (gettext_lazy("Groupement avec l'ESS ou l'insertion"), "R2142-20"),
}
INDICATORS = {
    "social": gettext_lazy("Contrats avec une considération sociale"),
    "green": gettext_lazy("Contrats avec une considération environnementale"),
    "reserved": gettext_lazy("Marchés réservés"),
    "esus": gettext_lazy("Achats auprès d'entreprises solidaires d'utilité sociale (ESUS)"),
    "inclusive": gettext_lazy("Achats auprès de structures d'insertion ou du travail protégé et adapté"),
}
DRILLS = {
    "converted": gettext_lazy("Dépense convertie"),
    "plain": gettext_lazy("Sans rien de social, d'après l'acheteur"),
    "unknown": gettext_lazy("Considérations inconnues"),
    "unpriced": gettext_lazy("Sans montant publié"),
    "green": gettext_lazy("Considération environnementale"),
    "hand": gettext_lazy("Ajouté ou complété à la main"),
} | {str(kind): label for kind, (label, _article) in KINDS.items()}


def sentence(board: Board) -> str:
    """The answer in one sentence, with what is not known."""
    year = board.figures
    if year.share is None:
        return _("Aucun montant connu pour %(year)s : il n'y a pas encore de part à dire.") % {"year": year.year}
    text = _("%(converted)s convertis sur %(total)s notifiés en %(year)s.") % {
        "converted": words.about_euros(year.converted.eur) or "0",
        "total": words.about_euros(year.total.eur),
        "year": year.year,
    }
    if year.unknown.eur and year.share_high is not None:
        text += " " + _(
            "C'est au moins cela : %(unknown)s de contrats ne disent rien de leurs considérations sociales ; "
            "s'ils en avaient tous, ce serait %(high)s."
        ) % {"unknown": words.about_euros(year.unknown.eur), "high": words.percent(year.share_high)}
    return text


def kinds_of(kinds: frozenset[Kind]) -> str:
    return words.joined([str(KINDS[kind][0]) for kind in Kind if kind in kinds])


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing that converts; ``percent`` of the year's spend, 0..100."""

    key: str
    label: str
    article: str
    part: Part
    percent: float


def bars(year: Year) -> list[Bar]:
    return [
        Bar(kind, str(label), article, year.by_kind[kind], 100 * (year.by_kind[kind].share_of(year.total) or 0))
        for kind, (label, article) in KINDS.items()
    ]


# ---------------------------------------------------------------- the trend


@dataclass(frozen=True, slots=True)
class Column:
    """A year of the trend, in units of the drawing; ``top`` and ``high_top`` grow downwards as SVG does."""

    year: int
    x: float
    width: float
    top: float
    height: float
    high_top: float
    high_height: float
    label: str
    known: bool

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def label_y(self) -> float:
        return self.high_top - 5


@dataclass(frozen=True, slots=True)
class Whisker:
    """Where the running year goes: [low, mid, high]."""

    x: float
    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Trend:
    columns: tuple[Column, ...]
    target_y: float
    target: str
    whisker: Whisker | None
    ticks: tuple[tuple[float, float, str], ...]  # of the line, of its text, the text
    width: float = 360
    height: float = 210
    left: float = 36
    base: float = 182
    sky: float = 20

    @property
    def target_text_y(self) -> float:
        return self.target_y - 4

    @property
    def right(self) -> float:
        return self.width - 6


def trend(board: Board) -> Trend:
    frame = Trend((), 0, "", None, ())
    shares = [year.share_high or 0 for year in board.trend] + [board.target]
    if board.projection:
        shares.append(board.projection.share[2])
    top = min(1.0, max(0.3, math.ceil(10 * max(shares) + 0.5) / 10))
    span = frame.base - frame.sky

    def y(share: float) -> float:
        return frame.base - span * min(1.0, share / top)

    slot = (frame.right - frame.left) / max(3, len(board.trend))
    columns = tuple(_column(year, frame.left + slot * rank, slot, y) for rank, year in enumerate(board.trend))
    step = 0.1 if top <= 0.6 else 0.25
    ticks = tuple(
        (y(step * one), y(step * one) + 3.5, words.percent(step * one)) for one in range(int(top / step + 1e-9) + 1)
    )
    whisker = None
    if board.projection and columns:
        low, mid, high = (y(share) for share in board.projection.share)
        whisker = Whisker(columns[-1].x + 0.86 * columns[-1].width, low, mid, high)
    return Trend(columns, y(board.target), words.percent(board.target), whisker, ticks)


def _column(year: Year, x: float, slot: float, y: Callable[[float], float]) -> Column:
    share, high = year.share or 0.0, year.share_high or 0.0
    floor = y(0)
    return Column(
        year=year.year,
        x=x + 0.2 * slot,
        width=0.6 * slot,
        top=y(share),
        height=floor - y(share),
        high_top=y(high),
        high_height=y(share) - y(high),
        label=_told(year),
        known=year.share is not None,
    )


def _told(year: Year) -> str:
    """Nothing converted while some say nothing is not nothing: it is not known."""
    if year.share is None:
        return "–"
    return "?" if not year.converted.eur and year.unknown.eur else words.percent(year.share)


def projected(projection: Projection) -> str:
    low, mid, high = (words.percent(share) for share in projection.share)
    return _("Au rythme actuel, l'année finirait à %(mid)s (estimation, entre %(low)s et %(high)s).") % {
        "low": low,
        "mid": mid,
        "high": high,
    }


# ---------------------------------------------------------------- national levels


@dataclass(frozen=True, slots=True)
class Beside:
    """An indicator by number of contracts, and the public levels on the same scale (0..100)."""

    label: str
    said: str
    percent: float
    targets: tuple[Level, ...]
    observed: tuple[Level, ...]

    @property
    def aims(self) -> list[float]:
        return [100 * level.value for level in self.targets]


def beside(levels: Sequence[Level], indicators: Sequence[Indicator]) -> list[Beside]:
    """The two measures the national plan speaks of, in its own unit: the number of contracts."""
    return [
        Beside(
            str(INDICATORS[one.key]),
            words.percent(one.number_share) if one.number_share is not None else "–",
            100 * (one.number_share or 0),
            tuple(level for level in levels if level.measure == one.key and not level.observed),
            tuple(level for level in levels if level.measure == one.key and level.observed),
        )
        for one in indicators
        if any(level.measure == one.key for level in levels)
    ]


def indicators(board: Board) -> list[tuple[str, Indicator]]:
    return [(str(INDICATORS[one.key]), one) for one in board.spaser.indicators]
