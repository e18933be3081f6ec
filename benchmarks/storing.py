"""Claim: the supply of a country is read into its snapshot in well under a minute, one change costs a fraction of a
second, and every open lot is matched and stored, with the parts of each score, in less than one.

``./run bench storing`` with ``BENCH_FIRMS`` (220 000) made-up firms and ``BENCH_LOTS`` (10 000) lots, in a database
and a folder of their own that go away at the end. ``BENCH_FIRMS=2300000`` is the country.
"""

from __future__ import annotations

import os
import resource
import tempfile
from itertools import batched
from pathlib import Path

import django

from benchmarks.sirene import connect
from benchmarks.table import median, percentile, show, timed
from config import settings as site

NAME = "bench_storing"
FIRMS = int(os.environ.get("BENCH_FIRMS", "220000"))
LOTS = int(os.environ.get("BENCH_LOTS", "10000"))
WORDS = 20_000  # distinct words of names, met as often as their rank says
ASKED = 50  # lots asked one by one, through the API

# Firms live around 2,000 towns; trades as SIRENE's: one for most, several where a NAF is vague.
_FIRMS = """
INSERT INTO matchmaker_firm (siret, siren, name, trade_name, legal_form, ess, ess_family, ess_provenance,
    inclusive_kind, naf, naf25, declared_trades,
    trades, trade_source, headcount_band, size_category, ending_eur, notified_eur, fte_mid,
    capacity_low_eur, capacity_mid_eur, capacity_high_eur, turnover_mid_eur, capacity_steps, described_with, address,
    postcode, city, point, point_precision, diffusion, active, website, fictitious, source, record_hash, updated_at,
    ess_listed, esus)
SELECT lpad(n::text, 14, '0'), lpad((n / 2)::text, 9, '0'), word(n, 1) || ' ' || word(n, 2), '', '', CASE WHEN
    n %% 11 = 0 THEN 'yes' ELSE 'no' END, '', '', CASE n %% 400 WHEN 0 THEN 'EI' WHEN 1 THEN 'ACI' WHEN 2 THEN 'ESAT'
    ELSE '' END, '', '', '{}', CASE WHEN n %% 10 = 0 THEN ARRAY[trade(n), trade(n + 7)] ELSE ARRAY[trade(n)] END, 'naf',
    '', '', 0, 0, 0, size * 6 / 10, size, size * 17 / 10, size * 4, '[]', '', '', '', '',
    ST_SetSRID(ST_MakePoint(lon + 0.3 * (dice(n, 5) - 0.5), lat + 0.2 * (dice(n, 6) - 0.5)), 4326)::geography,
    'address', 'O', true, '', false, 'sirene', '', now() - interval '1 day', false, false
FROM (SELECT n, -4 + 11 * dice(n %% 2000, 3) AS lon, 43 + 7 * dice(n %% 2000, 4) AS lat,
    (20000 * exp(3 * dice(n, 7)))::bigint AS size FROM generate_series(%(first)s, %(last)s) n) drawn
"""
_TOOLS = f"""
CREATE FUNCTION dice(n bigint, face int) RETURNS float8 IMMUTABLE LANGUAGE sql AS
    'SELECT (hashint8extended(n, face) & 1048575) / 1048576.0::float8';
CREATE FUNCTION trade(n bigint) RETURNS varchar(3) IMMUTABLE LANGUAGE sql AS
    $$SELECT 'T' || lpad((1 + floor(46 * dice(n, 1)))::text, 2, '0')$$;
CREATE FUNCTION word(n bigint, place int) RETURNS text IMMUTABLE LANGUAGE sql AS
    $$SELECT translate(to_hex(floor({WORDS} ^ dice(n, 10 + place))::int * 7919 + 65536), '0123456789', 'ghijklmnop')$$;
"""
_LOTS = """
INSERT INTO matchmaker_lot (tender_id, number, position, title, description, cpvs, amount_eur, amount_shared,
    imputed_basis, duration_months, reservation, reserved_execution, social, green, documents_url, places, point,
    uncertainty_km, place_label, needs, trades, match_state, supply_count, solo_count, deadline)
SELECT %(tender)s, n, n, word(n, 1) || ' ' || word(n, 3), '', ARRAY[%(cpv)s]::varchar[],
    10000 + (1e6 * dice(n, 8))::bigint, false,
    '', 12 + n %% 36, CASE n %% 30 WHEN 0 THEN 'siae' ELSE 'none' END, false, '{}', '{}', '', '[]',
    ST_SetSRID(ST_MakePoint(-4 + 11 * dice(n %% 2000, 3), 43 + 7 * dice(n %% 2000, 4)), 4326)::geography,
    n %% 4 * 5, '', '[]', '{}', 'pending', 0, 0, now() + interval '30 days'
FROM generate_series(%(first)s, %(last)s) n
"""


