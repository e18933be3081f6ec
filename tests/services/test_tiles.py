"""The supply as vector tiles, decoded as a map would: the marks of all tiles of a zoom are the firms, once each."""

from __future__ import annotations

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo import ground
from geo.domain.mercator import Cell, cell_of
from geo.models import Commune, Departement
from matchmaker import tiles
from matchmaker.models import Firm
from matchmaker.queries import public_firm
from matchmaker.supply_cells import refresh_supply
from tests.factories import COMMUNES, make_commune, make_departement, make_firm, point
from tests.mvt import Mark, layers

pytestmark = pytest.mark.django_db

ZOOMS = range(tiles.MAX_ZOOM + 1)
FAR = {"98818": (166.458, -22.2758), "98611": (-178.12, -14.29), "97411": (55.4481, -20.8789)}


def marks(cell: Cell, trade: str = "", *, fictitious: bool = False) -> list[Mark]:
    return layers(tiles.tile(cell, trade, fictitious=fictitious)).get(tiles.LAYER, [])


def everywhere(zoom: int, trade: str = "") -> list[Mark]:
    """Marks of every tile where some commune may have a firm."""
    places = [place for place in Commune.objects.values_list("point", flat=True) if place]
    places += [place for place in Firm.objects.values_list("point", flat=True) if place]
    return [mark for cell in {cell_of(at.x, at.y, zoom) for at in places} for mark in marks(cell, trade)]


@pytest.fixture
def firms() -> list[Firm]:
    for code, (lon, lat) in FAR.items():
        departement = make_departement(code[:3], f"Outre-mer {code[:3]}")
        make_commune(code, point=point(lon=lon, lat=lat), boundary=None, departement=departement)
    codes = [*COMMUNES, *FAR]
    made = [
        make_firm(
            f"Structure {n}",
            commune_code=codes[n % len(codes)],
            trades=[["T01"], ["T01", "T07"], ["T38"]][n % 3],
            inclusive_kind=["", "EI", "", "ESAT", ""][n % 5],
            capacity_eur=1_000 * n,
            diffusion="P" if n % 9 == 4 else "O",
        )
        for n in range(52)
    ]
    for n, firm in enumerate(made):
        if n % 4 == 0 and firm.point:
            firm.point = point(lon=firm.point.x + n / 2000, lat=firm.point.y - n / 3000)
            firm.save()
    refresh_supply()
    return made


@pytest.mark.parametrize("zoom", ZOOMS)
def test_the_marks_of_a_zoom_add_up_to_the_firms(firms: list[Firm], zoom: int) -> None:
    for trade, count in (("", 52), ("T01", 35), ("T07", 17)):
        found = everywhere(zoom, trade)
        assert sum(mark.properties["n"] for mark in found) == count
        wanted = [firm for firm in firms if not trade or trade in firm.trades]
        assert sum(mark.properties.get("c", 0) for mark in found) == sum(firm.capacity_mid_eur for firm in wanted)
        assert sum(mark.properties.get("i", 0) for mark in found) == sum(f.inclusive_kind == "EI" for f in wanted)
        assert sum(mark.properties.get("a", 0) for mark in found) == sum(f.inclusive_kind == "ESAT" for f in wanted)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lon=st.floats(-180, 180), lat=st.floats(-84, 84), zoom=st.integers(0, tiles.MAX_ZOOM))
