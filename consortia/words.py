"""The French sentences of a grouping: why this team, what to watch, why it is lawful, who could replace whom.

Names are those of ``public_firm``: a sentence never says more of a firm than its page does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from consortia.domain.explain import count, money
from consortia.domain.problem import Form, Grouping
from matchmaker.domain.eligibility import r5_objections
from matchmaker.domain.notice import Reservation
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import LotTrade
from matchmaker.models import Firm, Lot
from matchmaker.queries import MASKED_NAME

if TYPE_CHECKING:
    from consortia.case import Case

_FORMS = {
    Form.CONJOINT: "conjoint : chacun répond de sa part",
    Form.CONJOINT_SOLIDAIRE: "conjoint avec mandataire solidaire",
    Form.SOLIDAIRE: "solidaire : les membres se partagent un même besoin et répondent les uns des autres",
}


def name(firm: Firm) -> str:
    """As ``public_firm`` tells it, without reading where the firm is."""
    return firm.name if firm.diffusion == Firm.Diffusion.OPEN else MASKED_NAME


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


def reasons(case: Case, grouping: Grouping, *, ess_short: bool = False) -> list[str]:
    """Why this team: coverage, proximity, mandataire, ESS, hours, and why others than ESS firms are in it."""
    problem = case.problem
    total = sum(part.candidate.capacity_eur for part in grouping.parts)
    farthest = max(part.candidate.distance_km for part in grouping.parts)
    social = sum(
        case.firms[part.candidate.id].ess == Firm.Ess.YES or part.candidate.inclusive for part in grouping.parts
    )
    lines = [
        f"Ensemble, {money(total)} de capacité libre par an (estimation) pour {money(problem.amount_eur)} à couvrir.",
        f"Tous à moins de {max(1, round(farthest))} km du lieu d'exécution.",
        f"{name(case.firms[grouping.mandataire.id])} est mandataire : la plus grande capacité libre parmi les membres "
        f"expérimentés, {_percent(grouping.parts[0].amount_eur / problem.amount_eur)} du lot.",
        f"Forme proposée : {_FORMS[grouping.form]}. L'acheteur ne peut imposer de forme qu'après "
        "l'attribution (art. R2142-22).",
    ]
    if social:
        verb = "membres sont" if social > 1 else "membre est"
        lines.append(f"{social} {verb} de l'ESS ou de l'insertion, sur {len(grouping.parts)}.")
    if ess_short and social < len(grouping.parts):
        lines.append(
            "Aucune équipe de l'ESS et de l'insertion ne couvre ce lot seule : des entreprises ordinaires s'y joignent."
        )
    lines.extend(_hours_lines(case, grouping))
    lines.extend(_jobs_lines(case, grouping))
    return lines


def _jobs_lines(case: Case, grouping: Grouping) -> list[str]:
    """Ordinary members that hire: where those who come to work by insertion may go on."""
    hiring = [(case.firms[one], case.vacancies[one]) for one in sorted(grouping.ids & case.vacancies.keys())]
    return [
        f"{name(firm)} déclare {jobs} poste{'s' * (jobs > 1)} à pourvoir : des embauches possibles à la sortie "
        "d'un parcours d'insertion."
        for firm, jobs in hiring
    ]


def _hours_lines(case: Case, grouping: Grouping) -> list[str]:
    if not case.lot.insertion_hours:
        return []
    lines = []
    if grouping.hours >= 1:
        lines.append(
            f"Sur leurs parts, les membres peuvent accueillir environ {count(float(grouping.hours))} h d'insertion "
            "par an (estimation)."
        )
    lines.extend(
        f"{name(firm)} ({round(km)} km) peut mettre à disposition jusqu'à {count(hours)} h par an, sans être membre."
        for firm, hours, km in case.suppliers[:2]
    )
    return lines


def notes(lot: Lot, needs: tuple[LotTrade, ...], tables: Reference) -> list[str]:
    """What to bear in mind about the lot itself: estimated amount, reserve, guessed trade, uncertain place."""
    lines = []
    if lot.amount_eur is None and lot.imputed_mid_eur is not None:
        lines.append(
            f"Montant non publié : estimation d'après {lot.imputed_basis}. Demandez le montant à l'acheteur avant de "
            "vous engager."
        )
    if lot.reservation == Reservation.ESS:
        lines += [f"Réserve à vérifier : {text}" for text in r5_objections(tuple(lot.cpvs), lot.duration_months)]
    guessed = [need for need in needs if need.fit < tables["cpv.match_7"]]
    if guessed:
        labels = " ; ".join(" ou ".join(tables.trades[code].label for code, _ in need.options) for need in guessed[:3])
        lines.append(f"Métier déduit d'un code CPV voisin ({labels}) : lisez le cahier des charges avant de conclure.")
    if lot.point is not None and lot.uncertainty_km >= 20:
        lines.append(
            f"Lieu connu à ± {round(lot.uncertainty_km)} km près : les rayons sont élargis d'autant. "
            "Demandez le lieu exact à l'acheteur."
        )
    return lines


def warnings(case: Case, grouping: Grouping) -> list[str]:
    """Amber signals: what to check before signing."""
    lines = []
    if case.lot.amount_eur is None:
        lines.append("Parts calculées sur un montant estimé, non publié : elles changeront avec le montant réel.")
    for part in grouping.parts:
        firm = case.firms[part.candidate.id]
        if case.problem.able_alone(part.candidate):
            lines.append(f"{name(firm)} pourrait répondre seule : motivez l'intérêt du groupement (C1).")
        if firm.trade_source in (Firm.TradeSource.NAME, Firm.TradeSource.KIND):
            basis = "son nom" if firm.trade_source == Firm.TradeSource.NAME else "son type"
            lines.append(f"Métier de {name(firm)} présumé d'après {basis} : à confirmer avec elle.")
        if part.amount_eur > firm.capacity_low_eur:
            lines.append(
                f"La part de {name(firm)} dépasse son estimation basse ({money(firm.capacity_low_eur)} par an)."
            )
    leader = case.firms[grouping.mandataire.id]
    if leader.experience is None:
        lines.append(f"Expérience de {name(leader)} comme mandataire présumée d'après sa taille : à vérifier.")
    if case.lot.tender.exclusive_grouping:
        lines.append(
            "Le règlement n'admet qu'une candidature par entreprise : ces groupements s'excluent dès qu'ils ont un "
            "membre en commun (art. R2142-21)."
        )
    elif case.lot.tender.exclusive_grouping is None:
        lines.append("Vérifiez au règlement si plusieurs candidatures d'une même entreprise sont permises (R2142-21).")
    return lines


def justification(case: Case, grouping: Grouping) -> str:
    """Note on the technical or economic need of the grouping (rule C1; L420-1 c. com.)."""
    problem = case.problem
    alone = [part for part in grouping.parts if problem.able_alone(part.candidate)]
    largest = max(part.candidate.capacity_eur for part in grouping.parts)
    trades = len(problem.needs)
    need = (
        f"la plus grande capacité libre d'un membre est de {money(largest)} par an pour "
        f"{money(problem.amount_eur)} à exécuter"
        if not alone
        else "un seul membre pourrait répondre seul ; les autres apportent une capacité ou un métier complémentaire"
    )
    several = f" et le lot réunit {trades} métiers" if trades > 1 else ""
    return (
        f"Groupement justifié par un besoin économique : {need}{several}. Il réunit {len(grouping.parts)} entreprises "
        f"sur {problem.supply} identifiées à portée : la concurrence reste ouverte. Capacités estimées."
    )