def fill() -> None:
    """Firms and lots, by SQL."""
    from django.core.management import call_command
    from django.db import connection

    from matchmaker.models import Buyer, PendingChange, RawDocument, Tender
    from matchmaker.reference import reference

    call_command("migrate", verbosity=0)
    call_command("load_reference", verbosity=0)
    raw = RawDocument.objects.create(sha256="0" * 64, name="banc", size=0)
    buyer = Buyer.objects.create(key="banc", name="Banc", siret="21380185700015")
    codes = [trade.cpvs[0] for trade in reference().trades.values() if trade.cpvs]
    with connection.cursor() as cursor:
        cursor.execute(_TOOLS)
        for first in range(1, FIRMS + 1, 200_000):
            cursor.execute(_FIRMS, {"first": first, "last": min(FIRMS, first + 199_999)})
        for number, cpv in enumerate(codes):
            tender = Tender.objects.create(
                source="banc", notice_id=str(number), version="1", kind="contract", title="Banc", buyer=buyer,
                raw=raw, record_hash="",
            )  # fmt: skip
            first, last = number * LOTS // len(codes), (number + 1) * LOTS // len(codes) - 1
            cursor.execute(_LOTS, {"tender": tender.pk, "cpv": cpv, "first": first, "last": last})
        cursor.execute("ANALYZE")
    PendingChange.objects.all().delete()


def measure() -> None:
    from django.test import Client

    from matchmaker import snapshot
    from matchmaker.match import BATCH, asked, match_lots
    from matchmaker.models import Firm, Lot, Match
    from matchmaker.reference import reference

    build = timed(lambda: snapshot.build(False))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    same = timed(lambda: snapshot.refresh(False), 5)
    quick = timed(lambda: snapshot.refresh(False, thorough=False), 5)
    snapshot._open.clear()
    opening = timed(lambda: snapshot.current(False))
    firms = iter(Firm.objects.order_by("?")[:5])

    def change() -> None:
        firm = next(firms)
        firm.capacity_high_eur += 1_000
        firm.save(update_fields=["capacity_high_eur", "updated_at"])
        assert snapshot.refresh(False, thorough=False).changed == (firm.pk,)

    one = timed(change, 5)
    tables, supply = reference(), snapshot.current(False)
    ids = list(Lot.objects.order_by("pk").values_list("pk", flat=True))

    def ask() -> None:
        for batch in batched(ids, BATCH, strict=False):
            asked(list(Lot.objects.filter(pk__in=batch).select_related("tender__buyer")), supply, tables)

    asking = timed(ask)
    storing = timed(lambda: match_lots(ids))
    client = Client()
    some = iter(ids[:: max(1, len(ids) // ASKED)])
    page = timed(lambda: client.get(f"/api/lots/{next(some)}/ranking"), ASKED)
    size = sum(one.bytes for one in supply.manifest.files) / 1e6
    show(
        f"Storing: {FIRMS} firms, {len(ids)} lots, {Match.objects.count()} matches with their parts",
        ["What", "seconds", "p95"],
        [
            ["snapshot built from PostGIS", f"{build[0]:.2f}", ""],
            ["opened by a process, checksums verified", f"{opening[0]:.3f}", ""],
            ["nothing changed, firms counted", f"{median(same):.4f}", ""],
            ["nothing changed", f"{median(quick):.4f}", ""],
            ["one firm changed, saved and refreshed", f"{median(one):.3f}", ""],
            ["all lots read and asked, nothing stored", f"{asking[0]:.2f}", ""],
            ["all lots matched and stored", f"{storing[0]:.2f}", ""],
            ["one lot through the API, in process", f"{median(page):.4f}", f"{percentile(page, 0.95):.4f}"],
        ],
        [f"Snapshot of {size:.0f} MB on disk. Peak memory of the builder: {peak:.0f} MB."],
    )


def main() -> None:
    with connect("postgres") as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {NAME}")
    site.DATABASES["default"]["NAME"] = NAME
    try:
        with tempfile.TemporaryDirectory() as folder:
            site.SNAPSHOTS = Path(folder)
            site.ALLOWED_HOSTS.append("testserver")
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
            django.setup()
            fill()
            measure()
    finally:
        with connect("postgres") as server:
            server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


if __name__ == "__main__":
    main()
