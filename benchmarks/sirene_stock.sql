-- The synthetic stock: every value is a function of a rank `i` (establishment) or `unit` (its legal unit).
-- Parameters in braces are filled by sirene_stock.py; pick, chance and die are its macros.

-- Ranks below `units` are head offices; the others belong to units picked with a skew (some have hundreds).
CREATE TABLE keys AS
WITH body AS (
    SELECT i, CASE WHEN i < {units} OR i >= {ranks} THEN i ELSE floor(pow(chance(i, 1), 4) * {units})::BIGINT END AS unit
    FROM range({ranks} + {new}) t(i)
), numbered AS (
    SELECT i, unit, CASE WHEN i = unit THEN 1 ELSE 1 + row_number() OVER (PARTITION BY unit, i = unit ORDER BY i) END AS nth
    FROM body
), sirens AS (
    SELECT *, lpad((30000000 + unit)::VARCHAR, 8, '0') AS b FROM numbered
), withkey AS (
    SELECT i, unit, nth, b || key(b) AS siren FROM sirens
)
SELECT i, unit, nth, siren, lpad(nth::VARCHAR, 4, '0') || key(siren || lpad(nth::VARCHAR, 4, '0')) AS nic
FROM withkey WHERE nth < 10000 ORDER BY siren, nic;

-- One row an establishment: its unit's nature (from the unit's rank) and its own.
CREATE VIEW who AS
WITH unit_nature AS (
    SELECT *, siren || nic AS siret, chance(unit, 2) < {useful} AS useful,
        chance(i, 3) < {share} AS changes, (die(i, 4) % 10)::INTEGER AS change
    FROM keys
), formed AS (
    SELECT *,
        CASE WHEN useful THEN pick(unit, 5, 'employers') ELSE pick(unit, 5, 'others') END AS form,
        changes AND change < 2 AS closes, changes AND change IN (2, 3) AS moves, changes AND change = 4 AS renamed,
        changes AND change > 4 AS resized
    FROM unit_nature
), natured AS (
    SELECT *, form = '1000' AS person, form[1:2] IN ('92', '93') AS association,
        form[1:2] IN ('92', '93', '82') OR form IN ('5458', '5558', '5460', '5560', '6411', '6317')
            OR (form IN ('5710', '5499') AND useful AND chance(unit, 6) < .006) AS ess,
        CASE WHEN useful THEN NOT closes ELSE chance(i, 7) < .55 AND NOT closes END AS active,
        useful AND (form[1:2] <> '92' OR chance(unit, 8) < .55) AS employer,
        chance(unit, 9) < CASE WHEN form = '1000' THEN .12 ELSE .01 END AS masked,
        'o' AS o
    FROM formed
)
SELECT n.*, CASE WHEN n.employer THEN pick(i, CASE WHEN resized THEN 11 ELSE 10 END, 'bands') ELSE 'NN' END AS band,
    CASE WHEN association AND chance(unit, 12) < .7 THEN pick(unit, 13, 'vague')
         ELSE pick(unit, 13, 'nafs') END AS naf,
    (die(CASE WHEN nth = 1 OR chance(i, 14) < .5 THEN unit ELSE i END, CASE WHEN moves THEN 16 ELSE 15 END) % 65536)::INTEGER AS slot,
    NOT active AND chance(unit, 17) < .2 AS ancient
FROM natured n;

