"""Count the supply by square of the map and by département, by trade: what the supply map draws and its table says.

All in SQL, in one transaction: readers see the old counts until the new ones are complete. The finest squares are
counted anew from the firms and compared with what is kept; only those that changed are written, and above them only
their own ancestors. A firm counts where it may be shown, so a partially diffused one at its commune's point.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Case, F, FloatField, Func, Q, Value, When
from django.db.models.fields import BooleanField

from geo.domain.mercator import SQL_ACROSS, SQL_DOWN
from matchmaker.domain.eligibility import R1_KINDS, R2_KINDS
from matchmaker.match import supply, supply_version
from matchmaker.models import Firm, SupplyState

COARSEST, FINEST = 4, 16  # grids kept; a cell of the finest is 0.4 km wide in France
RULES = "2"  # raise when the same firms should give other counts
WIDE_ZOOM = 20  # the firms are placed in this grid once; each coarser one is a shift of it
LOCK = "maillage supply cells"

FAMILIES = {
    "social": Q(ess=Firm.Ess.YES) | ~Q(inclusive_kind=""),
    "siae": Q(inclusive_kind__in=sorted(R2_KINDS)),
    "adapted": Q(inclusive_kind__in=sorted(R1_KINDS)),
}
COUNTS = ("firms", *FAMILIES)
AMOUNTS = ("capacity_eur", *(f"{family}_eur" for family in FAMILIES))
FIGURES = ", ".join((*COUNTS, *AMOUNTS))
COUNTED = ", ".join(
    (
        "count(*)::int AS firms",
        *(f"(count(*) FILTER (WHERE {family}))::int AS {family}" for family in FAMILIES),
        "sum(mid)::bigint AS capacity_eur",
        *(f"coalesce(sum(mid) FILTER (WHERE {family}), 0)::bigint AS {family}_eur" for family in FAMILIES),
    )
)
ADDED = ", ".join(
    (*(f"sum({name})::int AS {name}" for name in COUNTS), *(f"sum({name})::bigint AS {name}" for name in AMOUNTS))
)


def refresh_supply() -> int:
    """Bring all counts up to date; two cheap queries when no firm changed. Returns the cells written."""
    return sum(refresh_cells(fictitious=fictitious) for fictitious in (False, True))


def refresh_cells(*, fictitious: bool) -> int:
    """Idempotent, one writer at a time. Returns the cells written, 0 when the supply is the one counted last."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [LOCK])
        mark = f"{RULES} {supply_version(fictitious)}"
        if SupplyState.objects.filter(fictitious=fictitious, version=mark).exists():
            return 0
        cursor.execute("SET LOCAL work_mem = '128MB'")
        _place_firms(cursor, fictitious)
        _write_totals(cursor, fictitious)
        written = _write_finest(cursor, fictitious)
        for zoom in range(FINEST - 1, COARSEST - 1, -1):
            written += _write_coarser(cursor, fictitious, zoom)
        cursor.execute("DROP TABLE placed_firm, counted_cell, touched_cell")
        SupplyState.objects.update_or_create(fictitious=fictitious, defaults={"version": mark})
    return written


def version(*, fictitious: bool) -> str:
    """Of the counts kept; "" before the first. One small query."""
    return SupplyState.objects.filter(fictitious=fictitious).values_list("version", flat=True).first() or ""


def placed(*, fictitious: bool, **only: Any) -> tuple[str, tuple[Any, ...]]:
    """SQL of the firms where they may be shown, further filtered by ``only``, and its parameters.

    Columns: see COLUMNS. Nothing is run here.
    """

    def axis(name: str) -> Func:
        return Func(F("place"), template=f"ST_{name}(%(expressions)s::geometry)", output_field=FloatField())

    def told(condition: Q) -> Case:
        return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())

    rows = supply(fictitious=fictitious).filter(**only).order_by()
    rows = rows.annotate(lon=axis("X"), lat=axis("Y"), shown=told(Q(diffusion=Firm.Diffusion.OPEN)))
    columns = rows.annotate(**{f"in_{family}": told(condition) for family, condition in FAMILIES.items()}).values_list(
        "pk", "siret", "trades", "commune__departement_id", "capacity_low_eur", "capacity_mid_eur", "capacity_high_eur",
        "lon", "lat", "shown", *(f"in_{family}" for family in FAMILIES)
    )  # fmt: skip
    text, parameters = columns.query.sql_with_params()
    return f"(SELECT * FROM ({text}) firm({COLUMNS}))", parameters


COLUMNS = f"id, siret, trades, departement, low, mid, high, lon, lat, shown, {', '.join(FAMILIES)}"


