"""What a backtest found, as Markdown in French: figures first, then how, then what so small a set cannot show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isinf

from matchmaker.domain.backtest.decay import Decay
from matchmaker.domain.backtest.metrics import HR_AT, MRR_AT, Reliability
from matchmaker.domain.backtest.partners import PartnersOutcome
from matchmaker.domain.backtest.summary import Score, signed, told
from matchmaker.domain.backtest.walk import Outcome, Plan
from matchmaker.domain.score import Formula

PART_NAMES: Mapping[str, str] = {
    "trade": "métier",
    "text": "mots",
    "distance": "distance",
    "capacity": "capacité",
    "evidence": "références",
    "ess": "ESS",
}
LIMITS = (
    "Un marché dont le titulaire n'est pas dans la base n'est pas éprouvé : les entreprises connues sont surtout des "
    "titulaires passés, et la base est bien plus petite que l'offre réelle.",
    "Les offres des perdants ne sont pas publiées : « n'a pas gagné » ne veut dire ni « n'a pas répondu » ni « ne "
    "convenait pas ». HR@k et MRR@k sont donc des minorants.",
    "Les fiches des entreprises (métier, taille, adresse) sont celles du jour de l'import, pas du jour du marché.",
    "Le montant connu est celui du marché attribué, pas l'estimation de l'avis.",
    "Les mots ne sont pas éprouvés : les titulaires importés sans nom n'en ont pas.",
    "Qui a gagné hier n'est pas qui l'acheteur devrait chercher demain : les points ESS sont un choix, jamais appris.",
)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is told. ``decision`` and ``radius_decision`` are sentences."""

    made_on: date
    data: str
    formula: Formula
    plan: Plan
    firms: int
    awards: int
    cases: int
    left_out: Mapping[str, int]
    outcome: Outcome
    scores: Sequence[Score]
    wide: Outcome | None
    wide_scores: Sequence[Score]
    decays: Sequence[Decay]
    radii: Mapping[str, float]
    partners: PartnersOutcome
    partner_scores: Sequence[Score]
    decision: str
    radius_decision: str
    divisions: Mapping[int, tuple[tuple[str, int], ...]]  # by fold: CPV divisions of the contracts tried

    @property
    def covered(self) -> int:
        return self.outcome.winners - sum(self.outcome.uncovered.values())

    @property
    def coverage(self) -> float:
        return self.covered / max(1, self.outcome.winners)


