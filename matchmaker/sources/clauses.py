"""What French free text says of reservation, social clauses and groupings.

Old forms have no field for these. A rule fires only on explicit wording; silence and ambiguity give no
answer, because a wrong flag would send a firm to a lot it may not win.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from matchmaker.domain.notice import Reservation

_I: Final = re.IGNORECASE


def _flat(text: str) -> str:
    return " ".join(text.replace("’", "'").split())


# --- which lot a passage speaks of ---------------------------------------------------------------

_NUMBER: Final = r"\d{1,3}(?-i:[A-Z]\b)?(?!\d)"
_LOTS = re.compile(
    r"(?:(?<![^\W\d_])|(?-i:(?<=[a-zà-ÿ])(?=L))|(?<=heures)(?=lots?\s*\d))lots?\s*(?:n[°ºo]s?\s*)?"
    rf"({_NUMBER}(?:\s*(?:,|et|&|à|-)\s*(?:n[°ºo]\s*)?{_NUMBER})*)",
    _I,
)
_RANGE = re.compile(r"(\d+)\s*(?:à|-)\s*(\d+)")
_MOST_PARAGRAPHS: Final = 200  # that name lots, in one notice


@dataclass(frozen=True, slots=True)
class Wording:
    """The free text of a notice: what holds for every lot, and the paragraphs that tell lots apart."""

    general: str
    particular: tuple[str, ...]

    @classmethod
    def of(cls, paragraphs: Iterable[str]) -> Wording:
        """Sort the paragraphs."""
        flat = [_flat(paragraph) for paragraph in paragraphs]
        particular = tuple(text for text in flat if _LOTS.search(text))
        return cls("\n".join(text for text in flat if not _LOTS.search(text)), particular[:_MOST_PARAGRAPHS])

    def about(self, lot: str) -> str:
        """What the particular paragraphs say of ``lot``, with the words that announce the list of lots."""
        told = ((paragraph, _about(paragraph, lot)) for paragraph in self.particular)
        return "\n".join(f"{_announcement(paragraph)} {part}" for paragraph, part in told if part)


def _announcement(flat: str) -> str:
    """What comes before the first lot named."""
    first = _LOTS.search(flat)
    return flat[: first.start()] if first else flat


def _about(flat: str, lot: str) -> str:
    """The passages that follow the number of ``lot``, up to the next lot named."""
    marks = list(_LOTS.finditer(flat))
    ends = [mark.start() for mark in marks[1:]] + [len(flat)]
    return " ".join(flat[mark.start() : end] for mark, end in zip(marks, ends, strict=True) if lot in _numbers(mark[1]))


def _numbers(listed: str) -> set[str]:
    numbers = set(re.sub(r"\b0+", "", " ".join(re.findall(r"\d+[A-Z]?", listed))).split())
    for low, high in _RANGE.findall(listed):
        numbers.update(str(number) for number in range(int(low), min(int(high), int(low) + 200) + 1))
    return numbers


# --- reservation (R1, R2, R4) --------------------------------------------------------------------

_EA_ESAT = re.compile(
    r"entreprises? adaptées?|\bE\.?S\.?A\.?T\b|établissements? (?:et|ou) services? d'aide par le travail|"
    r"L\.? ?5213-13\b|secteur (?:protégé et )?adapté|secteur protégé|L\.? ?2113-1[24]\b|"
    r"réservée?s? à l'insertion des (?:personnes|travailleurs) handicapée?s?",
    _I,
)
_SIAE = re.compile(
    r"structures? d'insertion par l'activité économique|L\.? ?5132-4\b|L\.? ?2113-1[34]\b|"
    r"ateliers? et chantiers? d'insertion|\bSIAE\b",
    _I,
)


@lru_cache(maxsize=8)
def reserved_to(text: str) -> Reservation | None:
    """Which kind of structure ``text`` names; None if it names none."""
    flat = _flat(text)
    match bool(_EA_ESAT.search(flat)), bool(_SIAE.search(flat)):
        case True, True:
            return Reservation.EA_ESAT_SIAE
        case True, False:
            return Reservation.EA_ESAT
        case False, True:
            return Reservation.SIAE
    return None


def narrowed(published: Reservation, lot: str, own: str, shared: Wording) -> Reservation:
    """A reservation published as a European code, narrowed by what the lot, then the notice, says of it.

    An unreserved lot stays unreserved, and a lot reserved to the social economy becomes reserved to
    insertion structures only when the text says "réservé" in so many words.
    """
    texts = (own, shared.about(lot), shared.general)
    if published is Reservation.NONE:
        return published
    if published is Reservation.ESS and not any(re.search(r"\br[ée]servée?s?\b", text, _I) for text in texts):
        return published
    return next(filter(None, map(reserved_to, texts)), published)


# --- social and environmental clauses ------------------------------------------------------------

_SOCIAL = re.compile(
    r"clauses? (?:obligatoires? )?(?:d'aide à l'|d')insertion|clauses? (?:obligatoires? )?sociales?\b|"
    r"clauses? environnementales? et sociales?|insertion par (?:l'activité économique|l'emploi|l'économi(?:qu)?e)|"
    r"(?:clauses?|éléments?) à caractère social|insertion d(?:e |es |')(?:bénéficiaires|personnes|publics)|"
    r"personnes rencontrant des difficultés (?:particulières |sociales )?d'insertion|"
    r"(?:ré)?insertion (?:sociale|professionnelle|socio-?professionnelle)|heures d'insertion|"
    r"actions? d'insertion|politique d'insertion|conditions? d'exécution (?:à caractère )?sociale?s?|"
    r"(?:publics?|personnes?) (?:très |les plus )?éloignée?s? (?:de l'emploi|du marché du travail)|"
    r"accès à l'emploi du public|performances? sociales?|critères? sociaux|critère social",
    _I,
)
_GREEN = re.compile(
    r"clauses? (?:sociales? et )?environnementales?|performances? (?:énergétiques? et )?environnementales?|"
    r"critères? environnementa(?:l|ux)|considérations? environnementales?|développement durable|"
    r"qualités? environnementales?|démarche environnementale|exigences? environnementales?|"
    r"(?:conditions?|clauses?) d'exécution (?:à caractère )?(?:sociale?s? (?:et|ou) )?environnementa(?:le?s?|ux)|"
    r"(?:éléments?|clauses?|dispositions?|critères?(?: d'attribution)?) à caractère "
    r"(?:social (?:et|ou) )?environnementale?|"
    r"considérations? relatives? à l'environnement|"
    r"éco-?responsab\w+|empreinte (?:carbone|environnementale)|bilan carbone|protection de l'environnement",
    _I,
)
_DENIED = re.compile(r"(?:\bpas|\bsans|\baucune?|\bni)\s+(?:de\s+|d')?$", _I)


@lru_cache(maxsize=8)
def _has_social_clause(text: str) -> bool:
    return _asserted(_SOCIAL, text)


@lru_cache(maxsize=8)
def _has_green_clause(text: str) -> bool:
    return _asserted(_GREEN, text)


def has_social_clause(lot: str, own: str, shared: Wording) -> bool:
    """Whether the lot or the notice asks for insertion or another social effort."""
    return any(map(_has_social_clause, (own, shared.about(lot), shared.general)))


def has_green_clause(lot: str, own: str, shared: Wording) -> bool:
    """Whether the lot or the notice asks for an environmental effort."""
    return any(map(_has_green_clause, (own, shared.about(lot), shared.general)))


def _asserted(pattern: re.Pattern[str], text: str) -> bool:
    flat = _flat(text)
    return any(not _DENIED.search(flat[: match.start()][-20:]) for match in pattern.finditer(flat))


# --- hours of insertion --------------------------------------------------------------------------

# "heureslot 2" and "heuresoTranche 2" are how lists come out of some platforms.
_HOURS = (
    r"(?<![\d,.])(\d{1,3}(?:[ .]\d{3})+|\d{1,6})\s*"
    r"(?:(?:heures?|h)(?-i:(?![a-zà-ÿ\d]))|heures(?=lots?\s*\d)|heures(?=(?-i:o[A-ZÀ-Þ])))"
)
_SLICE = re.compile(r"tranche\b(?:(?!tranche|\d{2,}\s*h)[^.;]){0,60}$", re.IGNORECASE)
_NOT_A_TOTAL = re.compile(
    r"\s*(?:de travail\s+)?(?:d'insertion\s+)?(?:par\s+(?:an|mois|semaine|jour|tranche|salarié|personne)|"
    r"/\s*(?:an|mois|semaine)|annuel|hebdo|mensuel)",
    _I,
)
_HOURS_OF_INSERTION = re.compile(_HOURS + r"(?=\s+(?:(?!\d)[\w']+\s+){0,3}?d'insertion)", _I)
_INSERTION_THEN_HOURS = re.compile(r"insertion(?:(?!insertion|;)[^\n]){0,160}?" + _HOURS, _I)
_BARE_HOURS = re.compile(_HOURS, _I)
_PLAUSIBLE_HOURS: Final = range(30, 1_000_001)


def insertion_hours(lot: str, own: str, shared: Wording) -> int | None:
    """The hours of insertion asked of ``lot``, when one figure is stated by the lot or by the notice.

    "250 heures, soit 120 en tranche ferme et 130 en tranche optionnelle" is 250. Two unrelated figures, a
    figure per year or per slice of turnover give None.
    """
    return _hours(own) or _hours_told_apart(shared.particular, lot) or _hours(shared.general)


@lru_cache(maxsize=8)
def _hours(text: str) -> int | None:
    return _single(_flat(text), _HOURS_OF_INSERTION, _INSERTION_THEN_HOURS)


def _hours_told_apart(paragraphs: Iterable[str], lot: str) -> int | None:
    """The figure after the lot's number; where insertion is announced before any lot, a bare "175 h" will do."""
    for paragraph in paragraphs:
        announced = "insertion" in _announcement(paragraph).lower()
        loose = _BARE_HOURS if announced else _INSERTION_THEN_HOURS
        hours = _single(_about(paragraph, lot), _HOURS_OF_INSERTION, loose)
        if hours is not None:
            return hours
    return None


