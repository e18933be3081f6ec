"""What a lot may be worth when no amount is published: what comparable contracts cost, as a range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Comparable:
    """A contract won whose amount is known."""

    cpv: str
    buyer: str  # SIRET
    months: int | None
    amount_eur: int


@dataclass(frozen=True, slots=True)
class Imputed:
    """An estimation in whole euros for the whole duration, and the contracts it rests on."""

    low_eur: int
    mid_eur: int
    high_eur: int
    count: int
    prefix: str
    kind: str  # of buyers compared; "" = all

    @property
    def words(self) -> str:
        who = f", {self.kind}" if self.kind else ""
        return (
            f"{self.count} marchés comparables : CPV {self.prefix}{who} ; "
            f"une chance sur deux entre {short_euros(self.low_eur)} et {short_euros(self.high_eur)}"
        )


def buyer_kind(siret: str) -> str:
    """ "communes" for 21..., "" for a company or an unknown buyer."""
    return BUYER_KINDS.get(siret[:2]) or BUYER_KINDS.get(siret[:1], "")


def short_euros(amount: int) -> str:
    """ "20 k€", "1,3 M€": two significant digits, as no more are known."""
    rounded = float(f"{amount:.2g}")
    if rounded >= 1_000_000:
        return f"{rounded / 1_000_000:g} M€".replace(".", ",")
    return f"{rounded / 1_000:g} k€".replace(".", ",") if rounded >= 1_000 else f"{rounded:g} €"


class Comparables:
    """Contracts in order of CPV code, so that those under a prefix stand together. 33 bytes a contract."""

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

    def __len__(self) -> int:
        return len(self._cpv)

    def impute(self, cpvs: Sequence[str], buyer: str, months: int | None, reference: Reference) -> Imputed | None:
        """The range of the closest contracts that are enough: longest common CPV, then the same kind of buyer.

        Enough is counted in buyers, and each buyer weighs the same: twenty lots of one works site are one witness.
        Amounts are first brought to the lot's duration, in part: twice as long is not twice as dear. None when
        even the division has too few.
        """
        kind = buyer_kind(buyer)
        least = reference.integer("imputation.min_buyers")
        for cpv in (code for code in cpvs if code.isdigit() and len(code) == 8):
            for digits in PREFIXES:
                for wanted in dict.fromkeys((kind, "")):
                    rows = self._rows(cpv[:digits], wanted)
                    if len(rows) >= least and len(np.unique(self._buyer[rows])) >= least:
                        return self._imputed(rows, months, cpv[:digits], wanted, reference)
        return None

    def quantiles(
        self, prefix: str, kind: str, months: int | None, levels: Sequence[float], reference: Reference
    ) -> list[int]:
        """Amounts below which these shares of the contracts under a prefix stand, each buyer weighing the same."""
        return self._quantiles(self._rows(prefix, kind), months, levels, reference)

    def _rows(self, prefix: str, kind: str) -> NDArray[np.intp]:
        scale = 10 ** (8 - len(prefix))
        first, last = np.searchsorted(self._cpv, [int(prefix) * scale, (int(prefix) + 1) * scale])
        rows = np.arange(first, last)
        return rows[self._kind[first:last] == self._kinds[kind]] if kind else rows

    def _scaled(self, rows: NDArray[np.intp], months: int | None, reference: Reference) -> NDArray[np.float64]:
        logs, durations = self._log[rows], self._months[rows]
        if not months:
            return logs
        usable = durations > 0
        ratio = np.where(usable, months / np.where(usable, durations, 1.0), 1.0)
        return np.asarray(logs + reference["imputation.duration_exponent"] * np.log(ratio))

    def _quantiles(
        self, rows: NDArray[np.intp], months: int | None, levels: Sequence[float], reference: Reference
    ) -> list[int]:
        logs = self._scaled(rows, months, reference)
        _, place, counts = np.unique(self._buyer[rows], return_inverse=True, return_counts=True)
        order = np.argsort(logs, kind="stable")
        weights = (1.0 / counts[place])[order]
        below = (np.cumsum(weights) - weights / 2) / weights.sum()
        return [round(float(value)) for value in np.exp(np.interp(levels, below, logs[order]))]

    def _imputed(
        self, rows: NDArray[np.intp], months: int | None, prefix: str, kind: str, reference: Reference
    ) -> Imputed:
        levels = [reference["imputation.low_quantile"], 0.5, reference["imputation.high_quantile"]]
        low, mid, high = self._quantiles(rows, months, levels, reference)
        return Imputed(low, mid, high, len(rows), prefix, kind)