def markdown(found: Findings, charts: Sequence[str]) -> str:
    """The whole report; ``charts`` are names of files beside it."""
    parts = [
        f"# Classement éprouvé sur {found.data}",
        _first(found),
        "".join(f"![{name}]({name})\n" for name in charts),
        "## Couverture",
        _coverage(found),
        "## Classements, mêmes candidats",
        f"{_tested(found.outcome)} Intervalles à 95 % par tirage d'acheteurs ; gain apparié sur la formule en vigueur.",
        ranking_table(found.scores),
        "### Entreprises sans référence connue, et ESS",
        _newcomers(found.scores, found.outcome),
        "## Périodes",
        _folds(found),
        "## Chances annoncées et constatées",
        _calibration(found.outcome.reliability),
        "## Poids appris",
        _weights(found),
        found.decision,
    ]
    if found.wide is not None:
        parts += ["## Toute la base pour candidats", _wide(found), ranking_table(found.wide_scores)]
    parts += [
        "## Chute avec la distance",
        _decays(found),
        found.radius_decision,
        "## Un cotitulaire caché",
        _partners(found),
        ranking_table(found.partner_scores),
        "## Ce que ces données ne montrent pas",
        "\n".join(f"- {sentence}" for sentence in LIMITS),
        _how(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def ranking_table(scores: Sequence[Score]) -> str:
    if not scores:
        return "Trop peu de marchés pour mesurer quoi que ce soit."
    head = ["Classement", *(f"HR@{k}" for k in HR_AT), *(f"MRR@{k}" for k in MRR_AT), "gain MRR@20", "gain HR@10"]
    rows = [
        [
            one.label,
            *(told(one.hr[k]) for k in HR_AT),
            *(told(one.mrr[k]) for k in MRR_AT),
            signed(one.gain),
            signed(one.hr_gain),
        ]
        for one in scores
    ]
    return table(head, rows)


def _first(found: Findings) -> str:
    formula = next((one for one in found.scores if one.key == "formula"), None)
    if formula is None:
        return "Aucun marché n'a pu être éprouvé : il en faut de datés, situés, au titulaire connu de la base."
    return (
        f"Le titulaire est parmi les 10 premières pour {told(formula.hr[10])} des attributions éprouvées, parmi les 20 "
        f"pour {told(formula.hr[20])} ; MRR@20 {told(formula.mrr[20])} (formule v{found.formula.version}, "
        f"le {found.made_on:%d/%m/%Y}, {found.firms} entreprises situées)."
    )


def _coverage(found: Findings) -> str:
    rows = [[words, str(n)] for words, n in found.left_out.items()]
    lost = [[words, str(n)] for words, n in found.outcome.uncovered.most_common()]
    winners = max(1, found.outcome.winners)
    told_share = f"{100 * found.coverage:.1f} %".replace(".", ",")
    return (
        f"{found.awards} marchés en base, {found.cases} datés avec un titulaire connu et situé. Sur "
        f"{found.outcome.winners} titulaires de marchés situés avec un code CPV, {found.covered} ({told_share}) "
        f"sont du métier et à portée (ESS et insertion : {found.outcome.social['covered']} sur "
        f"{found.outcome.social['winners']}). Les {winners - found.covered} autres :\n\n"
        + table(["Pourquoi pas", "titulaires"], lost)
        + "\n\n"
        + table(["Marchés laissés de côté", "nombre"], rows)
    )


def _tested(outcome: Outcome) -> str:
    contracts = {one.case for one in outcome.tested}
    mean = sum(one.candidates for one in outcome.tested) / max(1, len(outcome.tested))
    return f"{len(contracts)} marchés, {len(outcome.tested)} titulaires, {mean:.0f} candidats en moyenne."


def _newcomers(scores: Sequence[Score], outcome: Outcome) -> str:
    n = sum(one.newcomer for one in outcome.tested)
    social = sum(one.social for one in outcome.tested)
    there = sum(outcome.newcomers) / max(1, len(outcome.newcomers))
    rows = [
        [
            one.label,
            told(one.newcomers),
            "–" if one.newcomer_gain is None else signed(one.newcomer_gain),
            told(one.social),
            told(one.exposure),
            "–" if one.exposure_gain is None else signed(one.exposure_gain),
        ]
        for one in scores
    ]
    head = ["Classement", "HR@20 sans référence", "gain", "HR@20 ESS", "sans référence parmi les 20", "écart"]
    share = f"{100 * there:.0f} %"
    return (
        f"{n} titulaires n'avaient encore rien gagné de connu, {social} sont de l'ESS ou de l'insertion ; {share} des "
        f"candidats n'ont rien gagné de connu.\n\n" + table(head, rows)
    )


def _folds(found: Findings) -> str:
    rows = []
    for fold, (first, last) in enumerate(found.outcome.days):
        mine = [one for one in found.outcome.tested if one.fold == fold]
        divisions = ", ".join(f"{division} ({n})" for division, n in found.divisions.get(fold, ()))
        days = [f"{date.fromordinal(day):%d/%m/%Y}" for day in (first, last)]
        rows.append([*days, str(len({one.case for one in mine})), divisions])
    return table(["Du", "au", "marchés", "divisions CPV"], rows) if rows else ""


def _calibration(found: Mapping[str, Reliability]) -> str:
    rows = []
    for key, one in found.items():
        won, said = one.won.sum(), one.said.sum()
        rows.append(
            [key, f"{said:.0f}", f"{won:.0f}", f"{100 * one.error:.0f} %", f"{one.brier:.6f}".replace(".", ",")]
        )
    head = ["Classement", "attributions annoncées", "constatées", "écart relatif moyen", "Brier"]
    return table(head, rows) if rows else "Aucune courbe : trop peu d'attributions avant les périodes éprouvées."


def _weights(found: Findings) -> str:
    new = found.outcome.final
    if new is None:
        return "Trop peu d'attributions à portée pour apprendre."
    folds = found.outcome.fold_formulas
    rows = [
        [
            PART_NAMES[part],
            f"{old:g}".replace(".", ","),
            f"{new.weights[part]:.2f}".replace(".", ","),
            "tenu fixe" if part in found.outcome.held else " ; ".join(f"{one.weights[part]:.1f}" for one in folds),
        ]
        for part, old in found.formula.weights.items()
    ]
    curve = " ".join(f"{value:.2f}" for value in new.decay.values)
    return (
        table(["Part", "en vigueur", "apprise sur tout", "par période"], rows)
        + f"\n\nCourbe de distance apprise (par huitième de rayon) : {curve}. Références pleines à {new.wins_full} "
        f"marchés, dont {new.same_buyer:g} pour ce type d'acheteur."
    )


def _wide(found: Findings) -> str:
    assert found.wide is not None
    return (
        "Sans la table des métiers : toute entreprise située est candidate, celles que la formule ne rapproche pas "
        "sont ex æquo en fin de liste. L'affinité NAF × CPV est comptée sur les marchés antérieurs. "
        + _tested(found.wide)
    )


def _decays(found: Findings) -> str:
    rows = [
        [
            one.label,
            str(one.winners),
            "aucune" if isinf(one.half_km) else f"{one.half_km:g} km",
            f"{one.radius.value:.0f} [{one.radius.low:.0f} ; {one.radius.high:.0f}]",
            f"{one.shipped:g}" if one.shipped else "–",
            f"{found.radii[one.key]:g}" if one.key in found.radii else ("" if one.enough else "trop peu"),
        ]
        for one in found.decays
    ]
    share = f"{100 * found.plan.decay.share:.0f} %"
    head = ["Groupe", "n", "chance réduite de moitié à", f"rayon qui atteint {share}", "en vigueur", "proposé"]
    return (
        "Choix discret par anneaux : la chance d'une entreprise d'un anneau rapportée à celle d'une voisine du lot, "
        "quel que soit leur nombre ; les petits groupes s'appuient sur l'ensemble "
        f"({found.plan.decay.strength:g} attributions). "
        "Kilomètres par route (estimation).\n\n" + table(head, rows)
    )


def _partners(found: Findings) -> str:
    result = found.partners
    contracts = {one.case for one in result.tested}
    met = sum(one.met for one in result.tested)
    weights = ", ".join(f"{key} {value:+.2f}" for key, value in result.weights.items())
    return (
        f"{result.groups} marchés en groupement avec au moins deux titulaires connus, dont {result.usable} de 2 à 5 "
        f"sociétés différentes, situés. Éprouvés : {len(contracts)} marchés, {len(result.tested)} cotitulaires cachés "
        f"tour à tour parmi toute la base ; {met} avaient déjà travaillé avec un membre connu. "
        + (f"Coefficients appris sur tout : {weights}." if weights else "Trop peu de groupements pour apprendre.")
    )


def _how(found: Findings) -> str:
    plan = found.plan
    return (
        "## Méthode\n\n"
        f"Périodes glissantes : la première commence après {100 * plan.start:.0f} % des marchés couverts, puis "
        f"{plan.folds} périodes d'autant de marchés ; on apprend avant chacune, la dernière part des jours appris "
        f"({100 * plan.hold:.0f} %) servant au calibrage. Un marché n'est connu "
        f"que {plan.gap} jours après sa notification : le classement d'un lot se fait à l'avis, des semaines plus tôt. "
        f"{plan.negatives} entreprises du même lot tirées par titulaire. Ex æquo : rang moyen. Plusieurs titulaires : "
        "chacun compte pour sa part, les autres ne lui nuisent pas. Aucun identifiant n'est une variable. "
        f"Graine {plan.seed}. Marchés illisibles laissés de côté : {len(found.outcome.failed)}."
    )
