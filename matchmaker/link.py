"""Find the establishment a name without SIRET stands for: linked, ambiguous or not found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import batched, pairwise
from typing import NamedTuple

import numpy as np
from django.db import connection

from geo.domain.codes import departement_of_postcode, postcode
from geo.domain.gazetteer import Gazetteer
from geo.queries import gazetteer
from matchmaker.domain.blocking import Place, keys, sigles_of, whole_name_keys
from matchmaker.domain.linkage import FEATURES, Floats, Side, add_context, alike, first_score, measure
from matchmaker.domain.linkmodel import LinkModel
from matchmaker.domain.naming import Lexicon, plain, understood, variants
from matchmaker.domain.reference import Reference
from matchmaker.domain.siret import SiretError, normalise_siret
from matchmaker.domain.trade import normalise_naf
from matchmaker.linklookups import communes_meant, distances, towns, weights
from matchmaker.linknames import form_family, refresh, words
from matchmaker.models import Firm, LinkIndex
from matchmaker.reference import FOLDER, reference

BATCH = 500
_SHOWN = 5  # candidates a person is asked to choose from
_TIE = 0.02  # establishments of one legal unit as likely as this are told apart by their place


@dataclass(frozen=True, slots=True)
class Sought:
    """An organisation as a list names it. Empty text means that the list does not say."""

    name: str
    sigle: str = ""
    trade_name: str = ""
    postcode: str = ""
    city: str = ""
    commune_code: str = ""
    departement: str = ""
    address: str = ""
    legal_form: str = ""  # INSEE code, or words such as "association" or "SCOP"
    naf: str = ""
    kind: str = ""  # ESAT, ACI ...
    siret: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    firm_id: int
    probability: float
    features: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Linked:
    """``state`` is "linked", "ambiguous" or "not_found"; ``reason`` a French sentence that names no firm."""

    state: str
    firm_id: int | None
    probability: float
    candidates: tuple[Candidate, ...]
    reason: str


class Hit(NamedTuple):
    """A firm that shares a key with the name at ``place`` of a batch, as the table holds it."""

    place: int
    firm_id: int
    siren: str
    names: str
    written: str
    sigles: str
    form: str
    departement: str
    commune: str
    postcode: str
    street: str
    naf: str
    kind: str
    head_office: bool
    active: bool

    @property
    def spoken(self) -> tuple[str, ...]:
        return tuple(self.names.split("|"))


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with its measures and the chance that it is the one sought."""

    firm: Hit
    chance: float
    row: Floats

    def candidate(self) -> Candidate:
        said = {name: round(float(value), 4) for name, value in zip(FEATURES, self.row, strict=True)}
        return Candidate(self.firm.firm_id, round(self.chance, 4), said)


def link_rows(rows: Sequence[Sought], *, fictitious: bool = False) -> list[Linked]:
    """One outcome a row, in order. About five queries per 500 rows, none per name; brings the names up to date."""
    refresh()
    linker = Linker.current(fictitious)
    return [outcome for batch in batched(rows, BATCH, strict=False) for outcome in linker.link(batch)]


