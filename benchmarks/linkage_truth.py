"""Names of the same organisation in several real lists, their SIRET known: what linking is measured and trained on.

The lists lie beside the repository (../shared/data). One name of each organisation goes into the index; the others
are asked, with the place their own list or SIRENE gives. A sixth of the organisations are kept out of the index:
asking for them must find nothing. Nothing of this is kept: see docs/sources/linkage.md for counts.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from zlib import crc32

from geo.domain.codes import commune_code, postcode
from matchmaker.domain.naming import plain
from matchmaker.domain.siret import SiretError, normalise_siret
from matchmaker.domain.trade import normalise_naf

SHARED = Path(__file__).parents[1].parent / "shared" / "data"
ORDER = ("decp 2024", "siae", "esat", "geiq", "acheteur 2024", "boamp 2021", "decp 2018-2019", "acheteur 2018-2019")
SURE_PLACES = ("sirene", "esat", "siae", "geiq", "boamp 2021")  # best first


@dataclass(frozen=True, slots=True)
class Said:
    """What one list says of an establishment."""

    source: str
    name: str = ""
    trade_name: str = ""
    postcode: str = ""
    city: str = ""
    commune: str = ""
    departement: str = ""
    street: str = ""
    naf: str = ""
    kind: str = ""


@dataclass(slots=True)
class Entity:
    siret: str
    said: list[Said] = field(default_factory=list)

    @property
    def place(self) -> Said | None:
        """Its place as the surest list gives it."""
        known = {said.source: said for said in self.said if said.commune or said.postcode or said.city}
        return next((known[source] for source in SURE_PLACES if source in known), None)

    @property
    def departement(self) -> str:
        return next((said.departement for said in self.said if said.departement), "")

    def first(self, name: str) -> str:
        return next((value for said in self.said if (value := getattr(said, name))), "")

    @property
    def indexed(self) -> Said | None:
        """The name the index holds: of the list nearest to SIRENE, the one it gives most often."""
        named = [said for said in self.said if said.name]
        often = Counter(said.name for said in named)
        return min(named, key=lambda said: (ORDER.index(said.source), -often[said.name], said.name), default=None)


@dataclass(frozen=True, slots=True)
class Asked:
    """A name to link, and the truth: "" when the organisation is not in the index."""

    kind: str
    siret: str
    said: Said
    real: bool = True
    same: bool = False  # written alike but for capitals, accents and punctuation
    absent: bool = False
    plain: bool = False  # as the index holds it: a list linked against the firms it names, SIRET hidden

    @property
    def siren(self) -> str:
        return self.siret[:9]


def share(siren: str, salt: str = "") -> float:
    """A number in 0..1 that depends on the SIREN alone: how organisations are split."""
    return crc32(f"{salt}{siren}".encode()) / (1 << 32)


def split(siren: str) -> str:
    """train, calibration or test."""
    place = int(sha256(siren.encode()).hexdigest()[:8], 16) / (1 << 32)  # not crc32: two of them go together
    return "train" if place < 0.45 else "calibration" if place < 0.65 else "test"


def absent(siren: str) -> bool:
    return share(siren, "absent") < 1 / 6


def entities() -> dict[str, Entity]:
    """All establishments the lists name, by SIRET."""
    found: dict[str, Entity] = {}
    for siret, said in _all():
        try:
            siret = normalise_siret(siret)
        except SiretError:
            continue
        found.setdefault(siret, Entity(siret)).said.append(said)
    return found


def real_questions(known: dict[str, Entity]) -> Iterator[Asked]:
    """Every other name an organisation goes by, with the place its own list gives, else the surest one."""
    for entity in known.values():
        held = entity.indexed
        if held is None:
            continue
        out = absent(entity.siret[:9])
        names: dict[str, Said] = {}
        for said in entity.said:
            other = said.source != held.source or said.name != held.name  # one name in two lists is a pair too
            if said.name and other and said.name not in names:  # absent ones are asked by the same rule
                names[said.name] = said
        for said in [*names.values(), *_brands(entity, held)]:
            place = said if said.commune or said.postcode or said.city else entity.place
            same = plain(said.name) == plain(held.name)
            kind = "nom commercial (SIAE)" if said.source == "brand" else f"{said.source} → {held.source}"
            asked = replace(said, trade_name="", source="")
            if place:
                asked = replace(asked, postcode=place.postcode, city=place.city, commune=place.commune)
            else:
                asked = replace(asked, departement=entity.departement)
            yield Asked(kind, entity.siret, asked, same=same, absent=out)


LISTS = ("siae", "esat", "geiq", "decp 2024", "decp 2018-2019")


def plain_questions(known: dict[str, Entity]) -> Iterator[Asked]:
    """The members of the public lists and holders of awards, each by the name held, once; a fifth without a place."""
    for entity in known.values():
        held, place = entity.indexed, entity.place
        source = next((said.source for said in entity.said if said.source in LISTS), "")
        if held is None or not source:
            continue
        asked = Said("", held.name, kind=entity.first("kind"))
        if share(entity.siret, "told") < 0.8:
            asked = (
                replace(asked, postcode=place.postcode, city=place.city)
                if place
                else replace(asked, departement=entity.departement)
            )
        yield Asked(source, entity.siret, asked, same=True, absent=absent(entity.siret[:9]), plain=True)


def _brands(entity: Entity, held: Said) -> Iterator[Said]:
    for said in entity.said:
        if said.trade_name and plain(said.trade_name) not in (plain(said.name), plain(held.name)):
            yield replace(said, name=said.trade_name, source="brand")


def _all() -> Iterator[tuple[str, Said]]:
    for row in _table("sirene/etablissements_titulaires_decp.csv.gz"):
        street = f"{row['typeVoieEtablissement']} {row['libelleVoieEtablissement']}".strip()
        place = {"postcode": postcode(row["codePostalEtablissement"]) or "", "city": row["libelleCommuneEtablissement"]}
        commune = commune_code(row["codeCommuneEtablissement"]) or ""
        naf = normalise_naf(row["activitePrincipaleEtablissement"])
        yield row["siret"], Said("sirene", commune=commune, street=street, naf=naf, **place)
    for row in _table("ess/siae_le_marche.csv.gz"):
        place = {"postcode": postcode(row["post_code"]) or "", "city": row["city"], "street": row["address"]}
        kind, naf = row["kind"], normalise_naf(row["naf"])
        yield row["siret"], Said("siae", row["name"], row["brand"], kind=kind, naf=naf, **place)
    for row in _table("ess/esat_liste_officielle.csv.gz"):
        place = {"postcode": postcode(row["ET-Code Postal"]) or "", "city": row["ET-Commune Libellé"]}
        commune = commune_code(row["ET-Commune Code"]) or ""
        street = row["ET-Adresse"]
        yield (
            row["ET-SIRET"],
            Said("esat", row["ET-Raison sociale"], commune=commune, street=street, kind="ESAT", **place),
        )
    for row in _table("ess/geiq_label.csv.gz"):
        place = {"postcode": postcode(row["cp"]) or "", "city": row["ville"]}
        yield row["siret"], Said("geiq", row["nom"], kind="GEIQ", **place)
    for row in _table("awards/decp_2024h2_cpv4521.csv.gz"):
        yield (
            row["titulaire_id"],
            Said("decp 2024", row["titulaire_nom"], departement=row["titulaire_departement_code"]),
        )
        yield (
            row["acheteur_id"],
            Said("acheteur 2024", row["acheteur_nom"], departement=row["acheteur_departement_code"]),
        )
    for row in _table("notices/boamp_2021_t1_avis.csv.gz"):
        place = {"postcode": postcode(row["acheteur_cp"]) or "", "city": row["acheteur_ville"]}
        yield row["acheteur_id"], Said("boamp 2021", row["acheteur"], **place)
    yield from _awards_2018()


def _awards_2018() -> Iterator[tuple[str, Said]]:
    with gzip.open(SHARED / "awards/decp_v1_2018_2019.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            award = json.loads(line)
            buyer = award.get("acheteur") or award.get("autoriteConcedante") or {}
            yield str(buyer.get("id")), Said("acheteur 2018-2019", _tidy(buyer.get("nom")))
            for holder in award.get("titulaires") or award.get("concessionnaires") or []:
                if holder.get("typeIdentifiant") == "SIRET":
                    yield str(holder.get("id")), Said("decp 2018-2019", _tidy(holder.get("denominationSociale")))


def _tidy(name: object) -> str:
    return re.sub(r"\s+", " ", str(name or "")).strip()


def _table(path: str) -> Iterator[dict[str, str]]:
    csv.field_size_limit(10**9)
    with gzip.open(SHARED / path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: _tidy(value) for key, value in row.items()}


def by_siren(known: dict[str, Entity]) -> dict[str, list[Entity]]:
    found: dict[str, list[Entity]] = defaultdict(list)
    for entity in known.values():
        found[entity.siret[:9]].append(entity)
    return found
