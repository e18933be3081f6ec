"""What firms have won, by trade and kind of buyer, kept on their rows (``Firm.wins``) for the evidence of the score."""

from __future__ import annotations

from datetime import date
from itertools import batched
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from matchmaker.domain.award import add_months
from matchmaker.domain.evidence import buyer_kind
from matchmaker.models import Firm
from matchmaker.reference import reference

BATCH = 1_000

# Firms whose wins kept differ from those of their awards. A contract counts once in each of the trades that its
# CPV names precisely. As for commitments, an award notice of a contract that DECP tell too counts once. ``kinds`` is
# ``buyer_kind`` by the first two digits of a SIREN.
_STALE = """
WITH won AS (
    SELECT h.firm_id, a.id, a.trades,
        CASE WHEN b.siret ~ '^[0-9]{9}' THEN (%(kinds)s::int[])[left(b.siret, 2)::int + 1] ELSE 0 END AS buyer
    FROM matchmaker_awardholder h
    JOIN matchmaker_award a ON a.id = h.award_id
    JOIN matchmaker_firm f ON f.id = h.firm_id AND f.fictitious = a.fictitious
    LEFT JOIN matchmaker_buyer b ON b.id = a.buyer_id
    WHERE COALESCE(a.notified_on, a.published_on) BETWEEN %(since)s AND %(on)s
      AND (a.source = 'decp' OR NOT EXISTS (
        SELECT 1 FROM matchmaker_awardholder twin JOIN matchmaker_award d ON d.id = twin.award_id
        WHERE twin.firm_id = h.firm_id AND d.source = 'decp' AND d.buyer_id = a.buyer_id
          AND abs(d.notified_on - a.notified_on) <= %(twin)s))
), counted AS (
    SELECT firm_id, trade, count(DISTINCT won.id) AS n, bit_or(buyer) AS buyers
    FROM won, unnest(won.trades) AS trade GROUP BY firm_id, trade
), now AS (
    SELECT firm_id, jsonb_object_agg(trade, jsonb_build_array(n, buyers)) AS wins FROM counted GROUP BY firm_id
)
SELECT f.id, COALESCE(now.wins, '{}')
FROM (SELECT id, wins FROM matchmaker_firm WHERE wins <> '{}' OR id IN (SELECT firm_id FROM now)) f
LEFT JOIN now ON now.firm_id = f.id
WHERE f.wins IS DISTINCT FROM COALESCE(now.wins, '{}')
ORDER BY f.id
"""

# The hash of the row is emptied: it is made again, wins included, when next compared (``ingest.rows.known_hash``).
_WRITE = """
UPDATE matchmaker_firm f SET wins = fresh.wins, record_hash = '', updated_at = %(at)s
FROM unnest(%(ids)s::bigint[], %(wins)s::text[]::jsonb[]) AS fresh (id, wins) WHERE f.id = fresh.id
"""


def refresh_evidence(on: date) -> int:
    """Bring every firm's wins to the awards of the last years before a day. Returns how many firms changed.

    After ``refresh_commitments``, which links holders to firms. Two queries when nothing changed. Interrupted, it
    leaves firms that the next call finds again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STALE, _rules(on))
        stale = cursor.fetchall()
        for batch in batched(stale, BATCH, strict=False):
            ids, wins = (list(column) for column in zip(*batch, strict=True))
            with transaction.atomic():
                list(Firm.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
                cursor.execute(_WRITE, {"ids": ids, "wins": wins, "at": timezone.now()})
    return len(stale)


def _rules(on: date) -> dict[str, Any]:
    rules = reference()
    return {
        "on": on,
        "since": add_months(on, -12 * rules.integer("evidence.years")),
        "twin": rules.integer("award.twin_days"),
        "kinds": [buyer_kind(f"{prefix:02d}0000000") for prefix in range(100)],
    }