CREATE VIEW unit AS
SELECT siren, CASE WHEN masked THEN 'P' ELSE 'O' END AS statutDiffusionUniteLegale, NULL AS unitePurgeeUniteLegale,
    DATE '1975-01-01' + (unit % 18500)::INTEGER AS dateCreationUniteLegale,
    CASE WHEN association AND chance(unit, 20) < .35
        THEN chr(65 + (die(unit, 21) % 26)::INTEGER) || chr(65 + (die(unit, 22) % 26)::INTEGER) || chr(65 + (die(unit, 23) % 26)::INTEGER)
    END AS sigleUniteLegale,
    CASE WHEN person THEN CASE WHEN masked THEN '[ND]' WHEN chance(unit, 24) < .4 THEN 'F' ELSE 'M' END END AS sexeUniteLegale,
    CASE WHEN person THEN CASE WHEN masked THEN '[ND]' ELSE first_name END END AS prenom1UniteLegale,
    NULL AS prenom2UniteLegale, NULL AS prenom3UniteLegale, NULL AS prenom4UniteLegale,
    CASE WHEN person THEN CASE WHEN masked THEN '[ND]' ELSE first_name END END AS prenomUsuelUniteLegale,
    CASE WHEN person AND masked THEN '[ND]' END AS pseudonymeUniteLegale,
    CASE WHEN association AND chance(unit, 25) < .6 THEN 'W' || lpad((die(unit, 26) % 1000000000)::VARCHAR, 9, '0') END
        AS identifiantAssociationUniteLegale,
    band AS trancheEffectifsUniteLegale, CASE WHEN band <> 'NN' THEN 2024 END AS anneeEffectifsUniteLegale,
    TIMESTAMP '2026-10-31 10:00:00' AS dateDernierTraitementUniteLegale, 1 + unit % 7 AS nombrePeriodesUniteLegale,
    CASE WHEN employer THEN CASE WHEN band > '32' THEN 'ETI' ELSE 'PME' END END AS categorieEntreprise,
    CASE WHEN employer THEN 2023 END AS anneeCategorieEntreprise, DATE '2008-01-01' AS dateDebut,
    CASE WHEN active THEN 'A' ELSE 'C' END AS etatAdministratifUniteLegale,
    CASE WHEN person THEN CASE WHEN masked THEN '[ND]' ELSE surname END END AS nomUniteLegale,
    CASE WHEN person AND chance(unit, 27) < .08 THEN CASE WHEN masked THEN '[ND]' ELSE pick(unit, 28, 'family') END END
        AS nomUsageUniteLegale,
    CASE WHEN NOT person THEN name || CASE WHEN renamed THEN ' GROUPE' ELSE '' END END AS denominationUniteLegale,
    CASE WHEN NOT person AND chance(unit, 29) < .06 THEN pick(unit, 30, 'invented') || ' ' || work END
        AS denominationUsuelle1UniteLegale,
    NULL AS denominationUsuelle2UniteLegale, NULL AS denominationUsuelle3UniteLegale,
    form::BIGINT AS categorieJuridiqueUniteLegale, CASE WHEN ancient THEN '57.10' ELSE naf END AS activitePrincipaleUniteLegale,
    CASE WHEN ancient THEN 'NAP' ELSE 'NAFRev2' END AS nomenclatureActivitePrincipaleUniteLegale,
    nic AS nicSiegeUniteLegale,
    CASE WHEN ess AND chance(unit, 31) < .8 OR form IN ('5710', '5499') AND ess THEN 'O' WHEN employer AND NOT ess THEN 'N' END
        AS economieSocialeSolidaireUniteLegale,
    CASE WHEN form = '5710' AND chance(unit, 32) < .002 THEN 'O' END AS societeMissionUniteLegale,
    CASE WHEN employer THEN 'O' ELSE 'N' END AS caractereEmployeurUniteLegale,
    CASE WHEN NOT ancient THEN naf[1:5] || CASE WHEN naf[6:6] = 'Z' AND chance(unit, 33) < .4 THEN 'Y' ELSE naf[6:6] END END
        AS activitePrincipaleNAF25UniteLegale
FROM (
    SELECT w.*, pick(unit, 34, 'family') AS surname, pick(unit, 35, 'first_names') AS first_name,
        pick(unit, 36, 'works') AS work,
        CASE
            WHEN form[1:2] = '72' THEN 'COMMUNE DE ' || c.town
            WHEN association THEN CASE
                WHEN chance(unit, 37) < .08 THEN pick(unit, 38, 'chains')
                WHEN chance(unit, 37) < .6 THEN 'ASSOCIATION ' || pick(unit, 38, 'causes') || ' DE ' || c.town
                WHEN chance(unit, 37) < .8 THEN 'LES AMIS DE ' || pick(unit, 39, 'family')
                ELSE 'REGIE ' || pick(unit, 38, 'causes') || ' ' || c.town END
            WHEN form = '6540' THEN 'SCI ' || pick(unit, 39, 'street_names')
            WHEN chance(unit, 37) < .25 THEN pick(unit, 34, 'family') || ' ' || pick(unit, 36, 'works')
            WHEN chance(unit, 37) < .45 THEN pick(unit, 39, 'invented') || pick(unit, 40, 'invented')
                || ' ' || pick(unit, 36, 'works')
            WHEN chance(unit, 37) < .6 THEN 'ETS ' || pick(unit, 34, 'family') || CASE WHEN unit % 3 = 0 THEN ' ET FILS' ELSE '' END
            WHEN chance(unit, 37) < .75 THEN pick(unit, 36, 'works') || ' ' || c.town
            ELSE chr(65 + (die(unit, 41) % 26)::INTEGER) || '.' || chr(65 + (die(unit, 42) % 26)::INTEGER) || '.' || pick(unit, 36, 'works')[1:1]
                || '. ' || pick(unit, 36, 'works') END AS name
    FROM who w JOIN commune c USING (slot) WHERE nth = 1
);

