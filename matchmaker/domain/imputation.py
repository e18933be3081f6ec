"""What a lot may be worth when no amount is published: what comparable contracts cost, as a range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from matchmaker.domain.reference import Reference

PREFIXES = (8, 6, 5, 4, 3, 2)  # digits of the CPV code, the closest first
# First digits of a public buyer's SIREN, as INSEE gives them out.
BUYER_KINDS = {
    "1": "services de l'État",
    "19": "établissements scolaires",
    "20": "intercommunalités",
    "21": "communes",
    "22": "départements",
    "23": "régions",
    "24": "intercommunalités",
    "25": "syndicats mixtes",
    "26": "hôpitaux et action sociale",
    "27": "offices publics",
}


class Level(StrEnum):
    """How heavy the procedure is, which tells more of an amount than its CPV code does."""

    FORMAL = "formal"  # procédures formalisées: above the European thresholds
    ADAPTED = "adapted"  # procédure adaptée, or none before the award
    CONCESSION = "concession"  # its value is a turnover: nothing here compares with it
    UNKNOWN = ""


LEVEL_WORDS = {Level.FORMAL: "procédures formalisées", Level.ADAPTED: "procédures adaptées"}
_LIGHT = ("mapa", "procédure adaptée", "oth-single")
_FORMAL = (
    "appel d'offres",
    "procédure avec négociation",
    "procédure concurrentielle",
    "procédure négociée",
    "dialogue compétitif",
    "partenariat d'innovation",
    "marché négocié",
    "open",
    "restricted",
    "neg-w-call",
    "comp-dial",
    "innovation",
)
_CONCESSION_FORMS = frozenset({"F23", "F24", "F25", "19", "32", "35"})  # TED, then subtypes of eForms


@dataclass(frozen=True, slots=True)
class Comparable:
    """A contract won whose amount is known."""

    cpv: str
    buyer: str  # SIRET
    months: int | None
    amount_eur: int
    level: Level = Level.UNKNOWN


@dataclass(frozen=True, slots=True)
class Imputed:
    """An estimation in whole euros for the whole duration, and the contracts it rests on."""

    low_eur: int
    mid_eur: int
    high_eur: int
    count: int
    prefix: str
    kind: str  # of buyers compared; "" = all
    level: Level = Level.UNKNOWN  # of the procedures compared

    @property
    def words(self) -> str:
        who = "".join(f", {told}" for told in (self.kind, LEVEL_WORDS.get(self.level)) if told)
        odds = "ordre de grandeur peu sûr," if self.level is Level.FORMAL else "une chance sur deux"
        return (
            f"{self.count} marchés comparables : CPV {self.prefix}{who} ; "
            f"{odds} entre {short_euros(self.low_eur)} et {short_euros(self.high_eur)}"
        )


def buyer_kind(siret: str) -> str:
    """ "communes" for 21..., "" for a company or an unknown buyer."""
    return BUYER_KINDS.get(siret[:2]) or BUYER_KINDS.get(siret[:1], "")


def procedure_level(procedure: str, source: str = "", form: str = "") -> Level:
    """The level that the words of a contract, or the codes of a notice, tell of a procedure.

    >>> procedure_level("Appel d'offres ouvert"), procedure_level("Procédure adaptée")
    (<Level.FORMAL: 'formal'>, <Level.ADAPTED: 'adapted'>)
    """
    words, form = procedure.casefold(), form.upper()
    if form in _CONCESSION_FORMS or form.startswith("DSP"):
        return Level.CONCESSION
    if words.startswith(_LIGHT) or "sans publicité" in words or form.startswith(("MAPA", "FNS")):
        return Level.ADAPTED
    if words == "neg-wo-call":  # without competition: of any size
        return Level.UNKNOWN
    european = source in ("ted", "eforms") or form.startswith("JOUE")
    return Level.FORMAL if european or words.startswith(_FORMAL) else Level.UNKNOWN


def short_euros(amount: int) -> str:
    """ "20 k€", "1,3 M€": two significant digits, as no more are known."""
    rounded = float(f"{amount:.2g}")
    if rounded >= 1_000_000:
        return f"{rounded / 1_000_000:g} M€".replace(".", ",")
    return f"{rounded / 1_000:g} k€".replace(".", ",") if rounded >= 1_000 else f"{rounded:g} €"


_LEVELS = tuple(Level)


def _rule(name: str, level: Level) -> str:
    """The parameter of this name for this level: formal procedures are longer and dearer, so have their own."""
    return f"imputation.formal_{name}" if level is Level.FORMAL else f"imputation.{name}"


class Comparables:
    """Contracts in order of CPV code, so that those under a prefix stand together. 34 bytes a contract."""

    def __init__(self, contracts: Iterable[Comparable]) -> None:
        kinds = {name: rank for rank, name in enumerate(sorted(set(BUYER_KINDS.values())), start=1)}
        buyers: dict[str, int] = {}
        rows = [
            (
                int(one.cpv),
                kinds.get(buyer_kind(one.buyer), 0),
                one.months or 0,
                float(one.amount_eur),
                buyers.setdefault(one.buyer, len(buyers)),
                one.level,
            )
            for one in contracts
            if one.cpv.isdigit() and len(one.cpv) == 8 and one.amount_eur > 0
        ]
        rows.sort()
        self._kinds = kinds
        self._cpv = np.array([row[0] for row in rows], dtype=np.int64)
        self._kind = np.array([row[1] for row in rows], dtype=np.int8)
        self._months = np.array([row[2] for row in rows], dtype=np.float64)
        self._log = np.log(np.array([row[3] for row in rows], dtype=np.float64))
        self._buyer = np.array([row[4] for row in rows], dtype=np.int64)
        self._level = np.array([_LEVELS.index(row[5]) for row in rows], dtype=np.int8)

    def __len__(self) -> int:
        return len(self._cpv)

    def impute(
        self,
        cpvs: Sequence[str],
        buyer: str,
        months: int | None,
        reference: Reference,
        level: Level = Level.UNKNOWN,
    ) -> Imputed | None:
        """The range of the closest contracts that are enough: same level of procedure, longest common CPV, then
        the same kind of buyer.

        Enough is counted in buyers, and each buyer weighs the same: twenty lots of one works site are one witness.
        Amounts are first brought to the lot's duration, in part: twice as long is not twice as dear. None when
        even the division has too few; a formal procedure asks for more digits of the main code.
        """
        if level is Level.CONCESSION:
            return None
        least = reference.integer("imputation.min_buyers")
        fewest, codes = PREFIXES[-1], [cpv for cpv in cpvs if cpv.isdigit() and len(cpv) == 8]
        if level is Level.FORMAL:
            fewest, codes = reference.integer("imputation.formal_digits"), codes[:1]
        prefixes = [cpv[:digits] for cpv in codes for digits in PREFIXES if digits >= fewest]
        for prefix, kind in product(prefixes, dict.fromkeys((buyer_kind(buyer), ""))):
            rows = self._rows(prefix, kind, level)
            if len(rows) >= least and len(np.unique(self._buyer[rows])) >= least:
                shares = [reference[_rule(f"{end}_quantile", level)] for end in ("low", "mid", "high")]
                low, mid, high = self._quantiles(rows, self._scaled(rows, months, level, reference), shares)
                return Imputed(low, mid, high, len(rows), prefix, kind, level)
        return None

    def quantiles(self, like: Imputed, months: int | None, shares: Sequence[float], reference: Reference) -> list[int]:
        """Amounts below which these shares of the contracts compared stand, each buyer weighing the same."""
        rows = self._rows(like.prefix, like.kind, like.level)
        return self._quantiles(rows, self._scaled(rows, months, like.level, reference), shares)

    def _rows(self, prefix: str, kind: str, level: Level) -> NDArray[np.intp]:
        scale = 10 ** (8 - len(prefix))
        first, last = np.searchsorted(self._cpv, [int(prefix) * scale, (int(prefix) + 1) * scale])
        alike = np.ones(last - first, dtype=bool)
        if kind:
            alike &= self._kind[first:last] == self._kinds[kind]
        if level:
            alike &= self._level[first:last] == _LEVELS.index(level)
        return np.arange(first, last)[alike]

    def _scaled(
        self, rows: NDArray[np.intp], months: int | None, level: Level, reference: Reference
    ) -> NDArray[np.float64]:
        logs, durations = self._log[rows], self._months[rows]
        if not months:
            return logs
        usable = durations > 0
        ratio = np.where(usable, months / np.where(usable, durations, 1.0), 1.0)
        return np.asarray(logs + reference[_rule("duration_exponent", level)] * np.log(ratio))

    def _quantiles(self, rows: NDArray[np.intp], logs: NDArray[np.float64], shares: Sequence[float]) -> list[int]:
        _, place, counts = np.unique(self._buyer[rows], return_inverse=True, return_counts=True)
        order = np.argsort(logs, kind="stable")
        weights = (1.0 / counts[place])[order]
        below = (np.cumsum(weights) - weights / 2) / weights.sum()
        return [round(float(value)) for value in np.exp(np.interp(shares, below, logs[order]))]
