"""Made firms and lots by the hundred thousand, in towns of unequal size, written by SQL: nothing in them is real."""

from __future__ import annotations

import random
from datetime import timedelta

from django.contrib.gis.geos import Point
from django.db import connection
from django.db.models import NOT_PROVIDED
from django.utils import timezone

from matchmaker.models import Buyer, Firm, Lot, RawDocument, Tender
from matchmaker.needs import set_needs
from matchmaker.reference import reference

TOWNS = 3_000
WORDS = 4_000


def towns(seed: int = 1) -> list[tuple[float, float]]:
    """Places in metropolitan France, the first ones the most peopled."""
    dice = random.Random(seed)
    return [(dice.uniform(-1.5, 7.0), dice.uniform(43.2, 50.2)) for _ in range(TOWNS)]


def make_firms(count: int, seed: float = 0.5) -> None:
    """Insert made firms in one statement: a trade or two each (some frequent), capacity log-normal, one in ten ESS."""
    codes = sorted(reference().trades)
    lon, lat = zip(*towns(), strict=True)
    given = {
        "siret": "lpad((10000000000000 + n)::text, 14, '0')",
        "siren": "lpad((100000000 + n)::text, 9, '0')",
        "name": "'Entreprise mot' || (random() * %(words)s)::int || ' terme' || (random() * %(words)s)::int",
        "trades": "ARRAY[(%(codes)s::varchar[])[1 + floor(power(random(), 1.5) * %(kinds)s)]]",
        "trade_source": "'naf'",
        "ess": "CASE WHEN random() < 0.1 THEN 'yes' ELSE 'no' END",
        "headcount_band": "'11'",
        "fte_mid": "middle / 80000.0",
        "capacity_low_eur": "middle / 2",
        "capacity_mid_eur": "middle",
        "capacity_high_eur": "middle * 2",
        "turnover_mid_eur": "middle * 4",
        "point": "ST_Point((%(lon)s::float[])[town] + 0.03 * (random() - 0.5),"
        " (%(lat)s::float[])[town] + 0.03 * (random() - 0.5), 4326)::geography",
        "point_precision": "'address'",
        "source": "'essai'",
        "record_hash": "n::text",
        "described_with": "%(version)s",
        "described_on": "current_date",
        "updated_at": "now() - interval '1 day'",
    }
    columns, values = zip(*_columns(given), strict=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [seed])
        cursor.execute(
            f"INSERT INTO matchmaker_firm ({', '.join(columns)}) SELECT {', '.join(values)} FROM (SELECT n,"
            " 1 + floor(power(random(), 2) * %(towns)s)::int AS town,"
            " (exp(10.8 + 1.1 * (random() + random() + random() + random() - 2) * 1.7))::bigint AS middle"
            " FROM generate_series(1, %(count)s) n) made",
            {
                "count": count, "towns": TOWNS, "words": WORDS, "codes": codes, "kinds": len(codes),
                "lon": list(lon), "lat": list(lat), "version": reference().version,
            },
        )  # fmt: skip
        cursor.execute("ANALYZE matchmaker_firm")


def _columns(given: dict[str, str]) -> list[tuple[str, str]]:
    """Columns of a firm and what SQL puts there: what is given, else the field's own default when it needs one."""
    found = []
    for field in Firm._meta.concrete_fields:
        if field.name in given:
            found.append((f'"{field.column}"', given[field.name]))
        elif not field.null and not field.primary_key:
            default = field.get_default() if field.default is not NOT_PROVIDED else ""
            written = {list: "'{}'", dict: "'{}'"}.get(type(default)) or f"'{default}'"
            written = "'[]'" if field.name == "capacity_steps" else written
            found.append((f'"{field.column}"', written))
    return found


def make_lots(count: int, seed: int = 2) -> None:
    """Insert made open lots, a tender each: one CPV code of a trade, log-normal amounts, some unknown."""
    dice, places, tables = random.Random(seed), towns(), reference()
    cpvs = [cpv.ljust(8, "0")[:8] for trade in tables.trades.values() for cpv in trade.cpvs]
    raw = RawDocument.objects.create(sha256="0" * 64, name="essai", size=1)
    buyer = Buyer.objects.create(key="essai", name="Acheteur d'essai")
    today = timezone.localdate()
    common = {"source": "essai", "version": "01", "kind": "contract", "buyer": buyer, "raw": raw, "title": "Essai"}
    tenders = Tender.objects.bulk_create(
        [Tender(notice_id=str(n), published_on=today, record_hash=str(n), **common) for n in range(count)],
        batch_size=2_000,
    )
    lots = []
    for tender in tenders:
        lon, lat = places[int(TOWNS * dice.random() ** 2)]
        lot = Lot(
            tender=tender,
            number="1",
            position=0,
            title=f"Prestation mot{dice.randrange(WORDS)} terme{dice.randrange(WORDS)}",
            cpvs=[dice.choice(cpvs)],
            amount_eur=None if dice.random() < 0.2 else int(2_000 + dice.lognormvariate(12, 1.2)),
            duration_months=dice.choice((12, 24, 48)),
            deadline=timezone.now() + timedelta(days=dice.randint(5, 60)),
            point=Point(lon, lat, srid=4326),
            uncertainty_km=dice.choice((0.0, 3.0, 8.0)),
        )
        set_needs(lot, tables)
        lots.append(lot)
    Lot.objects.bulk_create(lots, batch_size=2_000)
