"""Triggers that note what a match depends on, whoever writes it: see ``models/change.py``.

One trigger a statement, so that an import of a thousand firms costs one more INSERT. A statement that changes more
than LIMIT firms is noted once, for all.
"""

from django.db import migrations

LIMIT = 20_000

# What decides of a firm's matches, and of the groupings it is sought for.
FIRM = (
    "active", "fictitious", "diffusion", "point", "commune_id", "trades", "trade_source", "capacity_low_eur",
    "capacity_mid_eur", "capacity_high_eur", "ess", "inclusive_kind", "declared_radius_km", "wins", "name",
    "trade_name", "turnover_mid_eur", '"references"', "awards_known", "fte_mid",
)  # fmt: skip
LOT = (
    "tender_id", "title", "description", "cpvs", "amount_eur", "imputed_mid_eur", "duration_months", "deadline",
    "awarded_on", "reservation", "insertion_hours", "point", "uncertainty_km", "places",
)  # fmt: skip

BEFORE = """jsonb_build_object(
    'lon', ST_X(COALESCE(f.place, c.point::geometry)), 'lat', ST_Y(COALESCE(f.place, c.point::geometry)),
    'trades', to_jsonb(f.trades), 'ess', f.ess, 'kind', f.inclusive_kind, 'radius', f.declared_radius_km,
    'capacity', f.capacity_mid_eur, 'fictitious', f.fictitious, 'active', f.active)"""
# A partially diffused firm is measured from its commune, as in ``snapshot.indexed``.
PLACED = """(SELECT o.*, CASE WHEN o.diffusion = 'O' THEN o.point::geometry END AS place,
    CASE WHEN o.diffusion = 'O' THEN NULL ELSE o.commune_id END AS seen_in FROM {rows} o) f
    LEFT JOIN geo_commune c ON c.code = f.seen_in"""


def differs(names: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{name}" for name in names) for row in "on")
    return f"({old}) IS DISTINCT FROM ({new})"


FUNCTIONS = f"""
CREATE FUNCTION matchmaker_firm_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM (SELECT FROM news WHERE active AND trades <> '{{}}' LIMIT {LIMIT + 1}) counted) > {LIMIT} THEN
        INSERT INTO matchmaker_pendingchange DEFAULT VALUES;
    ELSE
        INSERT INTO matchmaker_pendingchange (firm_id)
            SELECT id FROM news WHERE active AND trades <> '{{}}' ORDER BY id;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION matchmaker_firm_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed bigint[];
BEGIN
    SELECT array_agg(o.id ORDER BY o.id) INTO changed FROM olds o JOIN news n USING (id)
        WHERE (o.active AND o.trades <> '{{}}' OR n.active AND n.trades <> '{{}}') AND {differs(FIRM)};
    IF cardinality(changed) > {LIMIT} THEN
        INSERT INTO matchmaker_pendingchange DEFAULT VALUES;
    ELSIF changed IS NOT NULL THEN
        INSERT INTO matchmaker_pendingchange (firm_id, before)
            SELECT f.id, {BEFORE} FROM {PLACED.format(rows="olds")} WHERE f.id = ANY(changed) ORDER BY f.id;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION matchmaker_firm_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matchmaker_pendingchange (firm_id, before)
        SELECT f.id, {BEFORE} FROM {PLACED.format(rows="olds")} WHERE f.active AND f.trades <> '{{}}' ORDER BY f.id;
    RETURN NULL;
END $$;

CREATE FUNCTION matchmaker_lot_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matchmaker_pendingchange (lot_id) SELECT id FROM news ORDER BY id;
    RETURN NULL;
END $$;

CREATE FUNCTION matchmaker_lot_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matchmaker_pendingchange (lot_id) SELECT o.id FROM olds o JOIN news n USING (id)
        WHERE n.match_state = 'pending' OR {differs(LOT)} ORDER BY o.id;
    RETURN NULL;
END $$;

CREATE FUNCTION matchmaker_tender_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matchmaker_pendingchange (lot_id)
        SELECT l.id FROM news JOIN matchmaker_lot l ON l.tender_id = news.id ORDER BY l.id;
    RETURN NULL;
END $$;

CREATE FUNCTION matchmaker_buyer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matchmaker_pendingchange (lot_id) SELECT l.id FROM olds o JOIN news n USING (id)
        JOIN matchmaker_tender t ON t.buyer_id = n.id JOIN matchmaker_lot l ON l.tender_id = t.id
        WHERE o.siret <> n.siret ORDER BY l.id;
    RETURN NULL;
END $$;
"""
TRIGGERS = (
    ("firm", "added", "INSERT"),
    ("firm", "changed", "UPDATE"),
    ("firm", "removed", "DELETE"),
    ("lot", "added", "INSERT"),
    ("lot", "changed", "UPDATE"),
    ("tender", "changed", "UPDATE"),
    ("buyer", "changed", "UPDATE"),
)
TABLES = {"INSERT": "NEW TABLE AS news", "UPDATE": "OLD TABLE AS olds NEW TABLE AS news", "DELETE": "OLD TABLE AS olds"}
CREATE = [
    f"CREATE TRIGGER {table}_{what} AFTER {event} ON matchmaker_{table} REFERENCING {TABLES[event]}"
    f" FOR EACH STATEMENT EXECUTE FUNCTION matchmaker_{table}_{what}()"
    for table, what, event in TRIGGERS
]
DROP = [f"DROP FUNCTION matchmaker_{table}_{what}() CASCADE" for table, what, _ in TRIGGERS]


class Migration(migrations.Migration):
    dependencies = [("matchmaker", "0016_change_pending")]
    operations = [migrations.RunSQL([FUNCTIONS, *CREATE], DROP)]
