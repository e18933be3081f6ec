"""A database of its own holding the real organisations and millions of made-up ones that look like them.

Words of real names shuffled with their real frequencies; where no word of a real name is its own alone, it has an exact
homonym elsewhere about every second time; one in seven has a relative in its town (a holding, a property company,
"& fils"), one in three other establishments. A SIREN has one head office.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import StringIO
from itertools import accumulate, batched

import django
import psycopg
from psycopg import sql

from benchmarks.linkage_truth import Entity
from benchmarks.sirene_stock import _words
from config import settings as site
from geo.domain.codes import departement_of, postcode

DATABASE = "maillage_bench_linkage_{}"
_NEAR = (
    "SCI {}",
    "HOLDING {}",
    "GROUPE {}",
    "{} SERVICES",
    "{} ET FILS",
    "{} ENVIRONNEMENT",
    "FINANCIERE {}",
    "AMICALE {}",
)
_FORMS = (*["SARL {}"] * 6, *["SAS {}"] * 4, "ETS {}", "EURL {}", "SA {}", *["{} SARL"] * 2, *["{}"] * 12)
_VOWELS, _CONSONANTS = "AEIOU", "BCDFGLMNPRSTV"

FIRM = (
    "siret, siren, name, trade_name, legal_form, inclusive_kind, naf, address, postcode, city, commune_id, "
    "head_office, diffusion"
)


@dataclass(frozen=True, slots=True)
class Row:
    siret: str
    name: str
    trade_name: str
    naf: str
    kind: str
    address: str
    postcode: str
    city: str
    commune: str
    head: bool = True


@dataclass(frozen=True, slots=True)
class Town:
    code: str
    name: str
    postcode: str


def own_database(size: int, keep: bool) -> None:
    """Create the benchmark's database beside the site's and point Django to it. Before any import of models."""
    database = DATABASE.format(size)
    where = {"host": os.environ["MAILLAGE_DB_HOST"], "user": os.environ["MAILLAGE_DB_USER"], "dbname": "postgres"}
    with psycopg.connect(**where, autocommit=True) as server:
        there = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if there and not keep:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))
        if not (there and keep):
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    site.DATABASES["default"]["NAME"] = database
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def drop_database(size: int) -> None:
    from django.db import connections

    connections.close_all()
    connections["default"].close_pool()
    where = {"host": os.environ["MAILLAGE_DB_HOST"], "user": os.environ["MAILLAGE_DB_USER"], "dbname": "postgres"}
    with psycopg.connect(**where, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE.format(size))))


def tables() -> None:
    """As the code has them now, parameters too; quick when they are so."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("load_reference", verbosity=0, stdout=StringIO())


def fill(entities: list[Entity], size: int, seed: int = 20_261_123) -> int:
    """Territory, the real organisations and ``size`` made-up establishments. Returns rows written."""
    from django.core.management import call_command
    from django.db import connection

    call_command("load_territory", verbosity=0, stdout=StringIO())
    towns = Towns.read()
    rng = random.Random(seed)
    real = _one_head_office_each([row for entity in entities if (row := _real(entity, towns, rng))])
    with connection.cursor() as cursor:
        for index in ("firm_trades", "matchmaker_firm_point_0f61b3b2_id"):
            cursor.execute(f"DROP INDEX IF EXISTS {index}")
        cursor.execute(
            "CREATE TEMP TABLE stage (siret text, siren text, name text, trade_name text, legal_form text, "
            "inclusive_kind text, naf text, address text, postcode text, city text, commune_id text, "
            "head_office bool, diffusion text)"
        )
        with cursor.copy(f"COPY stage ({FIRM}) FROM STDIN") as copy:
            for rows in batched(_everyone(real, size, towns, rng), 2_000, strict=False):
                copy.write("".join(_line(row) for row in rows).encode())
        cursor.execute(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_name = 'matchmaker_firm' ORDER BY ordinal_position"
        )
        others = {
            name: _DEFAULTS[kind]
            for name, kind, nullable in cursor.fetchall()
            if nullable == "NO" and name not in FIRM.split(", ") and name != "id"
        } | {"active": "true", "updated_at": "now()"}
        cursor.execute(
            f"INSERT INTO matchmaker_firm ({', '.join([FIRM, *others])}) "
            f"SELECT {', '.join([FIRM, *others.values()])} FROM stage ON CONFLICT (siret) DO NOTHING"
        )
        written = cursor.rowcount
        cursor.execute("DROP TABLE stage")
        cursor.execute("ANALYZE matchmaker_firm")
    return written


_DEFAULTS = {
    "character varying": "''", "text": "''", "boolean": "false", "bigint": "0", "integer": "0", "double precision": "0",
    "smallint": "0", "jsonb": "'[]'", "ARRAY": "'{}'", "timestamp with time zone": "now()",
}  # fmt: skip


def _line(row: Row) -> str:
    cells = (
        row.siret, row.siret[:9], row.name[:200], row.trade_name[:200], "", row.kind, row.naf, row.address[:250],
        row.postcode, row.city[:120], row.commune or "\\N", "t" if row.head else "f", "O",
    )  # fmt: skip
    return "\t".join(cell if cell == "\\N" else cell.replace("\\", " ").replace("\t", " ") for cell in cells) + "\n"