@dataclass(frozen=True, slots=True)
class Linker:
    """All that linking needs, read once."""

    words: Lexicon
    places: Gazetteer
    crowded: frozenset[int]
    weight: Callable[[str], float]
    distance: Callable[[str, str], float | None]
    town: Callable[[str], frozenset[str]]
    communes: Callable[[str, str, str], tuple[str, ...]]
    model: LinkModel
    reference: Reference
    fictitious: bool

    @classmethod
    def current(cls, fictitious: bool = False, judge: LinkModel | None = None) -> Linker:
        state = LinkIndex.objects.get()
        counts = dict(
            zip(
                np.frombuffer(state.words, dtype=np.int32).tolist(),
                np.frombuffer(state.counts, dtype=np.int32).tolist(),
                strict=True,
            )
        )
        places, lexicon = gazetteer(), words()
        return cls(
            lexicon,
            places,
            frozenset(np.frombuffer(state.crowded, dtype=np.int32).tolist()),
            weights(counts, state.firms),
            distances(places),
            towns(lexicon, places),
            communes_meant(places),
            judge or model(),
            reference(),
            fictitious,
        )

    def link(self, rows: Sequence[Sought]) -> list[Linked]:
        told = _by_siret(rows, self.fictitious)
        open_rows = [place for place in range(len(rows)) if place not in told]
        sides = [self.side(rows[place]) for place in open_rows]
        found = {place: self.decide(*some) for place, some in zip(open_rows, self.found(sides), strict=True)}
        return [told.get(place) or found[place] for place in range(len(rows))]

    def found(self, sides: Sequence[Side]) -> list[tuple[bool, list[Judged]]]:
        """Of each name: is it settled by the whole name in its own commune, and its candidates, best first."""
        plain_case = self.settled(sides)
        hard = [place for place in range(len(sides)) if place not in plain_case]
        some = [sides[place] for place in hard]
        judged = dict(zip(hard, self.judged(some, self.hits(some)), strict=True))
        easy = list(plain_case)
        hits = [hit._replace(place=at) for at, place in enumerate(easy) for hit in plain_case[place]]
        judged |= zip(easy, self.judged([sides[place] for place in easy], hits), strict=True)
        return [(place in plain_case, judged[place]) for place in range(len(sides))]

    def settled(self, sides: Sequence[Side]) -> dict[int, list[Hit]]:
        """Names that one legal unit of their commune bears, and no other there: nothing is left to judge.

        Where several do, one alone may be written just so ("Dupont", beside "SCI Dupont").
        """
        asked = [whole_name_keys(side.names[0], side.communes) if side.names else [] for side in sides]
        same: dict[int, list[Hit]] = {}
        for hit in self._blocks(asked):
            side = sides[hit.place]
            if hit.commune in side.communes and _joined(side.names[0]) in map(_joined, hit.spoken):
                same.setdefault(hit.place, []).append(hit)
        found = {}
        for place, hits in same.items():
            exactly = [hit for hit in hits if sides[place].written[0] in hit.written.split("|")]
            for some in (hits, exactly):
                if len({hit.siren for hit in some}) == 1:
                    found[place] = some
                    break
        return found

    def side(self, row: Sought) -> Side:
        """What is sought, reduced as firms are."""
        texts = variants(row.name, row.trade_name, row.sigle)
        found = [name for text in texts if (name := understood(text, self.words)).tokens]
        communes, departement = self.place_of(row)
        return Side(
            names=tuple(dict.fromkeys(name.core for name in found)),
            written=tuple(dict.fromkeys(name.written for name in found)),
            sigles=sigles_of(found),
            form=_form(row.legal_form, self.words) or next((name.form for name in found if name.form), ""),
            communes=communes,
            departement=departement,
            postcode=postcode(row.postcode) or "",
            town=frozenset(understood(row.city, self.words).tokens).union(*(self.town(code) for code in communes[:1])),
            street=plain(row.address),
            naf=normalise_naf(row.naf) if row.naf else "",
            kind=row.kind.strip().upper(),
        )

    def place_of(self, row: Sought) -> tuple[tuple[str, ...], str]:
        communes = self.communes(row.commune_code, row.postcode, row.city)
        if communes:
            known = self.places.communes.get(communes[0])
            return communes, known.departement if known else ""
        code = postcode(row.postcode)
        return (), row.departement.strip().upper() or (departement_of_postcode(code) if code else "")

    def keys(self, side: Side) -> set[int]:
        """Where several communes are possible, any of them."""
        places = [Place(self._departement(code, side), code) for code in side.communes] or [Place(side.departement)]
        return keys(side.names, side.sigles, places, self.crowded)

    def _departement(self, code: str, side: Side) -> str:
        known = self.places.communes.get(code)
        return known.departement if known else side.departement

    def hits(self, sides: Sequence[Side]) -> list[Hit]:
        """The firms that share a key with each name, by name and firm."""
        return self._blocks([self.keys(side) for side in sides])

    def _blocks(self, asked: Sequence[Iterable[int]]) -> list[Hit]:
        """One query."""
        with connection.cursor() as cursor:
            cursor.execute(_BLOCKS, [["{" + ",".join(map(str, some)) + "}" for some in asked], self.fictitious])
            return list(map(Hit._make, cursor.fetchall()))

    def _side(self, hit: Hit) -> Side:
        return Side(
            names=hit.spoken,
            written=tuple(hit.written.split("|")),
            sigles=tuple(filter(None, hit.sigles.split("|"))),
            form=hit.form,
            communes=(hit.commune,) if hit.commune else (),
            departement=hit.departement,
            postcode=hit.postcode,
            town=self.town(hit.commune),
            street=hit.street,
            naf=hit.naf,
            kind=hit.kind,
            active=hit.active,
        )

    def judged(self, sides: Sequence[Side], hits: Sequence[Hit]) -> list[list[Judged]]:
        """For each name its candidates with their chance, best first."""
        texts = alike([(sides[hit.place].names, hit.spoken) for hit in hits])
        near = self._nearest(sides, hits, texts)
        kept = [hits[at] for at in near]
        rows = measure([(sides[hit.place], self._side(hit)) for hit in kept], self.weight, self.distance, texts[near])
        base = first_score(rows)
        ends = np.searchsorted([hit.place for hit in kept], np.arange(len(sides) + 1))
        for first, last in pairwise(ends):
            add_context(rows[first:last], base[first:last], [hit.siren for hit in kept[first:last]])
        chances = self.model.probability(rows).tolist()
        found = [Judged(*one) for one in zip(kept, chances, rows, strict=True)]
        order = [(-chance, -score, hit.firm_id) for chance, score, hit in zip(chances, base, kept, strict=True)]
        return [[found[at] for at in sorted(range(*some), key=order.__getitem__)] for some in pairwise(ends)]

    def _nearest(self, sides: Sequence[Side], hits: Sequence[Hit], texts: Floats) -> np.ndarray:
        """Which to compare in detail: of each name the most alike, the nearer first among equals, then the older."""
        place = np.array([hit.place for hit in hits], dtype=np.intp)
        score = texts.max(axis=1, initial=0) + texts.mean(axis=1) + [_bonus(sides[hit.place], hit) for hit in hits]
        order = np.lexsort(([hit.firm_id for hit in hits], -score, place))
        sizes = np.bincount(place, minlength=1)
        rank = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        best: np.ndarray = order[rank < self.reference.integer("linkage.candidates")]
        return best

    def decide(self, settled: bool, found: Sequence[Judged]) -> Linked:
        """Linked when one legal unit is likely and no other is; then its establishment, by likelihood and place."""
        if settled:
            sure = self.reference["linkage.settled"]
            found = [replace(item, chance=max(sure, item.chance)) for item in found]
        link, doubt, rival = (self.reference[f"linkage.{name}"] for name in ("link", "doubt", "rival"))
        likely = [item for item in found if item.chance >= doubt]
        shown = tuple(item.candidate() for item in likely[:_SHOWN])
        if not likely:
            why = "n'a un nom assez proche à cet endroit" if found else "ne partage de mot distinctif avec ce nom"
            chance = found[0].chance if found else 0.0
            return Linked("not_found", None, chance, (), f"Aucun établissement connu {why}.")
        best = likely[0]
        units = {item.firm.siren for item in likely}
        if best.chance < link:
            many = f"{len(units)} entreprises possibles" if len(units) > 1 else "une entreprise possible"
            return Linked("ambiguous", None, best.chance, shown, f"Ressemblance insuffisante : {many}, à confirmer.")
        if any(item.chance >= rival for item in likely if item.firm.siren != best.firm.siren):
            return Linked("ambiguous", None, best.chance, shown, f"Homonymes : {len(units)} entreprises conviennent.")
        chosen, reason = _establishment([item for item in likely if item.firm.siren == best.firm.siren])
        if chosen is None:
            return Linked("ambiguous", None, best.chance, shown, reason)
        first = chosen.candidate()
        others = tuple(item for item in shown if item.firm_id != first.firm_id)[: _SHOWN - 1]
        return Linked("linked", first.firm_id, first.probability, (first, *others), reason)


