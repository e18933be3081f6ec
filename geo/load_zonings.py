"""Zonings of communes into the database: zones d'emploi, bassins de vie, EPCI, bassins of France Travail.

Each verb takes a file and a tally, runs within the caller's transaction, and changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from geo.models import Zone
from geo.sources.shapes import Table, TableFile, UnknownShapeError, open_table
from geo.sources.zones import (
    BASSINS,
    LABELS,
    ZE_LABELS,
    ZONINGS,
    CommuneZones,
    Refused,
    has_year,
    read_bassins,
    read_labels,
    read_zonings,
    year_of,
)
from geo.staging import every, merge, one, run, stage
from geo.tally import Kept, Tally
from geo.vintages import remember

_KINDS = {"ze": Zone.Kind.ZONE_EMPLOI, "bv": Zone.Kind.BASSIN_DE_VIE, "epci": Zone.Kind.EPCI}
_NAMES = {"ze": "zones d'emploi 2020", "bv": "bassins de vie 2022", "epci": "EPCI"}


def load_zonings(file: TableFile, tally: Tally, *, min_kept: float) -> None:
    """Zones d'emploi (and bassins de vie, EPCI) of communes, or the labels of these zones."""
    table = open_table(file, ZONINGS, LABELS, ZE_LABELS)
    if table.shape is not ZONINGS:
        _load_labels(table, file, tally)
        return
    there = [zoning for zoning in _KINDS if zoning in table.places]
    years = {"epci": year_of(table, file.name)} if "epci" in there and has_year(file.name) else {}
    if "epci" in there and not years:  # EPCI change every year: without it they cannot be told apart
        there.remove("epci")
        tally.warn("EPCI non repris : ajoutez l'année au nom du fichier, par exemple communes_2024.csv.")
    _stage(read_zonings(table), there, file, tally)
    rows = _without_unknown(tally)
    for zoning in there:
        tally.fact(_NAMES[zoning], one(f"SELECT count(DISTINCT {zoning}) FROM staged")[0])
        _keep_zones(zoning, _KINDS[zoning], years.get(zoning, ""), file.name)
        if zoning != "ze":
            _enrol(zoning, _KINDS[zoning], years.get(zoning, ""), tally, min_kept)
    new, changed, all_attached = _attach()
    tally.outcome(new=new, changed=changed, unchanged=rows - new - changed)
    tally.fact("communes rattachées, déléguées comprises", all_attached)
    remember(_NAMES["ze"], file, rows)


def load_bassins(file: TableFile, tally: Tally, *, min_kept: float) -> None:
    """The communes of the bassins of one year. Bassins without survey are told, not lost."""
    table = open_table(file, BASSINS)
    year = year_of(table, file.name, "bassin", "name")
    read = _stage(read_bassins(table), ["bmo"], file, tally)
    tally.fact("communes", read)
    tally.fact("bassins", one("SELECT count(DISTINCT bmo) FROM staged")[0])
    rows = _without_unknown(tally)
    _keep_zones("bmo", Zone.Kind.BASSIN, year, file.name)
    tally.fact("communes rattachées par leurs communes déléguées", _through_parts("bmo"))
    new, changed, retired = _enrol("bmo", Zone.Kind.BASSIN, year, tally, min_kept)
    tally.outcome(new=new, changed=changed, unchanged=rows - new - changed, retired=retired)
    tell_orphans(year, tally)
    remember(f"bassins d'emploi {year}", file, read)


def tell_orphans(year: str, tally: Tally) -> None:
    """Bassins of a year with a survey and no commune, or the reverse, once both files are in."""
    known = every(
        """SELECT z.code, EXISTS (SELECT FROM geo_zonecommune m WHERE m.zone_id = z.id),
                  EXISTS (SELECT FROM geo_hiringprojects h WHERE h.zone_id = z.id)
           FROM geo_zone z WHERE z.kind = 'bmo' AND z.vintage = %s ORDER BY z.code""",
        year,
    )
    if not any(members for _, members, _ in known) or not any(survey for _, _, survey in known):
        return
    without = {
        "bassins sans commune": [code for code, members, survey in known if survey and not members],
        "bassins sans enquête": [code for code, members, survey in known if members and not survey],
    }
    for words, codes in without.items():
        tally.fact(words, len(codes))
        if codes:
            tally.warn(f"{words.capitalize()} en {year} : {', '.join(codes)}.")


