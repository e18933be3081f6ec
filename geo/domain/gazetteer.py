"""From the words of a notice or an address to a point with its uncertainty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from geo.domain.codes import commune_code, departement_of_postcode, is_nuts_fr, postcode, search_name
from geo.domain.distance import distance_km, spread
from geo.domain.point import Point

_NAME_CUTOFF = 84.0  # below this a name is somebody else's (checked on misspelt names of real notices)


@dataclass(frozen=True, slots=True)
class KnownCommune:
    code: str
    name: str
    search_name: str
    departement: str
    population: int
    postcodes: tuple[str, ...]
    parent: str
    current: bool
    point: Point | None


@dataclass(frozen=True, slots=True)
class KnownDepartement:
    code: str
    name: str
    region_code: str
    region_name: str
    population: int
    point: Point | None
    spread_km: float


@dataclass(frozen=True, slots=True)
class Located:
    """Where something is. ``precision``: commune, postcode, departement or region."""

    point: Point
    uncertainty_km: float
    label: str
    departement: str
    precision: str
    commune: str = ""


@dataclass(slots=True)
class Gazetteer:
    """All communes and départements in memory; answers without a query. Built once a process."""

    communes: Mapping[str, KnownCommune]
    departements: Mapping[str, KnownDepartement]
    nuts3: Mapping[str, str]
    by_postcode: dict[str, list[KnownCommune]] = field(default_factory=lambda: defaultdict(list))
    by_departement: dict[str, list[KnownCommune]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[str, list[KnownCommune]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for commune in self.communes.values():
            self.by_departement[commune.departement].append(commune)
            self.by_name[commune.search_name].append(commune)
            for code in commune.postcodes:
                self.by_postcode[code].append(commune)

    def commune(self, code: str) -> KnownCommune | None:
        normal = commune_code(code)
        return self.communes.get(normal) if normal else None

    def search(self, text: str, limit: int = 10) -> list[KnownCommune]:
        """Communes by code, postcode or (misspelt) name, best first, larger first among equals."""
        word = text.strip()
        exact = self.commune(word) if len(word) == 5 else None
        if word.isdigit():  # five digits may be the code of one commune and the postcode of others
            served = sorted(self.by_postcode.get(postcode(word) or "", []), key=lambda c: (-c.population, c.code))
            return list(dict.fromkeys([*([exact] if exact else []), *served]))[:limit]
        if exact:
            return [exact]
        name = search_name(word)
        if len(name) < 2:
            return []
        starts = [known for known in self.by_name if known.startswith(name)]
        near = process.extract(name, self.by_name.keys(), scorer=fuzz.ratio, limit=limit, score_cutoff=70)
        scored = {known: 90.0 + 10.0 * (known == name) for known in starts}
        for known, score, _ in near:
            scored[known] = max(float(score), scored.get(known, 0.0))
        found = [(score, commune) for known, score in scored.items() for commune in self.by_name[known]]
        found.sort(key=lambda item: (-item[0], not item[1].current, -item[1].population, item[1].code))
        return [commune for _, commune in found[:limit]]

    def locate(self, *, nuts: str = "", zipcode: str = "", city: str = "", country: str = "FR") -> Located | None:
        """Commune, else postcode, else NUTS3, else region; None when nothing French is recognised."""
        if country not in ("", "FR", "RE", "GP", "MQ", "GF", "YT", "PM", "MF", "BL", "NC", "PF", "WF"):
            return None
        return (
            self._by_commune(postcode(zipcode) or "", city, self._departements(nuts))
            or self._by_postcode(postcode(zipcode) or "")
            or self._by_nuts(nuts)
        )

    def locate_commune(self, code: str) -> Located | None:
        commune = self.commune(code)
        return self._at(commune) if commune else None

    def locate_departement(self, code: str) -> Located | None:
        return self._by_departement(code.strip().upper().zfill(2))

    def _at(self, commune: KnownCommune) -> Located | None:
        if commune.point is None:
            return None
        name = f"{commune.name} ({commune.departement})"
        return Located(commune.point, 0.0, name, commune.departement, "commune", commune.code)

    def _by_commune(self, code: str, city: str, departements: Sequence[str]) -> Located | None:
        name = search_name(city)
        if not name:
            return None
        pool = list(self.by_postcode.get(code, []))
        if not pool and code:  # CEDEX postcodes belong to no commune: search the département
            pool = self.by_departement.get(departement_of_postcode(code), [])
        if not pool:
            pool = [commune for departement in departements for commune in self.by_departement[departement]]
        if not pool and not code:  # nothing but a name: believed when France has one commune of that very name
            namesakes = [commune for commune in self.by_name.get(name, []) if commune.current]
            pool = namesakes if len(namesakes) == 1 else []
        found = _closest(name, pool)
        return self._at(found) if found else None

    def _by_postcode(self, code: str) -> Located | None:
        pool = [commune for commune in self.by_postcode.get(code, []) if commune.point]
        if not pool:
            return self._by_departement(departement_of_postcode(code)) if code else None
        if len(pool) == 1:
            return self._at(pool[0])
        middle = spread([(commune.point, float(commune.population or 1)) for commune in pool if commune.point])
        return Located(middle.centre, middle.uncertainty_km, f"code postal {code}", pool[0].departement, "postcode")

    def _departements(self, nuts: str) -> list[str]:
        if not is_nuts_fr(nuts) or len(nuts) < 3:
            return []
        return sorted({code for known, code in self.nuts3.items() if known.startswith(nuts)})

    def _by_departement(self, code: str) -> Located | None:
        known = self.departements.get(code)
        if known is None or known.point is None:
            return None
        return Located(known.point, known.spread_km, f"{known.name} ({known.code})", known.code, "departement")

    def _by_nuts(self, nuts: str) -> Located | None:
        codes = self._departements(nuts)
        if len(codes) == 1:
            return self._by_departement(codes[0])
        known = [self.departements[code] for code in codes if code in self.departements]
        placed = [(d.point, float(d.population or 1)) for d in known if d.point]
        if not placed:
            return None
        middle = spread(placed)
        within = sum(d.spread_km * (d.population or 1) for d in known) / sum(d.population or 1 for d in known)
        regions = sorted({d.region_name for d in known})
        uncertainty = (middle.uncertainty_km**2 + within**2) ** 0.5
        return Located(middle.centre, uncertainty, ", ".join(regions), "", "region")


def gather(places: Iterable[Located]) -> Located | None:
    """One place for several: their centre, uncertain enough to hold them all. None when there is none."""
    known = list(dict.fromkeys(places))
    if len(known) <= 1:
        return known[0] if known else None
    exact = [place for place in known if place.precision in ("commune", "postcode")] or known
    if len(exact) == 1:
        return exact[0]
    middle = spread([(place.point, 1.0) for place in exact]).centre
    reach = max(distance_km(middle, place.point) + place.uncertainty_km for place in exact)
    departements = {place.departement for place in exact}
    label = ", ".join(place.label for place in exact[:3]) + ("…" if len(exact) > 3 else "")
    only = departements.pop() if len(departements) == 1 else ""
    return Located(middle, reach, label, only, max(place.precision for place in exact))


def _closest(name: str, pool: Sequence[KnownCommune]) -> KnownCommune | None:
    """The commune of a pool whose name is meant: equal, then contained, then nearly equal."""
    current = sorted(pool, key=lambda commune: (not commune.current, -commune.population))
    for commune in current:
        if commune.search_name == name:
            return commune
    for commune in current:  # "Lyon 3e", "Paris La Défense": the city's name starts the text
        if name.startswith(commune.search_name + " "):
            return commune
    best = process.extractOne(name, [c.search_name for c in current], scorer=fuzz.ratio, score_cutoff=_NAME_CUTOFF)
    return current[best[2]] if best else None
