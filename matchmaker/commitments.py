"""Awards meet firms: holders are linked, then E, N and capacity of the firms concerned brought up to date."""

from __future__ import annotations

from datetime import date
from itertools import batched

from django.db import connection, transaction
from django.utils import timezone

from matchmaker.describe import describer
from matchmaker.domain.commitments import Commitments, Running, commitments, horizon, turnover_year
from matchmaker.ingest.firms import upsert
from matchmaker.models import AwardHolder, Firm
from matchmaker.reference import reference

BATCH = 1_000

# The establishment itself, else the head office of its SIREN, else its only establishment we know.
_LINK = """
WITH wanted AS (
    SELECT h.id, COALESCE(exact.id, office.id) AS firm_id
    FROM matchmaker_awardholder h
    JOIN matchmaker_award a ON a.id = h.award_id
    LEFT JOIN matchmaker_firm exact ON exact.siret = h.siret AND exact.fictitious = a.fictitious
    LEFT JOIN LATERAL (
        SELECT CASE WHEN count(*) = 1 THEN min(f.id) ELSE min(f.id) FILTER (WHERE f.head_office) END AS id
        FROM matchmaker_firm f
        WHERE exact.id IS NULL AND f.siren = h.siren AND f.fictitious = a.fictitious
    ) office ON TRUE
    WHERE h.siren <> ''
)
UPDATE matchmaker_awardholder h SET firm_id = wanted.firm_id
FROM wanted WHERE wanted.id = h.id AND h.firm_id IS DISTINCT FROM wanted.firm_id
"""

# Firms whose figures kept differ from those of their awards; at most one pass over the holders that have a firm.
# An award notice of a contract that DECP tell too counts once: as DECP, which know its duration.
_STALE = """
WITH now AS (
    SELECT h.firm_id,
        count(DISTINCT a.id) AS known,
        COALESCE(sum(h.annual_eur) FILTER (
            WHERE a.notified_on <= %(on)s AND a.ends_on >= %(on)s AND a.ends_on < %(start)s), 0) AS ending,
        COALESCE(sum(h.annual_eur) FILTER (
            WHERE a.notified_on <= %(on)s AND a.ends_on >= %(on)s AND extract(year FROM a.notified_on) >
                CASE WHEN COALESCE(f.turnover_eur, 0) > 0 OR f.headcount_year IS NULL THEN %(usual)s
                     ELSE f.headcount_year END), 0) AS notified
    FROM matchmaker_awardholder h
    JOIN matchmaker_award a ON a.id = h.award_id
    JOIN matchmaker_firm f ON f.id = h.firm_id
    WHERE a.source = 'decp' OR NOT EXISTS (
        SELECT 1 FROM matchmaker_awardholder twin JOIN matchmaker_award d ON d.id = twin.award_id
        WHERE twin.firm_id = h.firm_id AND d.source = 'decp' AND d.buyer_id = a.buyer_id
          AND abs(d.notified_on - a.notified_on) <= %(twin)s)
    GROUP BY h.firm_id
)
SELECT f.id, COALESCE(now.ending, 0), COALESCE(now.notified, 0), COALESCE(now.known, 0)
FROM (SELECT id, ending_eur, notified_eur, awards_known FROM matchmaker_firm
      WHERE ending_eur <> 0 OR notified_eur <> 0 OR awards_known <> 0
         OR id IN (SELECT firm_id FROM now)) f
LEFT JOIN now ON now.firm_id = f.id
WHERE (f.ending_eur, f.notified_eur, f.awards_known)
    <> (COALESCE(now.ending, 0), COALESCE(now.notified, 0), COALESCE(now.known, 0))
ORDER BY f.id
"""


def refresh_commitments(on: date) -> int:
    """Link holders and bring E, N, references and capacity up to a day. Returns how many firms changed.

    Two queries when nothing did. Interrupted, it leaves firms that the next call finds again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LINK)
        if cursor.rowcount:  # tables just filled look empty to the planner, whose plans then never end
            cursor.execute("ANALYZE matchmaker_award, matchmaker_awardholder, matchmaker_firm")
        rules = reference()
        usual, twin = turnover_year(None, False, on, rules), rules.integer("award.twin_days")
        cursor.execute(_STALE, {"on": on, "start": horizon(on, rules), "usual": usual, "twin": twin})
        stale = cursor.fetchall()
    deducing = describer(on) if stale else None
    for batch in batched(stale, BATCH, strict=False):
        figures = {pk: rest for pk, *rest in batch}
        with transaction.atomic():
            rows = []
            for known in Firm.objects.select_for_update().filter(pk__in=figures):
                ending, notified, awards = map(int, figures[known.pk])
                known.ending_eur, known.notified_eur, known.awards_known = ending, notified, awards
                assert deducing is not None
                firm = deducing.again(known)
                firm.updated_at = timezone.now()
                rows.append(firm)
            upsert(rows)
    return len(stale)


def running_of(firm: Firm, on: date) -> list[Running]:
    """The firm's parts of contracts under way on a day. One query."""
    rows = AwardHolder.objects.filter(
        firm=firm, annual_eur__isnull=False, award__notified_on__lte=on, award__ends_on__gte=on
    )
    return [Running(*row) for row in rows.values_list("annual_eur", "award__notified_on", "award__ends_on")]


def commitments_of(firm: Firm, *, on: date, start: date) -> Commitments:
    """E and N of a firm for a lot that starts on a given day, exactly. Two queries."""
    year = turnover_year(firm.headcount_year, bool(firm.turnover_eur), on, reference())
    return commitments(running_of(firm, on), on=on, start=start, turnover_year=year)
