"""The supply as vector tiles (Mapbox Vector Tile 2.1): one mark a square, its place the centre of its firms.

From afar the squares were counted before (``supply_cells``); near, they are counted from the firms of the tile, and a
mark that is one openly diffused firm carries its SIRET and name. A mark is bounded by its square, so a tile holds at
most ``MARKS`` of them however many firms there are. Nothing is clipped and no margin sent: a firm is in one tile of a
zoom, and the marks of all its tiles add up to the firms.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from geo.domain.mercator import SQL_ACROSS, SQL_DOWN, Cell, CellError
from matchmaker.domain.eligibility import R1_KINDS, R2_KINDS
from matchmaker.supply_cells import AMOUNTS, COUNTED, COUNTS, FIGURES, FINEST

EXTENT = 4096
STEPS = 4  # a tile is 16 cells wide from afar: a mark every 32 pixels
NEAR = FINEST - STEPS + 1  # first zoom counted from the firms themselves
NEAR_STEPS = 5  # there, 32 cells wide
MAX_ZOOM = 16  # a map enlarges these tiles beyond
MARKS = (2**NEAR_STEPS) ** 2
LAYER = "supply"
# Short names for figures that come a thousand times a tile; a zero is left out.
SHORT = dict(zip((*COUNTS, *AMOUNTS), ("n", "s", "i", "a", "c", "cs", "ci", "ca"), strict=True))
_BOX_MARGIN = 0.02  # of a tile: a parallel is not a great circle, so the index is asked for a little more
_NAME_LENGTH = 60


class TileError(CellError):
    """Cette tuile n'existe pas : le zoom va de 0 à 16, x et y de 0 à 2^zoom - 1."""


def address(zoom: int, x: int, y: int, *, deepest: int = MAX_ZOOM) -> Cell:
    """Raises TileError for a tile that no map asks."""
    try:
        cell = Cell(zoom, x, y)
    except CellError:
        raise TileError(TileError.__doc__) from None
    if zoom > deepest:
        raise TileError(TileError.__doc__)
    return cell


def tile(cell: Cell, trade: str, *, fictitious: bool) -> bytes:
    """Marks of a tile for a trade ("" for all); empty bytes where there is no firm. One query.

    Properties: n firms, s of them ESS or inclusive, i SIAE, a EA or ESAT; c, cs, ci, ca their free capacity, EUR a
    year; g, x, y the square; and of one firm alone siret, name, kind, ess, or masked.
    """
    return _far(cell, trade, fictitious) if cell.zoom < NEAR else _near(cell, trade, fictitious)


def _far(cell: Cell, trade: str, fictitious: bool) -> bytes:
    columns, rows = cell.within(STEPS)
    grid = cell.zoom + STEPS
    marks = (
        f"SELECT {FIGURES}, x, y, lon, lat FROM matchmaker_supplycell WHERE fictitious = %s AND trade = %s"
        f" AND zoom = {grid} AND x = ANY(%s) AND y BETWEEN %s AND %s"
    )
    return _encoded(cell, grid, marks, "", [fictitious, trade, list(columns), rows[0], rows[-1]])


def _near(cell: Cell, trade: str, fictitious: bool) -> bytes:
    grid = cell.zoom + NEAR_STEPS
    columns, rows = cell.within(NEAR_STEPS)
    firms, parameters = firms_in(cell, trade, fictitious=fictitious)
    side = 2**grid
    marks = (  # OFFSET 0 keeps the planner from computing a place again for each use of it
        f"SELECT {COUNTED}, x, y, avg(lon) AS lon, avg(lat) AS lat, count(*) = 1 AND bool_and(shown) AS alone,"
        " min(id) AS one, bool_or(NOT shown) AS hidden FROM"
        f" (SELECT *, floor({SQL_ACROSS} * {side})::int AS x, floor({SQL_DOWN} * {side})::int AS y FROM {firms} found"
        " OFFSET 0) marked WHERE x BETWEEN %s AND %s AND y BETWEEN %s AND %s GROUP BY x, y"
    )
    # The name as ``public_firm`` shows it, of openly diffused firms only; a test holds the two equal.
    identity = (
        f", firm.siret, left(firm.name, {_NAME_LENGTH}) AS name, nullif(firm.inclusive_kind, '') AS kind,"
        " nullif(firm.ess, 'no') AS ess, CASE WHEN mark.firms = 1 AND mark.hidden THEN true END AS masked"
    )
    return _encoded(cell, grid, marks, identity, [*parameters, columns[0], columns[-1], rows[0], rows[-1]])


