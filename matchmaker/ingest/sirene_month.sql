-- A month later: rows of the table ``month`` meet firms known from SIRENE alone. What ``Describer.describe`` does of a
-- firm already known, in one statement: silence keeps earlier words, save those of who opposes diffusion.
WITH merged AS (
    SELECT f.id, f.active AS was_active,
        CASE WHEN m.name = 'Établissement ' || m.siret AND m.diffusion <> 'P' THEN f.name ELSE m.name END AS name,
        CASE WHEN m.trade_name = '' AND m.diffusion <> 'P' THEN f.trade_name ELSE m.trade_name END AS trade_name,
        CASE WHEN m.address = '' AND m.diffusion <> 'P' THEN f.address ELSE m.address END AS address,
        CASE WHEN m.active THEN NULL WHEN f.active THEN m.closed_on ELSE coalesce(f.closed_on, m.closed_on) END
            AS closed_on,
        {kept},
        {taken},
        m.described_with, m.described_on, m.updated_at, m.raw_id, m.sirene_hash
    FROM month m JOIN matchmaker_firm f ON f.siret = m.siret
), judged AS (
    SELECT g.*, ({compared}) IS DISTINCT FROM ({before}) AS differs FROM merged g JOIN matchmaker_firm f ON f.id = g.id
), changed AS (
    UPDATE matchmaker_firm f SET {assigned}, record_hash = '' FROM judged g WHERE f.id = g.id AND g.differs
), same AS (
    UPDATE matchmaker_firm f SET sirene_hash = g.sirene_hash FROM judged g WHERE f.id = g.id AND NOT g.differs
)
SELECT CASE WHEN NOT differs THEN 'unchanged' WHEN was_active AND NOT active THEN 'retired' ELSE 'changed' END, count(*)
FROM judged GROUP BY 1