def _single(flat: str, *patterns: re.Pattern[str]) -> int | None:
    """The one figure, or the total, that the first pattern with a match finds."""
    for pattern in patterns:
        found = list(_figures(flat, pattern))
        figures = [hours for hours, _ in found if hours in _PLAUSIBLE_HOURS]
        if _is_sum(figures):
            return figures[0]
        if figures:
            return figures[0] if len(set(figures)) == 1 and not _is_cut_in_slices(flat, found) else None
    return None


def _figures(flat: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, bool]]:
    """Each figure that may be a total, and whether it is that of one slice ("tranche") of the contract."""
    for match in pattern.finditer(flat):
        hours = int(re.sub(r"[ .]", "", match[1]))
        if not _NOT_A_TOTAL.match(flat, match.end()):
            yield hours, bool(_SLICE.search(flat[max(0, match.start(1) - 80) : match.start(1)]))


def _is_cut_in_slices(flat: str, found: list[tuple[int, bool]]) -> bool:
    """Whether what was found is the figure of one slice among several: none of them is the total."""
    return any(of_a_slice for _, of_a_slice in found) and sum(part for _, part in _figures(flat, _BARE_HOURS)) > 1


def _is_sum(figures: list[int]) -> bool:
    """Whether the first figure is the total of the others."""
    return len(figures) > 2 and figures[0] in (sum(figures[1:]), sum(set(figures[1:])))


