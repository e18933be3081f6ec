"""Sub-contracting proposed where no lawful grouping of eligible firms covers a reserved lot."""

from __future__ import annotations

from dataclasses import replace

from consortia.case import READ, Case, as_reached, candidate_of, weights_of
from consortia.domain.explain import money
from consortia.domain.problem import Part
from consortia.domain.subcontract import Alternative, alternative
from consortia.words import name
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import LotQuery
from matchmaker.models import Firm

TRIED = 60  # nearest in the ranking: the cheapest of them is proposed
Stored = dict[str, object]


def subcontract_of(case: Case, index: FirmIndex) -> Stored:
    """What ``Outcome.subcontract`` keeps: text, share, parts; {} where the lot is open to all or nothing would do.

    One query more than the case, and none where the lot is not reserved.
    """
    query = case.query
    if query.reservation is Reservation.NONE:
        return {}
    eligible = {found.id for found in case.answer.top}
    answer = index.ask(replace(query, reservation=Reservation.NONE), case.tables.integer("grouping.max_candidates"))
    others = [found for found in answer.top if found.id not in eligible][:TRIED]
    known = Firm.objects.only(*READ).in_bulk([one.id for one in others])
    firms = {**case.firms, **known}
    weights, fit = weights_of(case.tables), case.tables["grouping.min_trade_fit"]
    ordinary = [
        replace(
            candidate_of(as_reached(found, firms[found.id], query, case.tables), firms[found.id], case.tables, weights),
            eligible=False,
        )
        for found in others
        if found.id in known and found.parts.trade >= fit and _barred(firms[found.id], query)
    ]
    share = round(1000 * case.tables["grouping.subcontract_share"])
    found = alternative(case.problem, ordinary, share)
    return _stored(replace(case, firms=firms), found) if found else {}


def _barred(firm: Firm, query: LotQuery) -> bool:
    return not query.admits(firm.inclusive_kind, firm.ess)


def _stored(case: Case, found: Alternative) -> Stored:
    return {
        "text": _sentence(case, found),
        "share": round(found.given_eur / case.problem.amount_eur, 3),
        "members": [_part(case, part) | {"mandataire": place == 0} for place, part in enumerate(found.holders)],
        "subcontractors": [_part(case, found.subcontractor)],
    }


def _part(case: Case, part: Part) -> Stored:
    return {
        "siret": case.firms[part.candidate.id].siret,
        "amount_eur": part.amount_eur,
        "share": round(part.amount_eur / case.problem.amount_eur, 3),
        "by_trade": dict(part.by_trade),
        "km": round(part.candidate.distance_km, 1),
    }


def _sentence(case: Case, found: Alternative) -> str:
    holders = [name(case.firms[part.candidate.id]) for part in found.holders]
    who = f"{', '.join(holders[:-1])} et {holders[-1]} peuvent" if len(holders) > 1 else f"{holders[0]} peut"
    works = name(case.firms[found.subcontractor.candidate.id])
    share = max(1, round(100 * found.given_eur / case.problem.amount_eur))
    return (
        f"Aucun groupement de structures éligibles ne couvre ce lot réservé, mais {who} y répondre en sous-traitant "
        f"environ {share} % à {works} ({money(found.given_eur)} par an, estimation). Une entreprise ordinaire n'y est "
        "jamais membre (règle R6) : elle est déclarée par un DC4, que l'acheteur accepte (son silence vaut acceptation "
        "après 21 jours), et sous-traiter la totalité est interdit (art. L2193-3)."
    )