def test_a_firm_is_in_the_tile_of_its_place_wherever_it_is(db: None, lon: float, lat: float, zoom: int) -> None:
    firm = make_firm("Seule", point=point(lon=lon, lat=lat), commune_code="38185")
    try:
        refresh_supply()
        (mark,) = marks(cell_of(lon, lat, zoom))
        assert 0 <= mark.x < 4096
        assert 0 <= mark.y < 4096
        square = cell_of(lon, lat, mark.properties["g"])
        assert (mark.properties["x"], mark.properties["y"]) == (square.x, square.y)
        side = 4096 >> (mark.properties["g"] - zoom)
        assert (mark.x // side, mark.y // side) == (square.x % (4096 // side), square.y % (4096 // side))
    finally:
        firm.delete()


def test_near_a_firm_alone_says_who_it_is_as_the_public_sees_it() -> None:
    firm = make_firm("Régie Villeneuve", inclusive_kind="EI", ess="yes", point=point(lon=5.73, lat=45.19))
    (mark,) = marks(cell_of(5.73, 45.19, 13))
    shown = public_firm(firm)
    told = {name: mark.properties[name] for name in ("siret", "name", "kind", "ess", "n", "s", "c")}
    assert told == {
        "siret": shown.siret, "name": shown.name, "kind": shown.kind, "ess": shown.ess,
        "n": 1, "s": 1, "c": shown.capacity_mid_eur,
    }  # fmt: skip
    assert "masked" not in mark.properties


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_partially_diffused_firm_is_a_mark_at_its_commune_without_identity(zoom: int) -> None:
    hidden = point(lon=5.80, lat=45.21)
    firm = make_firm("Fernande Secrète", point=hidden, point_precision="address", diffusion="P")
    refresh_supply()
    assert firm.commune is not None and firm.commune.point is not None
    at = firm.commune.point
    body = tiles.tile(cell_of(at.x, at.y, zoom), "", fictitious=False)
    (mark,) = layers(body)[tiles.LAYER]
    assert not {"siret", "name", "kind", "ess"} & set(mark.properties)
    assert firm.siret.encode() not in body
    assert b"Fernande" not in body
    square = cell_of(at.x, at.y, mark.properties["g"])
    assert (mark.properties["x"], mark.properties["y"]) == (square.x, square.y)
    if zoom > 12:  # where its own address lies in another tile
        assert marks(cell_of(hidden.x, hidden.y, zoom)) == []


def test_two_firms_at_one_address_are_one_mark_without_a_name() -> None:
    for name in ("Première", "Seconde"):
        make_firm(name)
    (mark,) = marks(cell_of(5.7245, 45.1885, 16))
    assert mark.properties["n"] == 2
    assert "siret" not in mark.properties


def test_a_tile_is_bounded_however_many_firms_it_holds() -> None:
    commune = make_commune("38185")
    Firm.objects.bulk_create(
        Firm(
            siret=f"{n:014d}", siren=f"{n:09d}", name=f"Entreprise numéro {n}", trades=["T01"], commune=commune,
            point=point(lon=5.70 + (n % 70) / 1400, lat=45.15 + (n // 70) / 1400), source="test", record_hash="x",
            capacity_mid_eur=1000 + n, capacity_high_eur=1000 + n,
        )
        for n in range(4_900)
    )  # fmt: skip
    refresh_supply()
    for zoom in ZOOMS:
        body = tiles.tile(cell_of(5.72, 45.17, zoom), "T01", fictitious=False)
        assert len(layers(body)[tiles.LAYER]) <= tiles.MARKS
        assert len(body) < 100_000


@pytest.mark.parametrize("where", [(-1, 0, 0), (0, 0, 1), (5, 32, 3), (17, 0, 0), (99, 0, 0)])
def test_a_tile_that_no_map_asks_is_refused(where: tuple[int, int, int]) -> None:
    with pytest.raises(tiles.TileError, match="Cette tuile n'existe pas"):
        tiles.address(*where)


def test_where_there_is_no_firm_the_tile_is_empty(firms: list[Firm]) -> None:
    for zoom in (4, 13):
        assert tiles.tile(cell_of(-150, 60, zoom), "", fictitious=False) == b""
    assert tiles.tile(cell_of(5.7245, 45.1885, 8), "T45", fictitious=False) == b""


# ---------------------------------------------------------------- the ground


def test_the_ground_has_communes_near_and_departements_from_afar() -> None:
    for code in COMMUNES:
        make_commune(code)
    assert ground.draw_outlines() == 1
    assert ground.draw_outlines() == 0
    near = layers(ground.tile(cell_of(5.7245, 45.1885, 10)))
    assert {"38185", "38421"} <= {mark.properties["code"] for mark in near["land"]}
    assert "Grenoble" in {mark.properties["name"] for mark in near["names"]}
    far = layers(ground.tile(cell_of(5.7245, 45.1885, 5)))
    assert [mark.properties["code"] for mark in far["land"]] == ["38"]
    assert ground.tile(cell_of(-150, 20, 5)) == b""


def test_an_outline_joins_its_communes_without_holes() -> None:
    make_commune("38185")
    make_commune("38563")
    ground.draw_outlines(force=True)
    outline = Departement.objects.get(code="38").outline
    assert isinstance(outline, MultiPolygon | Polygon)
    area = sum(commune.boundary.area for commune in Commune.objects.all() if commune.boundary)
    assert outline.area == pytest.approx(area, rel=0.01)