@dataclass(slots=True)
class Towns:
    """Communes by population, and by département."""

    all: list[Town]
    weights: list[int]
    by_departement: dict[str, tuple[list[Town], list[int]]]

    @classmethod
    def read(cls) -> Towns:
        from geo.models import Commune

        rows = Commune.objects.filter(kind="commune", population__gt=0).order_by("code")
        found = [
            (Town(code, name.upper(), codes[0]), population)
            for code, name, codes, population in rows.values_list("code", "name", "postcodes", "population")
            if codes
        ]
        parts: dict[str, tuple[list[Town], list[int]]] = {}
        for town, population in found:
            towns, weights = parts.setdefault(departement_of(town.code), ([], []))
            towns.append(town)
            weights.append(population)
        return cls(
            [town for town, _ in found],
            list(accumulate(p for _, p in found)),
            {key: (towns, list(accumulate(weights))) for key, (towns, weights) in parts.items()},
        )

    def any(self, rng: random.Random, departement: str = "") -> Town:
        towns, weights = self.by_departement.get(departement, (self.all, self.weights))
        return rng.choices(towns, cum_weights=weights)[0]


def _real(entity: Entity, towns: Towns, rng: random.Random) -> Row | None:
    """As SIRENE would hold it; where no list says where it is, somewhere in its département."""
    from geo.queries import locate

    held, place = entity.indexed, entity.place
    if held is None:
        return None
    rng.seed(f"{entity.siret} place")
    town = towns.any(rng, entity.departement)
    commune, code, city = town.code, town.postcode, town.name
    if place:
        found = None if place.commune else locate(zipcode=place.postcode, city=place.city)
        commune = place.commune or (found.commune if found else "")
        code, city = postcode(place.postcode) or "", place.city
    from geo.models import Commune

    if commune and not Commune.objects.filter(code=commune).exists():
        commune = ""
    trade_name = next((said.trade_name for said in entity.said if said.trade_name), "")
    brand = trade_name if trade_name != held.name and rng.random() < 0.5 else ""  # SIRENE knows half of them
    return Row(entity.siret, held.name, brand, entity.first("naf"), entity.first("kind"), entity.first("street"),
               code, city, commune)  # fmt: skip


def _one_head_office_each(rows: list[Row]) -> list[Row]:
    """As SIRENE has it: the first SIRET of a SIREN stands for the head office."""
    first: dict[str, str] = {}
    for row in rows:
        first[row.siret[:9]] = min(row.siret, first.get(row.siret[:9], row.siret))
    return [replace(row, head=row.siret == first[row.siret[:9]]) for row in rows]


def _everyone(real: list[Row], size: int, towns: Towns, rng: random.Random) -> Iterator[Row]:
    yield from real
    yield from made_up(real, size, towns, rng)


def made_up(real: list[Row], size: int, towns: Towns, rng: random.Random) -> Iterator[Row]:
    rng.seed(f"made up {size}")
    lists = _words()
    counts = Counter(word for row in real for word in row.name.split())
    vocabulary = list(counts)
    common = list(accumulate(count**0.75 for count in counts.values()))
    nafs, works, family = lists["nafs"], lists["works"], lists["family"]
    recent: list[Row] = list(real)
    for rank in range(size):
        town, dice = towns.any(rng), rng.random()
        siren, nic, trade_name, head = f"{rank + 1:09d}", "00010", "", True
        if dice < 0.30:
            words = _outside(rng.choice(real).name).split()
            rarest = min(range(len(words)), key=lambda at: counts[words[at]]) if words else 0
            words[rarest : rarest + 1] = rng.choices(vocabulary, cum_weights=common)
            name = " ".join(words)
        elif dice < 0.45:
            name = rng.choice(
                (
                    f"{rng.choice(family)} {rng.choice(works)}",
                    f"{rng.choice(works)} {town.name}",
                    f"{rng.choice(family)} {rng.choice(lists['first_names'])}",
                )
            )
        elif dice < 0.62:
            name = " ".join(rng.choices(vocabulary, cum_weights=common, k=rng.choice((2, 2, 3))))
        elif dice < 0.865:
            name = _invented(rng) + rng.choice(("", "", f" {rng.choice(works)}"))
        elif dice < 0.92:
            name = rng.choice(recent).name  # a homonym elsewhere, of those whose words others use too
            while not all(counts[word] != 1 for word in name.split()):
                name = rng.choice(recent).name
        elif dice < 0.94:
            near = rng.choice(recent)  # its neighbour
            name, town = rng.choice(_NEAR).format(near.name), Town(near.commune, near.city, near.postcode)
        else:
            unit = rng.choice(recent)  # another establishment of one unit
            name, siren, nic, head = unit.name, unit.siret[:9], f"{10_000 + rank % 89_999}", False
        if 0.30 <= dice < 0.865:
            name = rng.choice(_FORMS).format(name)
        if rng.random() < 0.12:
            trade_name = (
                f"{_invented(rng)} {rng.choice(works)}" if rng.random() < 0.7 else f"{rng.choice(works)} {town.name}"
            )
        address = f"{rng.randint(1, 180)} {rng.choice(lists['streets'])} {rng.choice(lists['street_names'])}"
        row = Row(
            siren + nic, name, trade_name, rng.choice(nafs), "", address, town.postcode, town.name, town.code, head
        )
        if len(recent) < 300_000:
            recent.append(row)
        else:
            recent[rng.randrange(len(real), 300_000)] = row
        yield row


def _outside(name: str) -> str:
    """Without the second name in brackets: another firm does not bear it."""
    return name.split("(")[0].strip() or name


def _invented(rng: random.Random) -> str:
    return "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(rng.choice((2, 3, 3, 4)))) + rng.choice(
        ("", "", "X", "S", "TEC", "BAT", "NOV")
    )
