"""Claim: each format gives the fields that matching needs. Share of lots with each field, by format, over given files.

Run by ``./run bench coverage``, over the real notices beside the repository, or
``./run exec python -m benchmarks.coverage FILE...`` over files of one's own.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from matchmaker.domain.notice import LotAward, Notice, NoticeKind, NoticeLot, Reservation
from matchmaker.sources.files import Unreadable, iter_documents
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import NoticeError

REAL = Path(__file__).parents[2] / "shared" / "data" / "notices"

LOT: dict[str, Callable[[Notice, NoticeLot], object]] = {
    "CPV": lambda _, lot: lot.cpvs,
    "lieu": lambda _, lot: lot.places,
    "commune ou code postal": lambda _, lot: any(place.city or place.postcode for place in lot.places),
    "montant": lambda _, lot: lot.amount_eur,
    "montant, même partagé": lambda _, lot: lot.amount_eur or lot.amount_shared,
    "durée": lambda _, lot: lot.duration_months,
    "date limite": lambda _, lot: lot.deadline,
    "réservation": lambda _, lot: lot.reservation is not Reservation.NONE,
    "clause sociale": lambda _, lot: lot.social,
    "clause verte": lambda _, lot: lot.green,
    "heures d'insertion": lambda _, lot: lot.insertion_hours,
    "adapté aux PME": lambda _, lot: lot.sme_suitable is not None,
    "documents": lambda _, lot: lot.documents_url,
    "limites de lots": lambda notice, _: notice.max_lots_bid or notice.max_lots_won,
    "groupement exclusif dit": lambda notice, _: notice.exclusive_grouping is not None,
    "SIRET de l'acheteur": lambda notice, _: notice.buyer.national_id,
}
AWARD: dict[str, Callable[[LotAward], object]] = {
    "lot attribué": lambda award: award.lot_ids,
    "titulaire": lambda award: award.winners,
    "SIRET du titulaire": lambda award: any(winner.national_id for winner in award.winners),
    "ville du titulaire": lambda award: any(winner.place.city for winner in award.winners),
    "groupement": lambda award: award.group,
    "montant attribué": lambda award: award.amount_eur,
    "date d'attribution": lambda award: award.awarded_on,
    "offres reçues": lambda award: award.offers is not None,
}


def main(paths: Iterable[Path]) -> None:
    """Print what was read and refused, then the two tables."""
    notices: defaultdict[str, list[Notice]] = defaultdict(list)
    refused: Counter[str] = Counter()
    for found in iter_documents(paths):
        if isinstance(found, Unreadable):
            refused[found.reason_code] += 1
            continue
        try:
            notice = parse_notice(found)
        except NoticeError as error:
            refused[error.reason_code] += 1
        else:
            notices[notice.source].append(notice)
    print(f"{sum(map(len, notices.values()))} avis lus, {sum(refused.values())} refusés {dict(refused) or ''}")
    calls = {
        f"{source} ({len(held)} avis)": [(n, lot) for n in held if n.kind is NoticeKind.CONTRACT for lot in n.lots]
        for source, held in sorted(notices.items())
    }
    awards = {source: [award for n in held for award in n.awards] for source, held in sorted(notices.items())}
    _show("Lots auxquels on peut répondre", calls, {name: _pair(told) for name, told in LOT.items()})
    _show("Attributions", awards, AWARD)


def _pair(told: Callable[[Notice, NoticeLot], object]) -> Callable[[tuple[Notice, NoticeLot]], object]:
    return lambda pair: told(*pair)


def _show[T](title: str, rows: dict[str, list[T]], fields: dict[str, Callable[[T], object]]) -> None:
    """One column a format, one line a field."""
    print(f"\n{title}\n{'':26}" + "".join(f"{name:>20}" for name in rows))
    print(f"{'nombre':26}" + "".join(f"{len(held):>20}" for held in rows.values()))
    for name, told in fields.items():
        shares = (f"{sum(bool(told(row)) for row in held) / len(held):.0%}" if held else "-" for held in rows.values())
        print(f"{name:26}" + "".join(f"{share:>20}" for share in shares))


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    main(given or [path for path in sorted(REAL.iterdir()) if "csv" not in path.name])
