"""Deduce firms anew when what the deduction rests on changed: reference tables, or a declaration's age.

Firms of which we know nothing but codes (nearly all 2.3 M of SIRENE's) are deduced once a distinct combination of
codes, by the same ``Describer.again``, and written by ranges of numbers; the others one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import batched

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from matchmaker.describe import Describer, describer
from matchmaker.domain.ess import BY_PERSON
from matchmaker.ingest.rows import known_hash, upsert
from matchmaker.models import Firm
from matchmaker.reference import reference

BATCH = 1_000
RANGE = 50_000  # numbers of firms in one transaction
# What codes decide, and nothing else, of a firm without kind, declaration, contract nor register.
STANDING = (("legal_form", "ess_flag"), ("ess", "ess_family", "ess_provenance"))
ACTIVITY = (
    ("naf", "headcount_band"),
    (
        "trades",
        "trade_source",
        "fte_mid",
        "turnover_mid_eur",
        "capacity_low_eur",
        "capacity_mid_eur",
        "capacity_high_eur",
    ),
)
CODED = (
    "f.described_with <> %(version)s AND f.inclusive_kind = '' AND f.declared_trades = '{}' AND f.ending_eur = 0 "
    "AND f.notified_eur = 0 AND f.ess_provenance <> %(person)s AND NOT f.ess_listed AND NOT f.esus AND num_nonnulls("
    "f.declared_free_fte, f.declared_on, f.headcount_fte, f.places, f.turnover_eur, f.esus_until) = 0 "
    "AND NOT EXISTS (SELECT FROM matchmaker_registerentry r WHERE r.number IN (f.siret, f.siren))"
)


def refresh_firms(on: date) -> int:
    """Bring firms up to the tables in force on a day. Returns how many changed; two queries when none is stale."""
    tables = reference()
    expiring = Q(declared_free_fte__isnull=False) & ~Q(described_on=on) | Q(esus=True, esus_until__lt=on)
    stale = Firm.objects.filter(~Q(described_with=tables.version) | expiring)
    if not stale.exists():
        return 0
    deducing = describer(on)
    return _by_codes(deducing) + _one_by_one(deducing, list(stale.order_by("pk").values_list("pk", flat=True)))


def _one_by_one(deducing: Describer, stale: Sequence[int]) -> int:
    changed = 0
    for batch in batched(stale, BATCH, strict=False):
        with transaction.atomic():
            rows = []
            for known in Firm.objects.filter(pk__in=batch):
                firm = deducing.again(known)
                if firm.record_hash != known_hash(known):
                    firm.updated_at = timezone.now()
                    changed += 1
                rows.append(firm)
            upsert(rows)
    return changed


def _by_codes(deducing: Describer) -> int:
    """Firms known by their codes alone: some thousands of deductions, and one UPDATE a range."""
    given = {"version": deducing.reference.version, "person": BY_PERSON}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(id), max(id) FROM matchmaker_firm f WHERE {CODED}", given)
        first, last = cursor.fetchone()
        if first is None:
            return 0
        try:
            for table, (codes, decided) in (("standing", STANDING), ("activity", ACTIVITY)):
                _decide(deducing, table, codes, decided, given)
            return sum(
                _write(deducing, {**given, "first": start, "end": start + RANGE})
                for start in range(first, last + 1, RANGE)
            )
        finally:
            cursor.execute("DROP TABLE IF EXISTS standing, activity")


def _decide(
    deducing: Describer, table: str, codes: Sequence[str], decided: Sequence[str], given: dict[str, object]
) -> None:
    """A temporary table: each combination of codes, and what it decides, told by one firm that has them."""
    combined = ", ".join(codes)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(id) FROM matchmaker_firm f WHERE {CODED} GROUP BY {combined}", given)
        examples = [number for (number,) in cursor.fetchall()]
        cursor.execute(
            f"CREATE TEMP TABLE {table} AS SELECT {', '.join((*codes, *decided))} FROM matchmaker_firm LIMIT 0"
        )
        for batch in batched(examples, BATCH, strict=False):
            pairs = [(known, deducing.again(known)) for known in Firm.objects.filter(pk__in=batch)]
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for known, firm in pairs:
                    copy.write_row([*(getattr(known, one) for one in codes), *(getattr(firm, one) for one in decided)])
        cursor.execute(f"ANALYZE {table}")


def _write(deducing: Describer, given: dict[str, object]) -> int:
    """Bring a range of firms up to date; returns how many changed."""
    decided = (*STANDING[1], *ACTIVITY[1])
    news = ", ".join(f"{'s' if name in STANDING[1] else 'a'}.{name}" for name in decided)
    statement = f"""
        WITH judged AS (
            SELECT f.id, {news}, ({", ".join(f"f.{name}" for name in decided)}) IS DISTINCT FROM ({news}) AS differs
            FROM matchmaker_firm f JOIN standing s ON s.legal_form = f.legal_form
                AND s.ess_flag IS NOT DISTINCT FROM f.ess_flag
            JOIN activity a ON a.naf = f.naf AND a.headcount_band = f.headcount_band
            WHERE f.id >= %(first)s AND f.id < %(end)s AND {CODED}
        )
        UPDATE matchmaker_firm f SET {", ".join(f"{name} = j.{name}" for name in decided)},
            described_with = %(version)s, described_on = %(on)s,
            record_hash = CASE WHEN j.differs THEN '' ELSE f.record_hash END,
            updated_at = CASE WHEN j.differs THEN now() ELSE f.updated_at END
        FROM judged j WHERE j.id = f.id RETURNING j.differs"""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"WITH done AS ({statement}) SELECT count(*) FROM done WHERE differs", {**given, "on": deducing.on}
        )
        return int(cursor.fetchone()[0])
