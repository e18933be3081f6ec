-- How ``ingest/sirene.py`` makes firms in duckdb. First part: what the distinct combinations of cells are taken from.
-- The table ``kept`` comes from ``sources/sirene.py``; ``claim`` is what registers hold of a SIRET or a SIREN.

CREATE OR REPLACE MACRO clean(x) AS trim(CASE WHEN contains(x, '[') OR contains(x, '  ')
    THEN regexp_replace(regexp_replace(x, '\[(?:ND|NON-DIFFUSIBLE)\]', '', 'g'), ' +', ' ', 'g') ELSE x END);
CREATE OR REPLACE MACRO shown(x) AS nullif(clean(x), '');
CREATE OR REPLACE MACRO escaped(x) AS replace(x, '\', '\\');
CREATE OR REPLACE MACRO given(x) AS x <> '' AND NOT contains(x, '[ND]') AND NOT contains(x, '[NON-DIFFUSIBLE]');

-- A SIRET passes the Luhn key; La Poste's establishments are left to the row path.
CREATE OR REPLACE MACRO doubled(d) AS CASE WHEN d > 4 THEN 2 * d - 9 ELSE 2 * d END;
CREATE OR REPLACE MACRO luhn(n) AS (
    n % 10 + doubled(n // 10 % 10) + n // 100 % 10 + doubled(n // 1000 % 10) + n // 10000 % 10
    + doubled(n // 100000 % 10) + n // 1000000 % 10 + doubled(n // 10000000 % 10) + n // 100000000 % 10
    + doubled(n // 1000000000 % 10) + n // 10000000000 % 10 + doubled(n // 100000000000 % 10)
    + n // 1000000000000 % 10 + doubled(n // 10000000000000 % 10)) % 10 = 0;
CREATE OR REPLACE MACRO well_formed(x) AS
    regexp_full_match(x, '[0-9]{{14}}') AND x[:9] <> '000000000' AND luhn(TRY_CAST(x AS BIGINT));

-- Lambert-93 to degrees: ``geo.domain.lambert`` with its iteration written as a series (equal to 1e-10 degree).
CREATE OR REPLACE MACRO lambert_lon(x, y) AS 3 + degrees(atan((x - 700000) / (12655612.049876 - y)) / 0.7256077650532670);
CREATE OR REPLACE MACRO conformal(x, y) AS 2 * atan(exp(
    -ln(sqrt((x - 700000) ^ 2 + (y - 12655612.049876) ^ 2) / 11754255.426096) / 0.7256077650532670)) - pi() / 2;
CREATE OR REPLACE MACRO geodetic(c) AS degrees(c + {series});
CREATE OR REPLACE MACRO lambert_lat(x, y) AS geodetic(conformal(x, y));
CREATE OR REPLACE MACRO in_france(lon, lat) AS {boxes};

CREATE OR REPLACE VIEW cells AS
SELECT kept.* REPLACE (
        -- the unit's activity counts when the establishment's is in an old code only
        CASE WHEN regexp_full_match(upper(replace("activitePrincipaleEtablissement", '.', '')), '[0-9]{{4}}[A-Z]')
            THEN '' ELSE "activitePrincipaleUniteLegale" END AS "activitePrincipaleUniteLegale"),
    well_formed(kept.siret) AS sound,
    coalesce(own.said, '') || '/' || coalesce(unit.said, '') AS claims,
    coalesce(own.inclusive OR unit.inclusive, false) AS inclusive,
    known.number IS NOT NULL AS is_known,
    coalesce(known.alone, false) AS alone, coalesce(known.flagged, false) AS flagged, coalesce(known.exact, false) AS exact
FROM kept LEFT JOIN claim own ON own.number = kept.siret LEFT JOIN claim unit ON unit.number = kept.siret[:9]
    LEFT JOIN known ON known.number = TRY_CAST(kept.siret AS BIGINT);

-- PART TWO: once each group of cells has its table, a row is described.

CREATE OR REPLACE VIEW described AS
SELECT *,
    coalesce({name}, nullif(trade_name, ''), 'Établissement ' || siret) AS name,
    has_degrees AND NOT coalesce(in_france(lon_given, lat_given), false)
        OR has_metres AND NOT coalesce(x_given BETWEEN 0 AND 1300000 AND y_given BETWEEN 6000000 AND 7200000, false)
        AS misplaced,
    CASE WHEN has_degrees THEN lon_given WHEN has_metres THEN lambert_lon(x_given, y_given)
        ELSE TRY_CAST(town_lon AS DOUBLE) END AS lon,
    CASE WHEN has_degrees THEN lat_given WHEN has_metres THEN lambert_lat(x_given, y_given)
        ELSE TRY_CAST(town_lat AS DOUBLE) END AS lat,
    CASE WHEN has_degrees OR has_metres THEN 'address' WHEN town_lon <> '' THEN 'commune' ELSE 'none' END
        AS point_precision,
    is_known OR active = 't' AND ({everyone} OR employer = 't' OR ess = 'yes' OR claims <> '/') AS wanted
FROM (
    SELECT *,
        coalesce({trade_name}, '') AS trade_name,
        {address} AS address,
        given(longitude) AND given(latitude) AS has_degrees,
        NOT has_degrees AND given("coordonneeLambertAbscisseEtablissement")
            AND given("coordonneeLambertOrdonneeEtablissement")
            AND "codeCommuneEtablissement"[:2] NOT IN ('97', '98') AS has_metres,
        TRY_CAST(longitude AS DOUBLE) AS lon_given, TRY_CAST(latitude AS DOUBLE) AS lat_given,
        TRY_CAST("coordonneeLambertAbscisseEtablissement" AS DOUBLE) AS x_given,
        TRY_CAST("coordonneeLambertOrdonneeEtablissement" AS DOUBLE) AS y_given
    FROM cells {joins}
);

-- Three ways in: "new" by COPY, "month" for firms known from SIRENE alone whose row says all that deduction rests on,
-- "row" for all that is odd in any way.
CREATE OR REPLACE VIEW laned AS
SELECT *,
    CASE WHEN NOT sound OR inclusive OR misplaced OR {extended} OR regexp_matches(concat_ws('|', {text}), '{unusual}')
            THEN 'row'
        WHEN NOT is_known THEN 'new'
        WHEN alone AND legal_form <> '' AND naf <> '' AND headcount_band <> '' AND lon IS NOT NULL
            AND "statutDiffusionEtablissement" || "statutDiffusionUniteLegale" <> ''
            AND "etatAdministratifEtablissement" || "etatAdministratifUniteLegale" <> ''
            AND (ess_flag <> '\N' OR NOT flagged) AND (has_degrees OR has_metres OR NOT exact) THEN 'month'
        ELSE 'row' END AS lane
FROM described WHERE wanted;

CREATE OR REPLACE VIEW by_columns AS
SELECT lane, siret, lon IS NOT NULL AS located, concat_ws(chr(9), {line}) || chr(10) AS line FROM laned WHERE lane <> 'row';

CREATE OR REPLACE VIEW one_by_one AS
SELECT {text}, line, hash FROM laned WHERE lane = 'row';
