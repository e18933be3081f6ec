"""Small honest charts as numbers: what the templates draw with plain boxes. Pure: no query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from consortia.queries import PartnerView, Team
from frontend import words
from matchmaker.domain.score import PARTS, Parts
from matchmaker.models import Match
from matchmaker.queries import PublicFirm


def part_labels() -> dict[str, str]:
    return {
        "trade": _("Métier"),
        "text": _("Mots"),
        "distance": _("Proximité"),
        "capacity": _("Capacité"),
        "evidence": _("Références"),
        "ess": _("ESS"),
    }


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One part of a score: a slot as wide as its weight, filled as far as earned."""

    key: str
    label: str
    weight: float
    value: float  # 0..1

    @property
    def points(self) -> float:
        return self.weight * self.value

    @property
    def fill(self) -> float:
        return 100 * self.value


def parts_of(match: Match) -> Parts:
    """The parts stored with a match."""
    return Parts(*(getattr(match, f"{part}_part") for part in PARTS))


def score_parts(parts: Parts, weights: Mapping[str, float]) -> list[ScorePart]:
    labels = part_labels()
    values = parts._asdict()
    return [ScorePart(key, labels[key], weight, max(0.0, min(1.0, values[key]))) for key, weight in weights.items()]


def score_sentence(parts: list[ScorePart]) -> str:
    """The bar for those who do not see it."""
    return ", ".join(
        _("%(label)s %(points)d sur %(weight)d")
        % {"label": part.label, "points": round(part.points), "weight": round(part.weight)}
        for part in parts
    )


@dataclass(frozen=True, slots=True)
class Interval:
    """A capacity [low, mid, high] on a scale; positions in per cent, ``over`` when it leaves the scale."""

    start: float
    width: float
    mid: float
    need: float | None
    over: bool
    sentence: str


def capacity_interval(firm: PublicFirm, scale: float, need: int | None = None) -> Interval:
    def at(value: float) -> float:
        return min(100.0, 100.0 * value / scale) if scale else 0.0

    start = at(firm.capacity_low_eur)
    return Interval(
        start=start,
        width=max(0.8, at(firm.capacity_high_eur) - start),
        mid=at(firm.capacity_mid_eur),
        need=at(need) if need else None,
        over=firm.capacity_high_eur > scale,
        sentence=_("estimation : %(mid)s par an, entre %(low)s et %(high)s")
        % {
            "low": words.about_euros(firm.capacity_low_eur),
            "mid": words.about_euros(firm.capacity_mid_eur),
            "high": words.about_euros(firm.capacity_high_eur),
        },
    )


def capacity_scale(firms: list[PublicFirm], need: int | None) -> float:
    """One scale for all rows: twice the need when it is known, else what the largest firm asks for."""
    if need:
        return 2.0 * need
    return 1.15 * max((firm.capacity_high_eur for firm in firms), default=0) or 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """One segment of the stacked bar of a grouping; its number is the one on the map."""

    number: int
    name: str
    percent: float
    mandataire: bool


def shares(team: Team) -> list[Share]:
    return [
        Share(number, one.firm.name, 100 * one.member.share, one.member.mandataire)
        for number, one in enumerate(team.members, start=1)
    ]


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing, as a bar: found against needed."""

    label: str
    found: str
    missing: str
    found_percent: float | None  # None: nothing to measure, the sentence alone says it


def gap_bar(gap: Mapping[str, Any], trades: Mapping[str, str]) -> Gap:
    codes = gap.get("trades") or [gap.get("trade")]
    trade = words.joined([trades.get(str(code), str(code)) for code in codes if code])
    radius = _number(gap, "radius_km")
    label = _gap_label(str(gap.get("kind", "")), trade)
    if radius:
        label = _("%(label)s, à moins de %(km)s") % {"label": label, "km": words.kilometres(radius)}
    hours, missing, found = (
        _number(gap, "missing_hours"),
        _number(gap, "missing_eur"),
        _number(gap, "found_eur"),
    )
    if hours:
        return Gap(label, "", _("il manque %(h)s h par an") % {"h": words.grouped(round(hours))}, None)
    if missing:
        return Gap(
            label,
            _("%(eur)s par an trouvés") % {"eur": words.about_euros(found) or "0"},
            _("%(eur)s par an manquent") % {"eur": words.about_euros(missing)},
            100 * found / (found + missing),
        )
    return Gap(label, "", "", None)


def _gap_label(kind: str, trade: str) -> str:
    names = {
        "capacity": _("Capacité libre"),
        "hours": _("Heures d'insertion"),
        "trade": _("Aucune entreprise du métier"),
        "mandataire": _("Aucun mandataire assez solide"),
        "supply": _("Trop de l'offre locale serait réunie (règle C1)"),
        "turnover": _("Chiffre d'affaires exigé"),
        "combination": _("Aucune combinaison ne respecte toutes les règles"),
    }
    name = names.get(kind, kind)
    return f"{name} : {trade}" if trade else name


def _number(gap: Mapping[str, Any], key: str) -> float:
    value = gap.get(key)
    return float(value) if isinstance(value, int | float) else 0.0


@dataclass(frozen=True, slots=True)
class Rise:
    """A measure before and after, at what is certain; positions in per cent of one scale for all rows."""

    label: str
    before: str
    after: str
    start: float
    gain: float


@dataclass(frozen=True, slots=True)
class PartnerBars:
    partner: PartnerView
    rises: tuple[Rise, ...]


def partner_bars(partners: Sequence[PartnerView]) -> list[PartnerBars]:
    """Local firms that hire, with what their vacancies add: those that add nothing are left out."""
    longest = max((max(one.h_rec_high) for one in partners), default=0.0)
    return [
        PartnerBars(
            one,
            (
                _rise(_("Heures d'insertion recommandées"), one.h_rec, one.h_rec_high, longest, words.about),
                _rise(_("Adéquation aux recrutements, sur 100"), one.hfi, one.hfi_high, 100, _whole),
            ),
        )
        for one in partners
        if any(after > before for before, after in (one.h_rec, one.hfi, one.h_rec_high, one.hfi_high))
    ]


def _rise(
    label: str, low: tuple[float, float], high: tuple[float, float], scale: float, text: Callable[[float], str]
) -> Rise:
    before, after = (_between(text(a), text(b)) for a, b in zip(low, high, strict=True))
    scale = scale or 1
    return Rise(label, before, after, 100 * low[0] / scale, 100 * max(0.0, low[1] - low[0]) / scale)


def _between(low: str, high: str) -> str:
    return low if low == high else _("%(low)s à %(high)s") % {"low": low, "high": high}


def _whole(value: float) -> str:
    return str(round(value))


def part_weights(weights: Mapping[str, float]) -> list[tuple[str, str, float]]:
    """(key, label, points) for the legend above the bars."""
    labels = part_labels()
    return [(key, labels[key], weight) for key, weight in weights.items()]