def _joined(name: str) -> str:
    return name.replace(" ", "")


def _bonus(sought: Side, hit: Hit) -> float:
    """What likeness of letters does not see: a sigle, and the place."""
    sigle = sought.sigles and hit.sigles and not set(sought.sigles).isdisjoint(hit.sigles.split("|"))
    return 0.5 * bool(sigle) + 0.15 * (hit.commune in sought.communes) + 0.05 * (hit.departement == sought.departement)


def _establishment(unit: Sequence[Judged]) -> tuple[Judged | None, str]:
    """Which establishment of one unit: the likeliest; else that of the place told, the head office, the first there.

    Where no place agrees and no head office is known, a person says.
    """
    top = [item for item in unit if item.chance >= unit[0].chance - _TIE]
    top = [item for item in top if item.firm.active] or top
    here = [item for item in top if item.row[_COMMUNE]] or [item for item in top if item.row[_DEPARTEMENT]]
    some = here or top
    if len(some) == 1:
        return some[0], "Nom et lieu concordent." if here else "Nom concordant."
    head = [item for item in some if item.firm.head_office]
    if len(head) == 1:
        return head[0], "Nom concordant ; plusieurs établissements possibles, le siège est retenu."
    if here:
        return here[0], "Nom et lieu concordent ; plusieurs établissements à cet endroit, le plus probable est retenu."
    return None, f"Entreprise reconnue, mais {len(some)} de ses établissements conviennent également : à choisir."


