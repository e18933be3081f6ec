"""The law of groupings, one function a rule, independent of any solver.

Every proposal passes :func:`violations` before it is stored. Each rule takes the problem and the
grouping and yields sentences in French; silence means lawful. Rule names are those of the domain
guide, section 1.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from consortia.domain.problem import Form, Grouping, Problem

Rule = Callable[[Problem, Grouping], Iterator[str]]


def g1_form(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """G1: the form is one of the three the code knows (articles R2142-20 and R2142-24)."""
    if grouping.form not in tuple(Form):
        yield f"G1 : forme de groupement inconnue « {grouping.form} »."


def g2_size(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """A grouping has at least two members, each once, and no more than the problem allows."""
    if not 2 <= len(grouping.parts) <= problem.max_members:
        yield f"Un groupement compte de 2 à {problem.max_members} membres, pas {len(grouping.parts)}."
    if len(grouping.ids) != len(grouping.parts):
        yield "Une entreprise figure deux fois dans le groupement."


def g3_exclusive(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """G3: where the documents forbid it, nobody is candidate twice (article R2142-21)."""
    if problem.exclusive:
        for part in grouping.parts:
            if part.candidate.committed:
                yield f"G3 : l'entreprise {part.candidate.id} est déjà engagée sur ce marché."


def g4_one_mandataire(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """G4: mandataire of one grouping only per contract (article R2142-23)."""
    if grouping.mandataire.committed_mandataire:
        yield f"G4 : l'entreprise {grouping.mandataire.id} est déjà mandataire d'un autre groupement."


def g5_capacity_as_a_whole(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """G5: turnover is assessed for the grouping as a whole (article R2142-25)."""
    turnover = sum(part.candidate.turnover_eur for part in grouping.parts)
    if turnover < problem.turnover_required:
        yield f"G5 : {turnover} € de chiffre d'affaires réunis pour {problem.turnover_required} € exigés."


def r_eligible(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """R1 to R6: on a reserved lot every member is eligible (articles L2113-12 to L2113-16)."""
    for part in grouping.parts:
        if not part.candidate.eligible:
            rule = "R6" if problem.reserved else "R1-R5"
            yield f"{rule} : l'entreprise {part.candidate.id} n'est pas éligible à ce lot."


def delivery_mode(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """Mise à disposition supplies hours and is never a producer (domain guide, section 3)."""
    for part in grouping.parts:
        if not part.candidate.producer:
            yield f"L'entreprise {part.candidate.id} met du personnel à disposition : elle ne produit pas."


def c1_competition(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """C1: at most one member able alone, at most half of the identified supply (L420-1 c. com., 22-D-04)."""
    alone = [part.candidate.id for part in grouping.parts if problem.able_alone(part.candidate)]
    if len(alone) >= 2:
        yield f"C1 : {len(alone)} membres pourraient répondre seuls, le groupement n'est pas nécessaire."
    if 1000 * len(grouping.parts) > problem.supply_permille * problem.supply:
        yield (
            f"C1 : {len(grouping.parts)} membres pour {problem.supply} entreprises identifiées, "
            f"plus de {problem.supply_permille / 10:g} % de l'offre."
        )


def shares(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """Each part is within the member's free capacity and above the minimal share; parts sum to the lot."""
    least = problem.lower_bound_eur(mandataire=False)
    for part in grouping.parts:
        if part.amount_eur > part.candidate.capacity_eur:
            yield (
                f"L'entreprise {part.candidate.id} reçoit {part.amount_eur} € "
                f"pour {part.candidate.capacity_eur} € de capacité libre."
            )
        if part.amount_eur < least or any(amount < 0 for _, amount in part.by_trade):
            yield f"L'entreprise {part.candidate.id} reçoit moins que la part minimale ({least} €)."


def aci_ceiling(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """A part stays within what the law leaves the firm to sell (ACI, article D5132-34 du code du travail)."""
    for part in grouping.parts:
        ceiling = part.candidate.ceiling_eur
        if ceiling is not None and part.amount_eur > ceiling:
            yield (
                f"L'entreprise {part.candidate.id} reçoit {part.amount_eur} € ; le plafond de ventes des ateliers et "
                f"chantiers d'insertion lui en laisse {ceiling} (art. D5132-34)."
            )


def trade_caps(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """What a member does of one trade stays within what it can do of that trade."""
    for part in grouping.parts:
        caps = dict(part.candidate.caps)
        for trade, amount in part.by_trade:
            if amount > caps.get(trade, amount):
                yield (
                    f"L'entreprise {part.candidate.id} reçoit {amount} € du métier {trade} "
                    f"et n'en fait que {caps[trade]} € par an."
                )


def trades_covered(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """Every need is covered exactly, by members who do the trade."""
    for need in problem.needs:
        given = 0
        for part in grouping.parts:
            amount = sum(value for trade, value in part.by_trade if trade == need.trade)
            given += amount
            if amount and need.trade not in part.candidate.needs:
                yield f"L'entreprise {part.candidate.id} ne fait pas le métier {need.trade}."
        if given != need.amount_eur:
            yield f"Métier {need.trade} : {given} € répartis pour {need.amount_eur} € à couvrir."
    known = {need.trade for need in problem.needs}
    for part in grouping.parts:
        if any(trade not in known for trade, _ in part.by_trade):
            yield f"L'entreprise {part.candidate.id} reçoit une part d'un métier étranger au lot."


def mandataire(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """The mandataire is experienced and takes at least a quarter (domain guide, section 4)."""
    if not grouping.mandataire.experienced:
        yield f"Le mandataire {grouping.mandataire.id} n'a pas d'expérience connue."
    if grouping.parts[0].amount_eur < problem.lower_bound_eur(mandataire=True):
        yield f"Le mandataire prend moins de {problem.mandataire_permille / 10:g} % du lot."


def within_reach(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """Every member can reach the place: distance within one and a half radius (domain guide, section 5)."""
    for part in grouping.parts:
        if part.candidate.distance_km >= 1.5 * part.candidate.radius_km:
            yield f"L'entreprise {part.candidate.id} est hors de portée ({part.candidate.distance_km:.0f} km)."


def insertion_hours(problem: Problem, grouping: Grouping) -> Iterator[str]:
    """The members host, each on its own part, the insertion hours the documents ask for, a year."""
    if grouping.hours < problem.hours_required:
        yield f"{int(grouping.hours)} h d'insertion possibles pour {problem.hours_required} h demandées par an."


RULES: tuple[Rule, ...] = (
    g1_form,
    g2_size,
    g3_exclusive,
    g4_one_mandataire,
    g5_capacity_as_a_whole,
    r_eligible,
    delivery_mode,
    c1_competition,
    shares,
    aci_ceiling,
    trade_caps,
    trades_covered,
    mandataire,
    within_reach,
    insertion_hours,
)


def violations(problem: Problem, grouping: Grouping) -> tuple[str, ...]:
    """All broken rules, in words; () means the grouping is lawful and covers the lot."""
    return tuple(sentence for rule in RULES for sentence in rule(problem, grouping))
