"""The text of a clause: chosen by the trades of the lot, filled with its figures, never asking for "local"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import Template

from allotment.domain.locality import asks_for_local

GENERAL = "general"
PIECES = ("social", "social_small", "tasks", "environment", "criterion")
BLANKS = frozenset({"hours", "fte", "people", "months", "tasks"})


class TextError(ValueError):
    """Texte de clause incohérent : le message dit lequel corriger."""


class Clause(StrEnum):
    """What a lot holds by default."""

    SOCIAL = "social"  # condition d'exécution sociale, S3
    ENVIRONMENT = "environment"  # condition d'exécution environnementale, S2
    CRITERION = "criterion"  # critère d'attribution environnemental, S2


@dataclass(frozen=True, slots=True)
class Wording:
    """One text for one family of trades; ``trades`` empty: for all those no other family names."""

    piece: str  # a Clause, "tasks" of insertion, or "social_small" where hours would be too few
    family: str
    trades: frozenset[str]
    title: str
    text: str
    article: str


Library = Mapping[str, tuple[Wording, ...]]  # by piece


def read_texts(rows: Iterable[Mapping[str, object]]) -> Library:
    """Texts from rows as read from CSV or from the database.

    Raises :class:`TextError` for an unknown blank, a text that asks for locality (S5), or a missing general text.
    """
    found: dict[str, list[Wording]] = {piece: [] for piece in PIECES}
    for row in rows:
        wording = Wording(
            str(row["piece"]),
            str(row["family"]),
            frozenset(str(row.get("trades") or "").split()),
            str(row["title"]),
            str(row["text"]).strip(),
            str(row["article"]),
        )
        _check(wording)
        found.setdefault(wording.piece, []).append(wording)
    for piece, wordings in found.items():
        if not any(one.family == GENERAL for one in wordings):
            raise TextError(f"Il manque le texte « {piece}.{GENERAL} », celui des métiers sans texte propre.")
    return {piece: tuple(wordings) for piece, wordings in found.items()}


def _check(wording: Wording) -> None:
    name = f"{wording.piece}.{wording.family}"
    if not wording.text or not wording.article:
        raise TextError(f"Le texte « {name} » est vide, ou ne cite pas son article.")
    template = Template(wording.text)
    if not template.is_valid() or set(template.get_identifiers()) - BLANKS:
        raise TextError(f"Le texte « {name} » a un blanc inconnu : seuls {', '.join(sorted(BLANKS))} sont remplis.")
    if local := asks_for_local(wording.text):
        raise TextError(f"Le texte « {name} » ferait du lieu un critère ou une condition (« {local[0]} »).")


def families(library: Library, piece: str, trades: Sequence[str]) -> tuple[Wording, ...]:
    """The texts of a piece for these trades, in their order, each once; the general one where none is named."""
    wordings = library[piece]
    general = next(one for one in wordings if one.family == GENERAL)
    found = (next((one for one in wordings if trade in one.trades), general) for trade in trades)
    return tuple(dict.fromkeys(found)) or (general,)


def generated(
    library: Library, clause: Clause, trades: Sequence[str], blanks: Mapping[str, str], *, small: bool = False
) -> str:
    """The clause of a lot whose trades are given largest first. Paragraphs are separated by an empty line.

    ``small``: too few hours for a social clause in hours.
    """
    if clause is Clause.SOCIAL and small:
        return families(library, "social_small", ())[0].text
    if clause is Clause.SOCIAL:
        tasks = " ".join(one.text for one in families(library, "tasks", trades))
        (wording, *_) = families(library, clause, ())
        return Template(wording.text).substitute({**blanks, "tasks": tasks})
    return "\n\n".join(Template(one.text).substitute(blanks) for one in families(library, clause, trades))


def article_of(library: Library, clause: Clause) -> str:
    return families(library, clause, ())[0].article


def title_of(library: Library, clause: Clause) -> str:
    return families(library, clause, ())[0].title
