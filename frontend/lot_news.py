"""What is new in a lot's ranking, in one sentence: who entered the best placed, left them, can now answer alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from frontend.words import day, joined
from matchmaker.models import Lot, Match, MatchNews
from matchmaker.news import news_since
from matchmaker.queries import public_firm
from matchmaker.reference import reference

NAMED = 3  # firms named in each part of the sentence
KINDS = (MatchNews.Kind.ENTERED, MatchNews.Kind.LEFT, MatchNews.Kind.SOLO)


def news_of(lot: Lot, ranked: Iterable[Match]) -> str:
    """The sentence, "" when nothing is new. Only what is still true by the ranking shown is said, of each firm once.

    One query, two when there is news. No firm of partial diffusion is ever named (``matchmaker.news``).
    """
    told = [row for row in news_since(None, lot_id=lot.pk, limit=1_000) if row.kind in KINDS]
    if not told:
        return ""
    best = reference().integer("news.best")
    places = {match.firm_id: match for match in ranked}
    before = {row.firm_id: row for row in reversed(told)}  # the first word on each firm tells how it stood
    still = [row for row in told if _still(row, before[row.firm_id], places.get(row.firm_id), best)]
    parts = list(_parts(still, best))
    since = timezone.localdate(min((row.at for row in still), default=told[0].at))
    return _("Depuis le %(d)s : %(parts)s.") % {"d": day(since), "parts": " ; ".join(parts)} if parts else ""


def _still(row: MatchNews, first: MatchNews, now: Match | None, best: int) -> bool:
    among = now is not None and now.rank <= best
    match row.kind:
        case MatchNews.Kind.ENTERED:
            return among and first.kind != MatchNews.Kind.LEFT  # else it was there before
        case MatchNews.Kind.LEFT:
            return not among and first.kind != MatchNews.Kind.ENTERED
        case _:
            return now is not None and now.solo


def _parts(rows: Sequence[MatchNews], best: int) -> Iterator[str]:
    for kind in KINDS:
        names = list({row.firm_id: public_firm(row.firm).name for row in rows if row.kind == kind}.values())
        if names:
            yield _said(kind, len(names)) % {"names": _some(names), "best": best}


def _said(kind: str, count: int) -> str:
    match kind:
        case MatchNews.Kind.ENTERED:
            return ngettext(
                "%(names)s est entrée dans les %(best)d premières",
                "%(names)s sont entrées dans les %(best)d premières",
                count,
            )
        case MatchNews.Kind.LEFT:
            return ngettext(
                "%(names)s est sortie des %(best)d premières", "%(names)s sont sorties des %(best)d premières", count
            )
        case _:
            return ngettext(
                "%(names)s peut désormais répondre seule", "%(names)s peuvent désormais répondre seules", count
            )


def _some(names: list[str]) -> str:
    others = len(names) - NAMED
    if others < 1:
        return joined(names)
    return joined([*names[:NAMED], ngettext("%(n)d autre", "%(n)d autres", others) % {"n": others}])
