"""What a loader of the territory tells of its work. Whoever starts one decides where the words go.

geo knows no import reports: those live above, in matchmaker, which hands in a tally that writes to them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol


class Tally(Protocol):
    def outcome(self, **counts: int) -> None:
        """Rows that were ``read``, ``new``, ``changed``, ``unchanged`` or ``retired``."""

    def refuse(self, line: int, reason: str, message: str) -> None:
        """A row set aside: its line in the file, a reason code, a French sentence that says what to do."""

    def warn(self, sentence: str) -> None:
        """Something one should know of the whole file."""

    def fact(self, words: str, count: int) -> None:
        """A figure that tells whether the file is the one expected, in French."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of the rows already known an edition holds again."""

    known: int
    kept: int

    def is_part(self, share: float) -> bool:
        """Under this share of the known rows, a file is a part of an edition, or a mistake: it retires nothing."""
        return self.kept < share * self.known

    def tell(self, edition: str, missing: int, tally: Tally) -> None:
        tally.warn(
            f"Le fichier ne reprend que {self.kept} des {self.known} lignes déjà connues ({edition}) : aucune des "
            f"{missing} qui manquent n'est retirée. S'il est complet, baissez le paramètre « import.min_kept_share » "
            "des tables de référence et relancez."
        )


@dataclass(slots=True)
class Counted:
    """The plainest tally: it remembers, and tells later."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    facts: dict[str, int] = field(default_factory=dict)

    def outcome(self, **counts: int) -> None:
        self.counts.update(counts)

    def refuse(self, line: int, reason: str, message: str) -> None:
        self.refused.append((line, reason, message))
        self.counts["quarantined"] += 1

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)

    def fact(self, words: str, count: int) -> None:
        self.facts[words] = count

    def tell(self, tally: Tally) -> None:
        """All of it to another."""
        tally.outcome(**{name: count for name, count in self.counts.items() if name != "quarantined"})
        for refused in self.refused:
            tally.refuse(*refused)
        for sentence in self.warnings:
            tally.warn(sentence)
        for words, count in self.facts.items():
            tally.fact(words, count)