def _load_labels(table: Table, file: TableFile, tally: Tally) -> None:
    read = list(read_labels(table))
    refused = [label for label in read if isinstance(label, Refused)]
    labels = {(label.zoning, label.code): label for label in read if not isinstance(label, Refused)}
    vintages = {"ze": "", "bv": "", "epci": year_of(table, file.name) if any(z == "epci" for z, _ in labels) else ""}
    stage(
        {"kind": "text", "vintage": "text", "code": "text", "name": "text", "source": "text"},
        ((_KINDS[z], vintages[z], code, label.name, file.name) for (z, code), label in labels.items()),
    )
    select = "SELECT kind, vintage, code, name, source FROM staged"
    merged = merge("geo_zone", ["kind", "vintage", "code"], ["name"], select, once=["source"])
    rows = len(labels)
    unchanged = rows - merged.new - merged.changed
    tally.outcome(read=rows + len(refused), new=merged.new, changed=merged.changed, unchanged=unchanged)
    for item in refused:
        tally.refuse(item.line, item.reason, item.message)
    tally.fact("libellés de zones", rows)


def _stage(items: Iterable[CommuneZones | Refused], zonings: Sequence[str], file: TableFile, tally: Tally) -> int:
    """Readable rows to ``staged``, one a commune. Returns how many rows were read."""
    seen: dict[str, dict[str, tuple[str, str]]] = {}
    refused: list[Refused] = []  # told once the rows are in: nothing else may be asked of the database meanwhile
    read = 0

    def rows() -> Iterator[tuple[object, ...]]:
        nonlocal read
        for item in items:
            read += 1
            if isinstance(item, Refused):
                refused.append(item)
            elif seen.setdefault(item.commune, item.zones) is item.zones:
                pairs = [item.zones.get(zoning, (None, "")) for zoning in zonings]
                yield item.line, item.commune, False, *(value for pair in pairs for value in pair)
            elif seen[item.commune] == item.zones:
                tally.outcome(unchanged=1)
            else:
                message = (
                    f"La commune {item.commune} est déjà dans une autre zone de ce fichier : la première est gardée."
                )
                refused.append(Refused(item.line, "doublon", message))

    columns = {"line": "int", "commune": "text", "derived": "bool"}
    for zoning in zonings:
        columns |= {zoning: "text", f"{zoning}_name": "text"}
    if not stage(columns, rows()):
        raise UnknownShapeError(f"{file.name} ne contient aucune commune lisible : vérifiez que c'est le bon fichier.")
    tally.outcome(read=read)
    for item in refused:
        tally.refuse(item.line, item.reason, item.message)
    return read


def _without_unknown(tally: Tally) -> int:
    """Communes we do not know leave ``staged`` for quarantine. Returns how many rows stay."""
    unknown = every(
        """SELECT s.line, s.commune FROM staged s LEFT JOIN geo_commune c ON c.code = s.commune
           WHERE c.code IS NULL ORDER BY s.line"""
    )
    for line, commune in unknown:
        message = (
            f"La commune {commune} n'est pas dans le code officiel géographique en place : si elle a disparu, chargez "
            "les événements de communes de l'INSEE (./run manage sync communes FICHIER), puis relancez."
        )
        tally.refuse(line, "commune_inconnue", message)
    run("DELETE FROM staged s WHERE NOT EXISTS (SELECT FROM geo_commune c WHERE c.code = s.commune)")
    return int(one("SELECT count(*) FROM staged")[0])


def _keep_zones(zoning: str, kind: str, vintage: str, source: str) -> None:
    """Zones of ``staged``. A name is never replaced by a mere code."""
    run(
        f"""INSERT INTO geo_zone AS t (kind, vintage, code, name, source)
            SELECT %s, %s, {zoning}, coalesce(nullif(max({zoning}_name), ''), {zoning}), %s
            FROM staged WHERE {zoning} IS NOT NULL GROUP BY {zoning}
            ON CONFLICT (kind, vintage, code) DO UPDATE SET name = excluded.name, source = excluded.source
            WHERE excluded.name <> excluded.code AND (t.name, t.source) <> (excluded.name, excluded.source)""",
        kind,
        vintage,
        source,
    )