CREATE VIEW place AS
SELECT siren, nic, siret, CASE WHEN masked THEN 'P' ELSE 'O' END AS statutDiffusionEtablissement,
    DATE '1975-01-01' + (i % 18500)::INTEGER AS dateCreationEtablissement, band AS trancheEffectifsEtablissement,
    CASE WHEN band <> 'NN' THEN 2024 END AS anneeEffectifsEtablissement, NULL AS activitePrincipaleRegistreMetiersEtablissement,
    TIMESTAMP '2026-10-31 10:00:00' AS dateDernierTraitementEtablissement, nth = 1 AS etablissementSiege,
    1 + i % 5 AS nombrePeriodesEtablissement, NULL AS complementAdresseEtablissement,
    CASE WHEN masked THEN '[ND]' WHEN chance(i, 50) < .8 THEN (1 + die(i, 51) % 180)::VARCHAR END AS numeroVoieEtablissement,
    CASE WHEN masked THEN '[ND]' WHEN chance(i, 50) < .05 THEN 'B' END AS indiceRepetitionEtablissement,
    NULL AS dernierNumeroVoieEtablissement, NULL AS indiceRepetitionDernierNumeroVoieEtablissement,
    CASE WHEN masked THEN '[ND]' ELSE pick(i, CASE WHEN moves THEN 53 ELSE 52 END, 'streets') END AS typeVoieEtablissement,
    CASE WHEN masked THEN '[ND]' ELSE pick(i, 54, 'street_names') END AS libelleVoieEtablissement,
    CASE WHEN masked AND person THEN '[ND]' ELSE c.zip END AS codePostalEtablissement, c.town AS libelleCommuneEtablissement,
    NULL AS libelleCommuneEtrangerEtablissement, NULL AS distributionSpecialeEtablissement, c.code AS codeCommuneEtablissement,
    NULL AS codeCedexEtablissement, NULL AS libelleCedexEtablissement, NULL AS codePaysEtrangerEtablissement,
    NULL AS libellePaysEtrangerEtablissement, CASE WHEN masked THEN '[ND]' END AS identifiantAdresseEtablissement,
    CASE WHEN masked THEN '[ND]' WHEN chance(i, 55) < .8 AND c.mx IS NOT NULL
        THEN round(c.mx + 3000 * (chance(i, 56) - .5), 2)::VARCHAR END AS coordonneeLambertAbscisseEtablissement,
    CASE WHEN masked THEN '[ND]' WHEN chance(i, 55) < .8 AND c.mx IS NOT NULL
        THEN round(c.my + 3000 * (chance(i, 57) - .5), 2)::VARCHAR END AS coordonneeLambertOrdonneeEtablissement,
    NULL AS complementAdresse2Etablissement, NULL AS numeroVoie2Etablissement, NULL AS indiceRepetition2Etablissement,
    NULL AS typeVoie2Etablissement, NULL AS libelleVoie2Etablissement, NULL AS codePostal2Etablissement,
    NULL AS libelleCommune2Etablissement, NULL AS libelleCommuneEtranger2Etablissement,
    NULL AS distributionSpeciale2Etablissement, NULL AS codeCommune2Etablissement, NULL AS codeCedex2Etablissement,
    NULL AS libelleCedex2Etablissement, NULL AS codePaysEtranger2Etablissement, NULL AS libellePaysEtranger2Etablissement,
    DATE '2008-01-01' AS dateDebut, CASE WHEN active THEN 'A' ELSE 'F' END AS etatAdministratifEtablissement,
    CASE WHEN resized OR renamed OR chance(i, 58) < .29 THEN CASE WHEN masked AND person THEN '[ND]'
        ELSE pick(i, CASE WHEN resized OR renamed THEN 43 ELSE 59 END, 'invented') || ' ' || pick(i, 60, 'works') END END AS enseigne1Etablissement,
    NULL AS enseigne2Etablissement, NULL AS enseigne3Etablissement,
    CASE WHEN chance(i, 61) < .2 THEN CASE WHEN masked AND person THEN '[ND]' ELSE pick(i, 62, 'works') || ' '
        || c.town END END AS denominationUsuelleEtablissement,
    CASE WHEN ancient THEN '57.10' ELSE naf END AS activitePrincipaleEtablissement,
    CASE WHEN ancient THEN 'NAP' ELSE 'NAFRev2' END AS nomenclatureActivitePrincipaleEtablissement,
    CASE WHEN employer THEN 'O' ELSE 'N' END AS caractereEmployeurEtablissement,
    CASE WHEN NOT ancient THEN naf[1:5] || CASE WHEN naf[6:6] = 'Z' AND chance(unit, 33) < .4 THEN 'Y' ELSE naf[6:6] END END
        AS activitePrincipaleNAF25Etablissement
FROM who JOIN commune c USING (slot);

CREATE VIEW point AS
SELECT siret, c.mx + 3000 * (chance(i, 56) - .5) AS x, c.my + 3000 * (chance(i, 57) - .5) AS y,
    CASE WHEN chance(i, 63) < .63 THEN '11' WHEN chance(i, 63) < .8 THEN '12' WHEN chance(i, 63) < .82 THEN '21' ELSE '33' END AS qualite_xy,
    '2154' AS epsg, 'CSZ' AS plg_qp24, NULL AS plg_iris, NULL AS plg_zus, NULL AS plg_qp15, NULL AS plg_qva, c.code AS plg_code_commune,
    NULL AS distance_precision, NULL AS qualite_qp24, NULL AS qualite_iris, NULL AS qualite_zus, NULL AS qualite_qp15,
    NULL AS qualite_qva, c.lat + 3000 * (chance(i, 57) - .5) / 111320 AS y_latitude,
    c.lon + 3000 * (chance(i, 56) - .5) / (111320 * cos(radians(c.lat))) AS x_longitude
FROM who JOIN commune c USING (slot) WHERE NOT masked AND chance(i, 64) < .86 AND c.mx IS NOT NULL;