# --- groupings (G3) ------------------------------------------------------------------------------

_SEVERAL = (
    r"(?:membres? d'un (?:ou (?:de )?plusieurs ?)?(?:autre )?groupement|"
    r"membres? de (?:plusieurs|plus d'un) ?groupement|(?:dans|à) plusieurs groupements|"
    r"cotraitants? d'un ou plusieurs groupements|présente? dans plusieurs candidatures)"
)
_FORBID = (
    r"(?:interdi(?:t|te|ts|tes|ction)\b|impossibilité|(?:pas|aucune) (?:de )?possibilité|pas possible|"
    r"(?:pas|non) autorisée?s?|pas admis|ne (?:peut|peuvent|pourra|pourront) (?:donc )?"
    r"(?:pas|ni|plus|agir|être|présenter|déposer|se présenter|répondre|cumuler)\b)"
)
_UP_TO = r"(?:(?!\bmandataires?\b).){0,260}?"
_FORBIDDEN = re.compile(_FORBID + _UP_TO + _SEVERAL, _I)
_FORBIDDEN_AFTER = re.compile(_SEVERAL + r"s?[^.]{0,60}(?:est|sont) (?:également )?interdite?s?", _I)
_ALLOW = (
    r"(?:candidats? (?:peuvent|peut|pourront|sont autorisés à)|il (?:est|sera) possible de|"
    r"autorise les candidats [àd]e?|possibilité pour les candidats de)"
)
_ALLOWED = re.compile(
    _ALLOW + r"[^.]{0,120}?(?:plusieurs (?:offres|candidatures)|à la fois)[^.]{0,120}?" + _SEVERAL, _I
)
_POSSIBLE = re.compile(
    r"(?<!pas de )(?<!pas la )(?<!aucune )(?<!sans )\bpossibilité de présenter[^.]{0,60}plusieurs offres[^.]{0,120}?"
    + _SEVERAL
    + r"(?P<answer>[^.]{0,200})",
    _I,
)
_ANSWER = re.compile(r":\s*(oui|non)", _I)  # "Possibilité de présenter ... : Non"
_BOTH_QUALITIES = re.compile(r"(ne )?peuvent (?:donc |toutefois )?(pas )?cumuler les deux qualités", _I)
_LIMITED = re.compile(r"plus de (?:deux|trois|quatre|cinq|\d+) (?:candidatures|groupements)", _I)
_ONLY_SOME = re.compile(
    r"\b(?:le|un|une|même|l') ?(?:mandataire|architecte|bureau d'études?)\b(?:(?!solidaire)[^.])*$", _I
)


def exclusive_grouping(text: str) -> bool | None:
    """G3: True if several candidacies are forbidden, False if expressly allowed, None if nothing explicit.

    What binds the mandataire alone is G4 and holds everywhere; what binds one profession is no rule for all.
    """
    flat = _flat(text)
    if _LIMITED.search(flat):
        return None
    forbidden = bool(_FORBIDDEN_AFTER.search(flat)) or any(
        not _ONLY_SOME.search(flat[max(0, match.start() - 80) : match.start()]) for match in _FORBIDDEN.finditer(flat)
    )
    allowed = bool(_ALLOWED.search(flat))
    if possible := _POSSIBLE.search(flat):
        answers = {answer.lower() for answer in _ANSWER.findall(possible["answer"])}
        forbidden, allowed = forbidden or "non" in answers, allowed or answers != {"non"}
    if both := _BOTH_QUALITIES.search(flat):
        forbidden, allowed = forbidden or bool(both[2]), allowed or not (both[1] or both[2])
    return None if allowed == forbidden else forbidden  # None: nothing said, or both