def _through_parts(zoning: str) -> int:
    """Communes made since of others, absent from the file: where their most populous part is."""
    return run(
        f"""INSERT INTO staged (line, commune, derived, {zoning})
            SELECT DISTINCT ON (p.code) 0, p.code, true, s.{zoning}
            FROM staged s JOIN geo_commune c ON c.code = s.commune JOIN geo_commune p ON p.code = c.parent_id
            WHERE NOT EXISTS (SELECT FROM staged WHERE commune = p.code)
            ORDER BY p.code, c.population DESC NULLS LAST, c.code"""
    )


def _enrol(zoning: str, kind: str, vintage: str, tally: Tally, min_kept: float) -> tuple[int, int, int]:
    """Memberships as ``staged`` has them: (new, changed, retired). A file speaks for the zones it names.

    One that keeps less than ``min_kept`` of the communes known retires none.
    """
    zone = "z.kind = %s AND z.vintage = %s"
    before = Kept(
        *one(
            f"""SELECT count(*), count(s.commune) FROM geo_zonecommune m
                JOIN geo_zone z ON z.id = m.zone_id AND {zone} LEFT JOIN staged s ON s.commune = m.commune_id""",
            kind,
            vintage,
        )
    )
    moved = every(
        f"""WITH gone AS (
                DELETE FROM geo_zonecommune m USING geo_zone z, staged s
                WHERE m.zone_id = z.id AND {zone} AND m.commune_id = s.commune AND z.code <> s.{zoning}
                RETURNING s.derived)
            SELECT count(*) FROM gone WHERE NOT derived""",
        kind,
        vintage,
    )[0][0]
    written = one(
        f"""WITH written AS (
                INSERT INTO geo_zonecommune (zone_id, commune_id)
                SELECT z.id, s.commune FROM staged s JOIN geo_zone z ON {zone} AND z.code = s.{zoning}
                ON CONFLICT DO NOTHING RETURNING commune_id)
            SELECT count(*) FROM written w JOIN staged s ON s.commune = w.commune_id WHERE NOT s.derived""",
        kind,
        vintage,
    )[0]
    absent = f"""m.zone_id = z.id AND {zone} AND z.code IN (SELECT {zoning} FROM staged)
        AND NOT EXISTS (SELECT FROM staged s WHERE s.commune = m.commune_id)"""
    if not before.is_part(min_kept):
        retired = run(f"DELETE FROM geo_zonecommune m USING geo_zone z WHERE {absent}", kind, vintage)
        return written - moved, moved, retired
    missing = one(f"SELECT count(*) FROM geo_zonecommune m, geo_zone z WHERE {absent}", kind, vintage)[0]
    if missing:
        before.tell(f"{Zone.Kind(kind).label} {vintage}".strip(), missing, tally)
    return written - moved, moved, 0


def _attach() -> tuple[int, int, int]:
    """Communes to their zone d'emploi, parts with their commune: (new, changed, all attached)."""
    return one(  # type: ignore[return-value]
        """WITH wanted AS (
                SELECT c.code, z.id AS zone_id, own.commune IS NOT NULL AS direct, before.kind AS kind
                FROM geo_commune c
                LEFT JOIN staged own ON own.commune = c.code LEFT JOIN staged up ON up.commune = c.parent_id
                JOIN geo_zone z ON z.kind = 'ze2020' AND z.code = coalesce(own.ze, up.ze)
                LEFT JOIN geo_zone before ON before.id = c.zone_id),
           written AS (
                UPDATE geo_commune c SET zone_id = w.zone_id FROM wanted w
                WHERE c.code = w.code AND c.zone_id IS DISTINCT FROM w.zone_id
                RETURNING w.direct, w.kind IS DISTINCT FROM 'ze2020' AS is_new)
           SELECT count(*) FILTER (WHERE direct AND is_new), count(*) FILTER (WHERE direct AND NOT is_new),
                  (SELECT count(*) FROM wanted) FROM written"""
    )
