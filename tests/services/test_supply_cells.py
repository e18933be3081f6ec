"""The supply by square of the map: what a walk over all firms counts, at every zoom, and kept so as firms change."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.domain.mercator import cell_of
from matchmaker.models import Firm, SupplyCell, SupplyTotal
from matchmaker.supply_cells import COARSEST, FIGURES, FINEST, refresh_cells, refresh_supply
from tests.factories import COMMUNES, make_commune, make_departement, make_firm, point

pytestmark = pytest.mark.django_db

ZOOMS = range(COARSEST, FINEST + 1)
SIAE, ADAPTED = {"EI", "ETTI", "ACI", "AI", "EITI"}, {"EA", "EATT", "ESAT"}
Counted = dict[tuple[int, str, int, int], dict[str, int]]
FAR = {
    "97411": (55.4481, -20.8789),  # Saint-Denis de La Réunion
    "98818": (166.4580, -22.2758),  # Nouméa
    "98611": (-178.1200, -14.2900),  # Futuna, on the other side of the antimeridian
}


def place_of(firm: Firm) -> Point | None:
    if firm.diffusion == "O":
        return firm.point
    return firm.commune.point if firm.commune else None


def figures_of(firm: Firm) -> dict[str, int]:
    families = {
        "social": firm.ess == "yes" or firm.inclusive_kind != "",
        "siae": firm.inclusive_kind in SIAE,
        "adapted": firm.inclusive_kind in ADAPTED,
    }
    euros = {f"{family}_eur": firm.capacity_mid_eur * told for family, told in families.items()}
    return {"firms": 1, "capacity_eur": firm.capacity_mid_eur, **families, **euros}


def by_hand(*, fictitious: bool = False) -> Counted:
    """Firm by firm, cell by cell."""
    found: Counted = defaultdict(lambda: defaultdict(int))
    for firm in Firm.objects.filter(active=True, fictitious=fictitious).select_related("commune"):
        place = place_of(firm)
        if place is None or not firm.trades:
            continue
        for trade in ("", *firm.trades):
            for zoom in ZOOMS:
                cell = cell_of(place.x, place.y, zoom)
                for name, value in figures_of(firm).items():
                    found[zoom, trade, cell.x, cell.y][name] += value
    return {key: dict(values) for key, values in found.items()}


def kept(*, fictitious: bool = False) -> Counted:
    names = FIGURES.split(", ")
    rows = SupplyCell.objects.filter(fictitious=fictitious).values("zoom", "trade", "x", "y", *names)
    return {(row["zoom"], row["trade"], row["x"], row["y"]): {name: row[name] for name in names} for row in rows}


@pytest.fixture
def firms() -> list[Firm]:
    """Forty firms in ten communes near and three far away, of every family, some partially diffused."""
    for code, (lon, lat) in FAR.items():
        departement = make_departement(code[:3], f"Outre-mer {code[:3]}")
        make_commune(code, point=point(lon=lon, lat=lat), boundary=None, departement=departement)
    codes = [*COMMUNES, *FAR]
    return [
        make_firm(
            f"Structure {n}",
            commune_code=codes[n % len(codes)],
            trades=[["T01"], ["T01", "T07"], ["T07", "T12", "T01"], ["T38"]][n % 4],
            inclusive_kind=["", "EI", "", "ESAT", "", "GEIQ"][n % 6],
            ess=["no", "yes", "verify"][n % 3],
            capacity_eur=1_000 * n,
            diffusion="P" if n % 9 == 4 else "O",
        )
        for n in range(40)
    ]


def test_the_cells_are_what_a_walk_over_all_firms_counts(firms: list[Firm]) -> None:
    refresh_supply()
    assert kept() == by_hand()


def test_at_every_zoom_the_cells_add_up_to_the_firms(firms: list[Firm]) -> None:
    refresh_supply()
    for trade, count in (("", 40), ("T38", 10)):
        sums = SupplyCell.objects.filter(trade=trade).order_by().values_list("zoom").annotate(n=Sum("firms"))
        assert dict(sums) == dict.fromkeys(ZOOMS, count)


def test_a_mark_stands_in_its_own_cell_on_both_sides_of_the_antimeridian(firms: list[Firm]) -> None:
    refresh_supply()
    for cell in SupplyCell.objects.filter(zoom__lt=FINEST):
        at = cell_of(cell.lon, cell.lat, cell.zoom)
        assert (at.x, at.y) == (cell.x, cell.y)
    futuna = SupplyCell.objects.filter(trade="", zoom=6, lon__lt=-170).get()
    assert (futuna.x, futuna.lon) == (0, pytest.approx(-178.12))


def test_firms_that_cannot_be_matched_are_not_counted(firms: list[Firm]) -> None:
    make_firm("Fermée", active=False)
    make_firm("Sans métier", trades=[])
    make_firm("Sans lieu", point=None)
    refresh_supply()
    assert SupplyTotal.objects.filter(trade="").aggregate(n=Sum("firms"))["n"] == 40


def test_a_partially_diffused_firm_is_counted_at_its_commune_only() -> None:
    """Its own address, 3 km away, is in no cell fine enough to tell."""
    commune = make_commune("38185")
    hidden = point(lon=5.76, lat=45.20)
    make_firm("Fernande Secrète", commune=commune, point=hidden, point_precision="address", diffusion="P")
    refresh_supply()
    for zoom in range(13, FINEST + 1):
        (cell,) = SupplyCell.objects.filter(trade="", zoom=zoom)
        assert commune.point is not None
        at, secret = cell_of(commune.point.x, commune.point.y, zoom), cell_of(hidden.x, hidden.y, zoom)
        assert (cell.x, cell.y) == (at.x, at.y) != (secret.x, secret.y)
        assert (cell.lon, cell.lat) == (pytest.approx(commune.point.x), pytest.approx(commune.point.y))


def test_a_firm_that_becomes_partially_diffused_moves_to_its_commune() -> None:
    firm = make_firm("Discrète", point=point(lon=5.76, lat=45.20), point_precision="address")
    refresh_supply()
    firm.diffusion = "P"
    firm.save()
    refresh_supply()
    (cell,) = SupplyCell.objects.filter(trade="", zoom=FINEST)
    assert (cell.lon, cell.lat) == (pytest.approx(5.7245), pytest.approx(45.1885))


def test_fictitious_firms_never_mix_with_real_ones(firms: list[Firm]) -> None:
    make_firm("Fictive", fictitious=True, trades=["T45"])
    refresh_supply()
    assert kept(fictitious=True) == by_hand(fictitious=True)
    assert kept() == by_hand()
    assert not SupplyCell.objects.filter(fictitious=False, trade="T45").exists()


def test_the_totals_by_departement_add_up_with_their_interval(firms: list[Firm]) -> None:
    refresh_supply()
    total = SupplyTotal.objects.get(trade="", departement="38")
    local = [firm for firm in firms if firm.commune and firm.commune.departement_id == "38"]
    assert total.firms == len(local)
    assert total.capacity_eur == sum(firm.capacity_mid_eur for firm in local)
    assert total.low_eur == sum(firm.capacity_low_eur for firm in local)
    assert total.high_eur == sum(firm.capacity_high_eur for firm in local)
    assert set(SupplyTotal.objects.filter(trade="").values_list("departement", flat=True)) == {
        "38", "974", "986", "988",
    }  # fmt: skip


# ---------------------------------------------------------------- change


def test_nothing_is_read_again_while_no_firm_changed(firms: list[Firm]) -> None:
    assert refresh_supply() > 0
    with CaptureQueriesContext(connection) as queries:
        assert refresh_supply() == 0
    assert not any("CREATE" in query["sql"] or "DELETE" in query["sql"] for query in queries)


def test_one_firm_changed_rewrites_its_own_cells_only(firms: list[Firm]) -> None:
    refresh_supply()
    firm = firms[3]  # one trade: its own cells and those of all trades
    firm.capacity_mid_eur += 500
    firm.capacity_high_eur += 500
    firm.save()
    assert refresh_supply() == 2 * len(ZOOMS)
    assert kept() == by_hand()


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 39),
        st.sampled_from(["close", "open", "move", "hide", "trade", "grow", "delete"]),
        st.sampled_from([*COMMUNES, *FAR]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_after_any_changes_the_cells_are_those_of_a_fresh_count(firms: list[Firm], changes: list[Any]) -> None:
    from geo.models import Commune

    refresh_supply()
    for number, change, code in changes:
        firm = Firm.objects.filter(pk=firms[number].pk).first()
        if firm is None:
            continue
        if change == "delete":
            firm.delete()
            continue
        match change:
            case "close":
                firm.active = False
            case "open":
                firm.active = True
            case "move":
                firm.commune = Commune.objects.get(code=code)
                firm.point = firm.commune.point
            case "hide":
                firm.diffusion = "P"
            case "trade":
                firm.trades = [] if "T38" in firm.trades else ["T38", "T02"]
            case "grow":
                firm.capacity_high_eur += 7_000
                firm.capacity_mid_eur += 7_000
        firm.save()
    refresh_supply()
    assert kept() == by_hand()


def seen_by_another_reader() -> Counted:
    """On a connection of its own, as a page served meanwhile has."""

    def read() -> Counted:
        try:
            return kept()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        return other.submit(read).result()


@pytest.mark.django_db(transaction=True)
def test_readers_see_the_old_counts_until_the_new_ones_are_complete() -> None:
    first, second = make_firm("Première"), make_firm("Seconde", commune_code="38563", trades=["T07"])
    refresh_supply()
    before = kept()
    first.delete()
    second.save()
    with transaction.atomic():
        assert refresh_cells(fictitious=False) > 0
        assert kept() != before
        assert seen_by_another_reader() == before
    assert seen_by_another_reader() == by_hand()