_COMMUNE, _DEPARTEMENT = FEATURES.index("commune"), FEATURES.index("departement")
_BLOCKS = """
SELECT (q.n - 1)::int, l.firm_id, l.siren, l.names, l.written, l.sigles, l.form, l.departement, l.commune, l.postcode,
       l.street, l.naf, l.kind, l.head_office, l.active
FROM unnest(%s::text[]) WITH ORDINALITY AS q(keys, n)
CROSS JOIN LATERAL (SELECT * FROM matchmaker_linkname k WHERE k.keys && q.keys::int[] AND k.fictitious = %s OFFSET 0) l
ORDER BY q.n, l.firm_id
"""


@lru_cache(maxsize=1)
def model() -> LinkModel:
    return LinkModel.read(json.loads((FOLDER / "linkage_model.json").read_text("utf-8")))


def _form(said: str, words: Lexicon) -> str:
    """Family of a legal form given as an INSEE code or in words."""
    said = said.strip()
    return form_family(said) if said.isdigit() else understood(said, words).form


def _by_siret(rows: Sequence[Sought], fictitious: bool) -> dict[int, Linked]:
    """Rows that give a SIRET we know need no name. One query where any does."""
    said: dict[int, str] = {}
    for place, row in enumerate(rows):
        if row.siret:
            with suppress(SiretError):
                said[place] = normalise_siret(row.siret)
    known: dict[str, int] = {}
    if said:
        firms = Firm.objects.filter(siret__in=set(said.values()), fictitious=fictitious)
        known = dict(firms.values_list("siret", "id"))
    return {
        place: Linked("linked", known[siret], 1.0, (Candidate(known[siret], 1.0),), "SIRET connu.")
        for place, siret in said.items()
        if siret in known
    }
