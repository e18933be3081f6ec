"""The archive of a consultation: only what is public, so that it can be filed and given to anybody."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language

from allotment import consult_queries as reads
from allotment.domain.consultation import phase
from allotment.models import Consultation, Contribution


def page(found: Consultation) -> str:
    """The HTML, in the language in force. About ten queries."""
    now, shown = timezone.now(), reads.lots(found)
    reasons = dict(Contribution.Reason.choices)
    aggregates = reads.aggregates(found, now)
    threads = reads.threads(found)
    context = {
        "lang": get_language() or "fr",
        "printed_on": timezone.localdate(),
        "need": found.need,
        "fictitious": found.need.fictitious,
        "consultation": found,
        "phase": phase(found.window, now).value,
        "trades": reads.trades_of(found.need),
        "communes": list(found.need.places.order_by("commune__name").values_list("commune__name", flat=True)),
        "lots": [(lot, reads.lot_label(lot), aggregates.get(lot.pk)) for lot in shown],
        "whole": aggregates.get(None),
        "words": reads.buyer_words(found)[::-1],
        "threads": threads,
        "published": sum((thread.first is not None) + len(thread.replies) for thread in threads),
        "refused": [(reasons[code], n) for code, n in reads.refused_by_reason(found).most_common()],
    }
    return render_to_string("documents/consultation.html", context)
