"""The sourcing report: what the buyer learnt of the local supply, to put in the file of the contract.

No firm is named but those whose identity is public, and only as the open registers know them: no masked firm (rule
D1), nothing a firm told in private.
"""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from allotment.domain.need import Need as DomainNeed
from allotment.models import Need
from consortia.documents import Origin, data_origins
from frontend import words
from frontend.need_supply import main_trade, overview
from geo.queries import gazetteer
from matchmaker.queries import labels
from matchmaker.reference import reference

NAMED = 25  # firms of the list


def report_page(need: Need, asked: DomainNeed) -> str:
    """The HTML of the report, in the language in force. The same day, supply and need give the same page."""
    today, names = timezone.localdate(), labels("trade")
    known = gazetteer().communes
    found = overview(asked, main_trade(asked), fictitious=need.fictitious)
    return render_to_string(
        "documents/sourcing.html",
        found
        | {
            "need": need,
            "lang": get_language() or "fr",
            "printed_on": today,
            "fictitious": need.fictitious,
            "total_eur": asked.amount_eur,
            "needs": [(names.get(one.trade, one.trade), one) for one in asked.trades],
            "communes": words.joined([known[place.commune].name for place in asked.places]),
            "n_places": len(asked.places),
            "listed": [row for row in found["listed"] if not row.firm.masked][:NAMED],
            "origins": [
                *((origin.title, ", ".join(filter(None, _told(origin)))) for origin in data_origins()),
                (_("Tables de référence"), _("version %(v)s") % {"v": reference().version[:12]}),
                (_("Document établi le"), words.day(today)),
            ],
        },
    )


def _told(origin: Origin) -> tuple[str, str, str]:
    said = _("données du %(d)s") % {"d": words.day(origin.day)} if origin.day else ""
    return origin.producer, said, origin.licence