def firms_in(cell: Cell, trade: str, *, fictitious: bool) -> tuple[str, tuple[Any, ...]]:
    """SQL of the firms around a cell (a little more than it) with its parameters.

    Columns: id, mid, lon, lat, shown, and one for each of FAMILIES. The firms of ``match.supply``, without its joins:
    open ones are found by their own point, the others by their commune's, each by its spatial index.
    """
    west, south, east, north = cell.box
    wide, high = (east - west) * _BOX_MARGIN, (north - south) * _BOX_MARGIN
    box = [west - wide, south - high, east + wide, north + high]
    of_trade = " AND firm.trades @> ARRAY[%s]::varchar[]" if trade else ""
    wanted = f"firm.active AND firm.fictitious = %s AND firm.trades <> '{{}}'{of_trade}"
    asked = [*box, fictitious, *([trade] if trade else [])]
    families = (
        "firm.ess = 'yes' OR firm.inclusive_kind <> '' AS social, firm.inclusive_kind = ANY(%s) AS siae,"
        " firm.inclusive_kind = ANY(%s) AS adapted"
    )

    def select(place: str, shown: bool) -> str:
        return (
            f"SELECT firm.id, firm.capacity_mid_eur AS mid, ST_X({place}::geometry) AS lon,"
            f" ST_Y({place}::geometry) AS lat, {shown} AS shown, {families}"
        )

    within = "&& ST_MakeEnvelope(%s, %s, %s, %s, 4326)::geography"
    kinds = [sorted(R2_KINDS), sorted(R1_KINDS)]
    return (
        f"({select('firm.point', True)} FROM matchmaker_firm firm WHERE firm.point {within} AND {wanted}"
        f" AND firm.diffusion = 'O' UNION ALL {select('town.point', False)}"
        f" FROM geo_commune town JOIN matchmaker_firm firm ON firm.commune_id = town.code"
        f" WHERE town.point {within} AND {wanted} AND firm.diffusion = 'P')"
    ), (*kinds, *asked, *kinds, *asked)


def _encoded(cell: Cell, grid: int, marks: str, identity: str, parameters: list[Any]) -> bytes:
    """``marks`` gives FIGURES, x, y, lon, lat. A mark's place is kept within its own square whatever the rounding."""
    figures = ", ".join(f"nullif(mark.{name}, 0) AS {short}" for name, short in SHORT.items())
    width = EXTENT * 2**cell.zoom // 2**grid  # of a square, in the tile's units

    def inside(share: str, square: str, start: int) -> str:
        corner = f"(mark.{square} - {start}) * {width}"
        drawn = f"floor(({share}) * {EXTENT * 2**cell.zoom} - {start * width})::int"
        return f"least({corner} + {width - 1}, greatest({corner}, {drawn}))"

    columns, rows = (one[0] for one in cell.within(grid - cell.zoom))
    across, down = (sql.replace("lon", "mark.lon").replace("lat", "mark.lat") for sql in (SQL_ACROSS, SQL_DOWN))
    alone = " LEFT JOIN matchmaker_firm firm ON mark.alone AND firm.id = mark.one" if identity else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ST_AsMVT(drawn, '{LAYER}', {EXTENT}, 'place') FROM (SELECT"
            f" ST_Point({inside(across, 'x', columns)}, {inside(down, 'y', rows)}) AS place,"
            f" {figures}, {grid} AS g, mark.x, mark.y{identity}"
            f" FROM ({marks}) mark{alone}) drawn",
            parameters,
        )
        return bytes(cursor.fetchone()[0])
