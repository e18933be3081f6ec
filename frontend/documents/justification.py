"""The justification of what is left out (S3, A1): exception, reason, article and date, with the journal, on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from allotment.clause_sheet import ClauseSheet, ClauseView, LotSheet
from allotment.models import ClauseLog
from frontend import clause_view, words


@dataclass(frozen=True, slots=True)
class Left:
    """One clause left out."""

    where: str
    view: ClauseView
    last: ClauseLog | None  # who decided it, when


@dataclass(frozen=True, slots=True)
class _File:
    """What the frame of all documents asks for."""

    printed_on: date
    view: object


@dataclass(frozen=True, slots=True)
class _Fictitious:
    fictitious: bool


def page(sheet: ClauseSheet, journal: Sequence[ClauseLog], *, named: bool) -> str:
    """The HTML of the document, in the language in force. ``named``: whether members' names may be read."""
    today = timezone.localdate()
    return render_to_string(
        "documents/justification.html",
        {
            "file": _File(today, _Fictitious(sheet.need.fictitious)),
            "lang": get_language() or "fr",
            "need": sheet.need,
            "sheet": sheet,
            "said": clause_view.share_of_need(sheet),
            "left": [Left(_where(sheet, lot), view, _last(journal, lot, view)) for lot, view in sheet.off],
            "journal": list(journal),
            "named": named,
            "origins": _origins(sheet, today),
        },
    )


def _where(sheet: ClauseSheet, lot: LotSheet | None) -> str:
    if lot is None or sheet.split is None:
        return _("Marché entier")
    return _("Lot %(n)s : %(t)s") % {"n": lot.sized.lot.number, "t": lot.sized.lot.title}


def _last(journal: Sequence[ClauseLog], lot: LotSheet | None, view: ClauseView) -> ClauseLog | None:
    row = lot.sized.lot.row if lot else None
    wanted = (row.pk if row else None, view.kind)
    return next((one for one in journal if (one.lot_id, one.kind) == wanted and one.action == "off"), None)


def _origins(sheet: ClauseSheet, today: date) -> list[tuple[str, str]]:
    found = [(_("Consultation prévue"), words.day(sheet.need.launched_on))]
    sources = {name for lot in sheet.lots if lot.sized.hiring for name in lot.sized.hiring.sources}
    found += [(_("Besoins de recrutement"), name) for name in sorted(sources)]
    found.append((_("Règles"), " ; ".join(sheet.sources)))
    found.append((_("Tables de référence"), _("version %(v)s") % {"v": sheet.version}))
    found.append((_("Document établi le"), words.day(today)))
    return found
