"""What award notices say was won, written as awards beside those of DECP; idempotent, tied to their tender."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from matchmaker.domain.award import add_months
from matchmaker.domain.insertion import yearly
from matchmaker.domain.notice import AwardOutcome, LotAward
from matchmaker.domain.procedure import Procedure, Result
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import trades_of_cpv
from matchmaker.models import Award, AwardHolder, Firm, Lot, RawDocument, Tender


def write_results(tender: Tender, procedure: Procedure, raw: RawDocument, reference: Reference) -> None:
    """Make the awards of a tender those of its procedure. Contracts without a known winner make none."""
    won = [r for r in procedure.results if r.award.outcome is AwardOutcome.AWARDED and r.award.winners]
    wanted = {(result.source, _uid(result)): result for result in won}
    uids = [uid for _, uid in wanted]
    known = {(row.source, row.uid): row for row in Award.objects.exclude(source="decp").filter(uid__in=uids)}
    lots = {lot.number: lot for lot in tender.lots.all()}
    for key, result in wanted.items():
        _write(known.get(key) or Award(source=key[0], uid=key[1]), tender, result, lots, raw, reference)
    tender.awards.exclude(source="decp").exclude(uid__in=uids).delete()


def _uid(result: Result) -> str:
    """The award's place in its notice."""
    return f"{result.notice_id}#{result.position + 1}"[:150]


def _write(
    row: Award, tender: Tender, result: Result, lots: Mapping[str, Lot], raw: RawDocument, reference: Reference
) -> None:
    award = result.award
    lot = lots.get(award.lot_ids[0]) if award.lot_ids else None
    lot = lot or (next(iter(lots.values())) if len(lots) == 1 else None)
    record_hash = _fingerprint(tender, result, lot)
    if row.record_hash == record_hash and row.tender_id == tender.pk:
        return
    months = lot.duration_months if lot else None
    row.tender, row.buyer, row.raw, row.fictitious = tender, tender.buyer, raw, tender.fictitious
    row.lot_number = ", ".join(award.lot_ids)[:50]
    row.title = award.title or (lot.title if lot else "") or tender.title
    row.cpv = lot.cpvs[0] if lot and lot.cpvs else ""
    row.trades = _trades(row.cpv, reference)
    row.procedure = tender.procedure[:80]
    row.place_label, row.uncertainty_km = (lot.place_label, lot.uncertainty_km) if lot else ("", 0.0)
    row.point, row.departement_id = (lot.point, lot.departement_id) if lot else (None, None)
    row.notified_on, row.published_on = award.awarded_on, result.published_on
    row.duration_months = months
    row.ends_on = add_months(award.awarded_on, months) if award.awarded_on and months else None
    row.amount_eur = row.initial_eur = award.amount_eur
    row.annual_eur = round(yearly(award.amount_eur, months)) if award.amount_eur and months else None
    row.offers = award.offers
    row.grouping = _grouping(award)
    row.social = [code[:60] for code in lot.social] if lot else []
    row.green = [code[:60] for code in lot.green] if lot else []
    row.record_hash = record_hash
    row.save()
    _write_holders(row, award)


def _write_holders(row: Award, award: LotAward) -> None:
    sirets = [winner.national_id for winner in award.winners if winner.national_id]
    firms = dict(Firm.objects.filter(siret__in=sirets, fictitious=row.fictitious).values_list("siret", "pk"))
    part = row.annual_eur // len(award.winners) if row.annual_eur else None
    row.holders.all().delete()
    AwardHolder.objects.bulk_create(
        AwardHolder(
            award=row,
            position=position,
            id_type="SIRET" if winner.national_id else "",
            identifier=winner.national_id[:40],
            siret=winner.national_id[:14],
            siren=winner.national_id[:9],
            name=winner.name[:300],
            city=winner.place.city[:120],
            firm_id=firms.get(winner.national_id),
            annual_eur=part,
        )
        for position, winner in enumerate(award.winners, start=1)
    )


def _grouping(award: LotAward) -> Award.Grouping:
    if award.group:
        return Award.Grouping.GROUP
    return Award.Grouping.NONE if len(award.winners) == 1 else Award.Grouping.MULTI


def _trades(cpv: str, reference: Reference) -> list[str]:
    if not cpv:
        return []
    return [code for code, fit in trades_of_cpv(cpv, reference).items() if fit >= reference["cpv.match_4"]]


def _fingerprint(tender: Tender, result: Result, lot: Lot | None) -> str:
    told = [
        result,
        tender.buyer.key,
        tender.title,
        tender.procedure,
        tender.fictitious,
        lot and [lot.title, lot.cpvs, lot.duration_months, lot.social, lot.green, lot.place_label, lot.uncertainty_km],
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()
