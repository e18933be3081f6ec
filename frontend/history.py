"""What changed in a notice since it was published, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from frontend.words import day, euros, hour_of
from matchmaker.models import Lot

LABELS = {
    "title": gettext_lazy("Intitulé"),
    "start": gettext_lazy("Début"),
    "duration_months": gettext_lazy("Durée en mois"),
    "cpvs": gettext_lazy("Codes CPV"),
    "places": gettext_lazy("Lieu d'exécution"),
    "reservation": gettext_lazy("Réservation"),
    "documents_url": gettext_lazy("Adresse des documents"),
    "max_lots_bid": gettext_lazy("Lots auxquels on peut répondre"),
    "max_lots_won": gettext_lazy("Lots qu'on peut remporter"),
}


@dataclass(frozen=True, slots=True)
class Line:
    on: date | None
    sentence: str


def history_of(lot: Lot) -> list[Line]:
    """Of the lot and of what concerns all lots, oldest first. No query when its tender was fetched."""
    entries = (entry for entry in lot.tender.history if entry["lot"] in ("", lot.number))
    return [Line(_date(entry["on"]), sentence) for entry in entries for sentence in _told(entry)]


def _told(entry: Mapping[str, str]) -> Iterator[str]:
    old, new = entry["old"], entry["new"]
    match entry["field"]:
        case "deadline":
            yield _deadline(old, new)
        case "amount_eur":
            yield _amount(old, new)
        case "lot":
            yield _("Lot ajouté.") if new else _("Lot retiré.")
        case "":
            yield _("Correction publiée : %(words)s") % {"words": new}
        case field:
            label = LABELS.get(field, field)
            yield _("%(label)s : « %(old)s » devient « %(new)s ».") % {"label": label, "old": old, "new": new}


def _deadline(old: str, new: str) -> str:
    before, after = _moment(old), _moment(new)
    if after is None:
        return _("Date limite retirée.")
    if before is None:
        return _("Date limite fixée au %(new)s.") % {"new": _when(after)}
    blanks = {"old": _when(before), "new": _when(after)}
    if after < before:
        return _("Date limite avancée du %(old)s au %(new)s.") % blanks
    return _("Date limite reportée du %(old)s au %(new)s.") % blanks


def _amount(old: str, new: str) -> str:
    if not new:
        return _("Montant retiré.")
    if not old:
        return _("Montant publié : %(new)s.") % {"new": euros(int(new))}
    return _("Montant passé de %(old)s à %(new)s.") % {"old": euros(int(old)), "new": euros(int(new))}


def _when(moment: datetime) -> str:
    return f"{day(timezone.localtime(moment).date())}, {hour_of(moment)}"


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
