"""Why a firm ranks where it does for a lot, in French with figures: one line a part of the score, and its points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matchmaker.domain.capacity import euros, figure, percent
from matchmaker.domain.evidence import WORDS as BUYERS
from matchmaker.domain.pair import Scored, scored
from matchmaker.domain.query import Found, IndexedFirm, LotQuery, Wins
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import PARTS
from matchmaker.domain.trade import trades_of_cpv

LABELS: Mapping[str, str] = {
    "trade": "Métier",
    "text": "Mots communs",
    "distance": "Distance",
    "capacity": "Capacité",
    "evidence": "Références",
    "ess": "ESS",
}
_SOURCES: Mapping[str, str] = {
    "declared": "métier déclaré",
    "naf": "métier déduit du code NAF",
    "name": "métier déduit du nom (estimation)",
    "kind": "métier présumé d'après le type de structure (estimation)",
}
BY_WORDS = "métier déduit des mots de l'avis"


@dataclass(frozen=True, slots=True)
class Context:
    """What the score does not need and the sentences do. ``words``: number of a term -> the word as people write it.

    ``by_words``: the lot's trades come from its words, its CPV codes naming none; ``estimated``: so does its amount
    from comparable awards.
    """

    cpvs: tuple[str, ...] = ()
    trade_source: str = ""
    words: Mapping[int, str] = MappingProxyType({})
    by_words: bool = False
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One part of a score. ``points`` of ``most`` as they are added up; ``shown``: in tenths, which add up as well."""

    part: str
    label: str
    points: float
    most: float
    shown: float
    text: str

    @property
    def sentence(self) -> str:
        unit = "point" if self.shown < 2 else "points"
        return f"{self.label} : {self.text}. {figure(self.shown)} {unit} sur {figure(self.most)}."


def explain(
    found: Found, firm: IndexedFirm, lot: LotQuery, tables: Reference, context: Context | None = None
) -> tuple[str, ...]:
    """One sentence a part, in the order of the score; their points add up to it."""
    return tuple(told.sentence for told in tell(found, firm, lot, tables, context))


def tell(
    found: Found, firm: IndexedFirm, lot: LotQuery, tables: Reference, context: Context | None = None
) -> tuple[Told, ...]:
    """The same as values. ``found`` is what ``pair`` says of ``firm`` and ``lot``."""
    context = context or Context()
    weights = tables.formula.weights
    way = _way(found, firm, lot, tables)
    points = [weights[part] * float(getattr(found.parts, part)) for part in PARTS]
    texts = (
        _trade(way, firm, tables, context),
        _text(firm, lot, found, context),
        _distance(way, firm, lot),
        _capacity(found, firm, lot, context),
        _evidence(way, firm, lot),
        _ess(firm),
    )
    return tuple(
        Told(part, LABELS[part], worth, weights[part], shown, text)
        for part, worth, shown, text in zip(PARTS, points, tenths(points), texts, strict=True)
    )


def tenths(points: list[float]) -> list[float]:
    """Points rounded to tenths that add up to the rounded sum: the largest remainders are rounded up.

    >>> tenths([33.64, 1.04, 0.04])
    [33.6, 1.1, 0.0]
    """
    whole = [int(10 * point) for point in points]
    missing = round(10 * sum(points)) - sum(whole)
    nearest = sorted(range(len(points)), key=lambda i: (whole[i] - 10 * points[i], i))
    for place in nearest[:missing]:
        whole[place] += 1
    return [value / 10 for value in whole]


def _way(found: Found, firm: IndexedFirm, lot: LotQuery, tables: Reference) -> Scored:
    ways = [way for way in scored(firm, lot, tables) if way.trade == found.trade]
    return max(ways, key=lambda way: way.score)


def _trade(way: Scored, firm: IndexedFirm, tables: Reference, context: Context) -> str:
    label = tables.trades[way.trade].label
    how = BY_WORDS if context.by_words else _named_by(way, tables, context)
    source = _SOURCES.get(context.trade_source, "métier de l'entreprise")
    return f"« {label} », {how} (adéquation {percent(way.fit)}) ; {source} (confiance {percent(firm.trust)})"


def _named_by(way: Scored, tables: Reference, context: Context) -> str:
    """The code that names the trade as well as the score says."""
    code = next((cpv for cpv in context.cpvs if trades_of_cpv(cpv, tables).get(way.trade) == way.fit), "")
    return f"nommé par le code CPV {code}" if code else "nommé par les codes CPV"


def _text(firm: IndexedFirm, lot: LotQuery, found: Found, context: Context) -> str:
    wanted = dict(lot.terms)
    common = [(weight * wanted[number], number) for number, weight in firm.terms if number in wanted]
    if not common:
        return "aucun entre le nom de l'entreprise et l'avis"
    common.sort(key=lambda item: (-item[0], item[1]))
    named = ", ".join(dict.fromkeys(context.words.get(number, f"mot n° {number}") for _, number in common))
    return f"{named} (ressemblance {percent(float(found.parts.text))})"


def _distance(way: Scored, firm: IndexedFirm, lot: LotQuery) -> str:
    if way.inside:
        return (
            f"{_km(way.distance_km)} par la route, dans un département où elle déclare intervenir ({lot.departement})"
        )
    whose = "déclaré" if firm.declared_radius_km else "habituel de ce métier"
    wider = f" élargi de {_km(lot.uncertainty_km)}, le lieu étant incertain" if lot.uncertainty_km else ""
    radius = way.radius_km - lot.uncertainty_km
    return f"{_km(way.distance_km)} par la route, sur un rayon {whose} de {_km(radius)}{wider}"


def _km(km: float) -> str:
    return f"{figure(round(km, 1))} km"


def _capacity(found: Found, firm: IndexedFirm, lot: LotQuery, context: Context) -> str:
    free = f"capacité libre de {euros(firm.capacity_eur)} par an (entre {euros(firm.low)} et {euros(firm.high)})"
    if lot.yearly_eur is None:
        return f"montant du lot inconnu ; {free}"
    amount = f"{euros(lot.yearly_eur)} par an" + (" (montant estimé)" if context.estimated else "")
    covered = f"{free} pour un lot de {amount}, couvert à {percent(float(found.parts.capacity))}"
    if firm.capacity_eur < lot.yearly_eur:
        return f"{covered} ; trop grand pour elle seule : en groupement"
    return covered if found.solo else f"{covered} ; elle ne fait pas tous les métiers du lot : en groupement"


def _evidence(way: Scored, firm: IndexedFirm, lot: LotQuery) -> str:
    won = firm.wins.get(way.trade, Wins())
    if not won.count:
        return "aucun marché public gagné dans ce métier, à notre connaissance"
    many = "marchés gagnés" if won.count > 1 else "marché gagné"
    told = f"{won.count} {many} dans ce métier"
    if not lot.buyer:
        return told
    who = BUYERS[lot.buyer]
    return f"{told}, dont au moins un pour {who}" if won.buyers & lot.buyer else f"{told}, aucun pour {who}"


def _ess(firm: IndexedFirm) -> str:
    if firm.ess == "yes":
        return "entreprise de l'économie sociale et solidaire"
    return "statut à vérifier" if firm.ess == "verify" else "entreprise hors de l'économie sociale et solidaire"
