"""Reference tables as the domain sees them: values only, wherever they are kept and edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from matchmaker.domain.errors import InvalidReferenceError
from matchmaker.domain.score import Formula, finite
from matchmaker.domain.wording import words as roots

__all__ = ["Band", "InvalidReferenceError", "Kind", "LegalForm", "Reference", "Trade", "build_reference"]


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade: the guide's (section 7, T01 to T46) or ours (T47 on). EUR/h, km and kEUR are estimates."""

    code: str
    label: str
    cpvs: tuple[str, ...]
    nafs: tuple[str, ...]
    romes: tuple[str, ...]
    labour_share: float  # 0..1 of the amount
    hourly_eur: float  # full hourly cost
    radius_km: float
    keur_per_fte: float
    effort: float  # default insertion effort, 0..1
    part_time: float  # FTE per head

    def __post_init__(self) -> None:
        if not (0 < self.labour_share <= 1 and self.hourly_eur > 0 and self.radius_km > 0):
            raise InvalidReferenceError(f"Métier {self.code} : part de main-d'œuvre, coût horaire ou rayon impossible.")
        expected = 1.6 * self.hourly_eur / self.labour_share
        if abs(self.keur_per_fte - expected) > 1:
            raise InvalidReferenceError(
                f"Métier {self.code} : {self.keur_per_fte:.0f} kEUR par ETP annoncés, "
                f"{expected:.0f} attendus (1,6 x EUR/h / part de main-d'œuvre)."
            )


@dataclass(frozen=True, slots=True)
class Band:
    """A headcount band of INSEE: heads, not FTE."""

    code: str
    label: str
    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Kind:
    """An inclusive kind; ``delivery`` is "services" or "mise_a_disposition" (never a producer)."""

    code: str
    label: str
    delivery: str
    fte: tuple[float, float, float]
    insertion_ratio: float
    presumed_trades: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LegalForm:
    result: str  # yes | verify
    family: str


@dataclass(frozen=True, slots=True)
class Reference:
    """All tables, immutable; ``version`` changes whenever any value does."""

    version: str
    trades: Mapping[str, Trade]
    bands: Mapping[str, Band]
    kinds: Mapping[str, Kind]
    legal_forms: Mapping[str, LegalForm]
    parameters: Mapping[str, float]
    formulas: Mapping[int, Formula]  # versions of the score, see ``formula``
    name_words: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # word as in search_name -> trades
    vague_nafs: frozenset[str] = frozenset()  # codes that say nothing of what an inclusive firm does
    lot_words: Mapping[frozenset[str], tuple[str, ...]] = MappingProxyType({})  # roots of a phrase of lots -> trades
    whole_works: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # CPV naming a work, not a trade -> trades

    def __getitem__(self, key: str) -> float:
        """Value of a parameter by its key, e.g. ``reference["distance.road_factor"]``."""
        try:
            return self.parameters[key]
        except KeyError:
            raise InvalidReferenceError(
                f"Le paramètre « {key} » manque dans la table de référence : lancez load_reference."
            ) from None

    @property
    def formula(self) -> Formula:
        """The version of the score in force (parameter ``score.version``)."""
        try:
            return self.formulas[self.integer("score.version")]
        except KeyError:
            raise InvalidReferenceError(
                f"La version {self.integer('score.version')} du score n'existe pas dans la table « score »."
            ) from None

    @property
    def area_floor(self) -> float:
        """What a firm's declared départements leave of the distance part far away: see ``domain.area``."""
        floor = self["distance.area_floor"]
        if not 0 < floor <= 1:
            raise InvalidReferenceError(
                "« distance.area_floor » : une part au-dessus de 0 et d'au plus 1 est attendue."
            )
        return floor

    def weighing(self, formula: Formula) -> Reference:
        """The same tables with another formula in force."""
        return replace(self, formulas={**self.formulas, self.integer("score.version"): formula})

    def integer(self, key: str) -> int:
        return round(self[key])


def build_reference(version: str, tables: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Reference:
    """Check and assemble the tables ("trade", "headcount", "kind", "legal_form", "parameter", and where
    present "name_word", "vague_naf", "lot_word", "whole_work").

    ``tables[name][key]`` is the row as read from CSV or from the database: values are texts or
    numbers. Raises :class:`InvalidReferenceError` naming the row that is wrong.
    """

    def number(row: Mapping[str, object], name: str) -> float:
        try:
            return finite(str(row[name]))
        except (KeyError, ValueError):
            raise InvalidReferenceError(f"Valeur « {name} » absente ou non numérique dans {dict(row)}.") from None

    def words(row: Mapping[str, object], name: str) -> tuple[str, ...]:
        return tuple(str(row.get(name, "")).split())

    trades = {
        code: Trade(
            code=code,
            label=str(row["label"]),
            cpvs=words(row, "cpv"),
            nafs=words(row, "naf"),
            romes=words(row, "rome"),
            labour_share=number(row, "labour_share"),
            hourly_eur=number(row, "hourly_eur"),
            radius_km=number(row, "radius_km"),
            keur_per_fte=number(row, "keur_per_fte"),
            effort=number(row, "effort"),
            part_time=number(row, "part_time"),
        )
        for code, row in tables["trade"].items()
    }
    kinds = {
        code: Kind(
            code=code,
            label=str(row["label"]),
            delivery=str(row["delivery"]),
            fte=(number(row, "fte_low"), number(row, "fte_mid"), number(row, "fte_high")),
            insertion_ratio=number(row, "insertion_ratio"),
            presumed_trades=words(row, "presumed_trades"),
        )
        for code, row in tables["kind"].items()
    }
    bands = {
        code: Band(code, str(row["label"]), number(row, "low"), number(row, "mid"), number(row, "high"))
        for code, row in tables["headcount"].items()
    }
    legal_forms = {
        code: LegalForm(str(row["result"]), str(row["family"])) for code, row in tables["legal_form"].items()
    }
    parameters = {key: number(row, "value") for key, row in tables["parameter"].items()}
    formulas = {int(key): Formula.of(key, row) for key, row in tables["score"].items()}
    return Reference(
        version=version,
        trades=MappingProxyType(trades),
        bands=MappingProxyType(bands),
        kinds=MappingProxyType(kinds),
        legal_forms=MappingProxyType(legal_forms),
        parameters=MappingProxyType(parameters),
        formulas=MappingProxyType(formulas),
        name_words=MappingProxyType({word: words(row, "trades") for word, row in tables.get("name_word", {}).items()}),
        vague_nafs=frozenset(tables.get("vague_naf", {})),
        lot_words=MappingProxyType(
            {frozenset(roots(told)): words(row, "trades") for told, row in tables.get("lot_word", {}).items()}
        ),
        whole_works=MappingProxyType({cpv: words(row, "trades") for cpv, row in tables.get("whole_work", {}).items()}),
    )