def _place_firms(cursor: CursorWrapper, fictitious: bool) -> None:
    """``placed_firm``: each firm once a trade and once for all of them (""), in its cell of the widest grid."""
    firms, parameters = placed(fictitious=fictitious)
    side = 2**WIDE_ZOOM
    cursor.execute(
        f"CREATE TEMP TABLE placed_firm AS SELECT unnest(ARRAY[''] || trades::text[]) AS trade, departement,"
        f" low, mid, high, {', '.join(FAMILIES)}, lon, lat, ({SQL_ACROSS} * {side})::float8 AS across,"
        f" ({SQL_DOWN} * {side})::float8 AS down FROM {firms} placed",
        parameters,
    )


def _write_totals(cursor: CursorWrapper, fictitious: bool) -> None:
    cursor.execute("DELETE FROM matchmaker_supplytotal WHERE fictitious = %s", [fictitious])
    cursor.execute(
        f"INSERT INTO matchmaker_supplytotal (fictitious, trade, departement_id, {FIGURES}, low_eur, high_eur)"
        f" SELECT %s, trade, departement, {COUNTED}, sum(low), sum(high) FROM placed_firm GROUP BY trade, departement",
        [fictitious],
    )


def _write_finest(cursor: CursorWrapper, fictitious: bool) -> int:
    """Count the finest grid anew, keep in ``touched_cell`` what differs, write that. Sums of whole numbers, so that
    the same firms give the same centre to the last bit in whatever order they are read."""
    shift = WIDE_ZOOM - FINEST
    cursor.execute(
        f"CREATE TEMP TABLE counted_cell AS SELECT trade, floor(across)::int >> {shift} AS x,"
        f" floor(down)::int >> {shift} AS y, {COUNTED}, sum(round(lon * 1e6)::bigint)::float8 / count(*) / 1e6 AS lon,"
        " sum(round(lat * 1e6)::bigint)::float8 / count(*) / 1e6 AS lat FROM placed_firm GROUP BY 1, 2, 3"
    )
    values = f"{FIGURES}, lon, lat"
    cursor.execute(
        f"CREATE TEMP TABLE touched_cell AS SELECT trade, x, y FROM"
        f" (SELECT trade, x, y, {values} FROM counted_cell) new FULL JOIN"
        f" (SELECT trade, x, y, {values} FROM matchmaker_supplycell WHERE fictitious = %s AND zoom = {FINEST}) old"
        f" USING (trade, x, y) WHERE ({_of('new', values)}) IS DISTINCT FROM ({_of('old', values)})",
        [fictitious],
    )
    cursor.execute("ANALYZE touched_cell")
    _forget(cursor, fictitious, FINEST)
    cursor.execute(
        f"INSERT INTO matchmaker_supplycell (fictitious, zoom, trade, x, y, {values})"
        f" SELECT %s, {FINEST}, trade, x, y, {values} FROM counted_cell JOIN touched_cell USING (trade, x, y)",
        [fictitious],
    )
    return cursor.rowcount


def _write_coarser(cursor: CursorWrapper, fictitious: bool, zoom: int) -> int:
    """The parents of the cells touched, from their children. The two conditions on x say the same: the planner takes
    the index for a few cells, a hash for all of them."""
    cursor.execute("CREATE TEMP TABLE parent_cell AS SELECT DISTINCT trade, x >> 1 AS x, y >> 1 AS y FROM touched_cell")
    cursor.execute("DROP TABLE touched_cell")
    cursor.execute("ALTER TABLE parent_cell RENAME TO touched_cell")
    cursor.execute("ANALYZE touched_cell")
    _forget(cursor, fictitious, zoom)
    cursor.execute(
        f"INSERT INTO matchmaker_supplycell (fictitious, zoom, trade, x, y, {FIGURES}, lon, lat)"
        f" SELECT %s, {zoom}, touched.trade, touched.x, touched.y, {ADDED},"
        " sum(lon * firms) / sum(firms), sum(lat * firms) / sum(firms)"
        " FROM touched_cell touched JOIN matchmaker_supplycell child ON child.trade = touched.trade"
        " AND child.x >> 1 = touched.x AND child.y >> 1 = touched.y"
        " AND child.x BETWEEN 2 * touched.x AND 2 * touched.x + 1"
        f" WHERE child.fictitious = %s AND child.zoom = {zoom + 1} GROUP BY 3, 4, 5",
        [fictitious, fictitious],
    )
    return cursor.rowcount


def _forget(cursor: CursorWrapper, fictitious: bool, zoom: int) -> None:
    cursor.execute(
        f"DELETE FROM matchmaker_supplycell cell USING touched_cell touched WHERE cell.fictitious = %s"
        f" AND cell.zoom = {zoom} AND (cell.trade, cell.x, cell.y) = (touched.trade, touched.x, touched.y)",
        [fictitious],
    )


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{column}" for column in columns.split(", "))
