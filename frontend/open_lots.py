"""The open lots a firm could answer, as its card lists them: exact, narrowed by the address, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.contrib.gis.db.models.functions import Distance
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from consortia.models import Member
from frontend import charts, words
from matchmaker.domain.query import Found
from matchmaker.domain.score import Formula
from matchmaker.live import open_lots_for
from matchmaker.models import Firm, Lot, Match, MatchNews
from matchmaker.news import news_since
from matchmaker.queries import Params, open_lots, public_firm, start_of
from matchmaker.reference import reference

MOST = 500
NEWS_DAYS = 14
DAYS = (7, 21, 45)  # "within so many days"
ALONE, GROUP, MANY, LARGE, UNSIZED = "alone", "group", "many", "large", "unsized"


@dataclass(frozen=True, slots=True)
class LotWanted:
    """What the address of the card says."""

    trade: str = ""
    days: int = 0
    alone: bool = False

    @property
    def filtered(self) -> bool:
        return self != LotWanted()

    def query(self) -> str:
        said = QueryDict(mutable=True)
        said.update({"trade": self.trade} if self.trade else {})
        said.update({"days": str(self.days)} if self.days else {})
        said.update({"alone": "1"} if self.alone else {})
        return said.urlencode()


def read(params: Params) -> LotWanted:
    """A value that means nothing is dropped, as old links must go on working."""
    days = "".join(params.getlist("days")[-1:])
    return LotWanted(
        trade="".join(params.getlist("trade")[-1:]).replace("\x00", "")[:3],
        days=next((one for one in DAYS if str(one) == days), 0),
        alone="1" in params.getlist("alone"),
    )


@dataclass(frozen=True, slots=True)
class OpenLot:
    """One lot for one firm. ``rank``: among the firms kept for the lot, None beyond them."""

    lot: Lot
    score: float
    trade: str
    parts: list[charts.ScorePart]
    sentence: str
    distance_km: float
    how: str
    rank: int | None = None
    new: bool = False


def lots_of(firm: Firm, as_of: date, official: Formula) -> list[OpenLot]:
    """All of them, best first, :data:`MOST` at most. At most seven queries."""
    found = open_lots_for(firm, MOST)
    ids = [lot.pk for lot, _one in found]
    ranks = dict(Match.objects.filter(firm=firm, lot_id__in=ids).values_list("lot_id", "rank"))
    grouped = set(Member.objects.filter(firm=firm, proposal__lot_id__in=ids).values_list("proposal__lot_id", flat=True))
    yearly = dict(
        Lot.objects.filter(pk__in=ids, outcome__yearly_eur__isnull=False).values_list("pk", "outcome__yearly_eur")
    )
    least = reference()["grouping.min_share"]
    fresh = new_lots(firm, as_of)
    return [
        replace(
            _shown(lot, one, official, _how(firm, one, yearly.get(lot.pk), lot.pk in grouped, least)),
            rank=ranks.get(lot.pk),
            new=lot.pk in fresh,
        )
        for lot, one in found
    ]


def _shown(lot: Lot, found: Found, official: Formula, how: str) -> OpenLot:
    parts = charts.score_parts(found.parts, official.weights)
    return OpenLot(lot, found.score, found.trade, parts, charts.score_sentence(parts), found.distance_km, how)


def _how(firm: Firm, found: Found, yearly: int | None, grouped: bool, least: float) -> str:
    """Alone, in a grouping already found, with others, or too large even for the smallest part of a grouping."""
    if found.solo:
        return ALONE
    if grouped:
        return GROUP
    if yearly is None:
        return UNSIZED
    return LARGE if firm.capacity_mid_eur < least * yearly else MANY


def how_label(how: str) -> str:
    return {
        ALONE: _("seule"),
        GROUP: _("en groupement proposé"),
        MANY: _("à plusieurs"),
        LARGE: _("trop grand pour elle"),
        UNSIZED: _("montant inconnu"),
    }[how]


def narrowed(lots: list[OpenLot], wanted: LotWanted, as_of: date) -> list[OpenLot]:
    """Those that pass the filters. No query."""

    def soon(lot: Lot) -> bool:
        return lot.deadline is not None and words.days_until(lot.deadline, as_of) < wanted.days

    return [
        one
        for one in lots
        if (not wanted.trade or one.trade == wanted.trade)
        and (not wanted.days or soon(one.lot))
        and (not wanted.alone or one.how == ALONE)
    ]


def trades_among(lots: list[OpenLot], labels: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """(code, label, lots), most frequent first."""
    codes = [one.trade for one in lots]
    counted = sorted(((code, codes.count(code)) for code in set(codes)), key=lambda row: (-row[1], row[0]))
    return [(code, labels.get(code, code), n) for code, n in counted]


def new_lots(firm: Firm, as_of: date) -> set[int]:
    """Lots that came within its reach, or where it came among the first, these last days. One query."""
    since = min(timezone.now(), start_of(as_of)) - timedelta(days=NEWS_DAYS)
    kinds = {MatchNews.Kind.NEW_LOT, MatchNews.Kind.ENTERED, MatchNews.Kind.SOLO}
    return {one.lot_id for one in news_since(since, firm=firm, limit=MOST) if one.kind in kinds}


def why_none(firm: Firm, as_of: date) -> str:
    """Why no open lot is in reach, and what to do. At most two queries."""
    if not firm.active:
        return _("Cette entreprise est fermée : elle n'est rapprochée d'aucun lot.")
    if not firm.trades:
        return _(
            "Aucun métier n'est connu d'elle. Qu'elle déclare les siens : elle sera classée dès le calcul suivant."
        )
    shown = public_firm(firm)
    place = firm.commune.point if shown.masked and firm.commune else firm.point
    if shown.lon is None or place is None:
        return _("Son adresse n'a pas pu être située : sans lieu, aucune distance. Vérifiez son adresse dans SIRENE.")
    same = open_lots(as_of).filter(trades__overlap=firm.trades, tender__fictitious=firm.fictitious, point__isnull=False)
    nearest = same.annotate(far=Distance("point", place)).order_by("far", "pk").first()
    if nearest is None:
        return _("Aucun lot ouvert n'est dans ses métiers en ce moment. De nouveaux avis arrivent chaque jour.")
    far = nearest.far.km * reference()["distance.road_factor"]  # type: ignore[attr-defined]
    return _(
        "Aucun lot ouvert n'est à sa portée : le plus proche dans ses métiers, « %(title)s », est à %(km)s par la "
        "route. Une zone d'intervention déclarée plus grande, ou un métier de plus, l'en approcherait."
    ) % {"title": nearest.title or nearest.tender.title, "km": words.kilometres(far)}
