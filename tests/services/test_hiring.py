"""Hiring needs near a lot: from its trades to the survey of its bassin, in one query."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.domain.hiring import Count
from geo.domain.point import point
from geo.hiring import hiring_needs
from geo.models import RomeFap
from matchmaker.hiring import hiring_near
from matchmaker.sync import sync
from tests.factories import COMMUNES, make_commune, make_lot
from tests.services.hiring_files import crosswalk, seekers, survey
from tests.sources.territory_files import text_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]
GRENOBLE = point(lon=5.7245, lat=45.1885)


@pytest.fixture
def loaded(db: None, tmp_path: Path) -> None:
    for code in COMMUNES:
        make_commune(code)
    sync("bassins", [crosswalk(tmp_path), crosswalk(tmp_path, year=2019)])
    sync("bmo", [survey(tmp_path)])
    sync("demandeurs", [seekers(tmp_path)])


def test_needs_and_seekers_come_in_one_query(loaded: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        found = hiring_needs(point=GRENOBLE, romes=["K2204", "F1606"])
    assert found is not None
    assert (found.commune, found.bassins, found.year) == ("Grenoble", ("GRENOBLE",), 2024)
    assert (found.seekers_zoning, found.seekers_year) == ("2019", 2020)
    assert [need.fap for need in found.needs] == ["T4X60", "B2X36"]


def test_a_secret_row_makes_its_metier_an_interval(loaded: None) -> None:
    found = hiring_needs(commune="38185", romes=["K2204"])
    assert found is not None
    (need,) = found.needs
    assert need.projects == Count(None, 121, 124)
    assert need.hard == Count(None, 60, 64)
    assert need.lasting == Count(None, 100, 104)
    assert found.openings == need.lasting


def test_seekers_fewer_than_five_are_bounds(loaded: None) -> None:
    found = hiring_needs(commune="38185", romes=["K2204", "F1606"])
    assert found is not None
    assert {one.rome: one.seekers for one in found.seekers} == {
        "K2204": Count.of(300),
        "F1606": Count(None, 0, 4),
    }


def test_within_a_radius_neighbouring_bassins_count_too(loaded: None) -> None:
    near = hiring_needs(commune="38185", romes=["K2204"], radius_km=30)
    assert near is not None
    assert near.bassins == ("GRENOBLE", "VOIRON")
    assert near.needs[0].projects == Count(None, 161, 164)
    assert near.seekers[0].seekers == Count.of(380)


def test_metiers_can_be_asked_for_by_their_own_code(loaded: None) -> None:
    found = hiring_needs(commune="38563", faps=["T4X60"])
    assert found is not None
    assert [need.projects for need in found.needs] == [Count.of(40)]


def test_the_latest_survey_whose_communes_are_known_counts(loaded: None, tmp_path: Path) -> None:
    sync("bmo", [survey(tmp_path, "T4X60,Agents,38,8421,GRENOBLE,70,10,5", year=2025)])
    found = hiring_needs(commune="38185", romes=["K2204"])
    assert found is not None
    assert found.year == 2024
    sync("bassins", [crosswalk(tmp_path, year=2025)])
    found = hiring_needs(commune="38185", romes=["K2204"])
    assert found is not None
    assert (found.year, found.needs[0].projects) == (2025, Count.of(70))


def test_a_job_known_by_its_family_only_is_flagged(loaded: None) -> None:
    RomeFap.objects.all().delete()
    RomeFap.objects.create(rome="K2204", fap="T4X", precision="family", source="essai")
    found = hiring_needs(commune="38185", romes=["K2204"])
    assert found is not None
    assert [(need.fap, need.approximate) for need in found.needs] == [("T4X60", True), ("T4X61", True)]


def test_an_exact_table_outranks_ours_and_ours_a_family(loaded: None) -> None:
    RomeFap.objects.create(rome="K2204", fap="T4X", precision="family", source="essai")
    found = hiring_needs(commune="38185", romes=["K2204"])
    assert found is not None
    assert [need.fap for need in found.needs] == ["T4X60"]
    RomeFap.objects.create(rome="K2204", fap="B2X36", precision="exact", source="essai")
    found = hiring_needs(commune="38185", romes=["K2204"])
    assert found is not None
    assert [need.fap for need in found.needs] == ["B2X36"]


def test_a_former_commune_is_its_commune_of_today(loaded: None) -> None:
    from geo.models import Commune

    make_commune("38999", kind="former", parent=Commune.objects.get(pk="38185"))
    found = hiring_needs(commune="38999", romes=["K2204"])
    assert found is not None
    assert found.commune == "Grenoble"


def test_what_is_not_loaded_is_named(db: None) -> None:
    make_commune()
    found = hiring_needs(commune="38185", romes=["K2204"])
    assert found is not None
    assert (found.year, found.needs, found.seekers) == (None, (), ())
    assert found.missing == ("bassins", "bmo", "demandeurs")


def test_a_place_in_no_known_commune_has_no_needs(loaded: None) -> None:
    assert hiring_needs(point=point(lon=-40, lat=30), romes=["K2204"]) is None
    assert hiring_needs(commune="99999", romes=["K2204"]) is None


def test_a_lot_leads_from_its_trades_to_openings_seekers_and_places(loaded: None, django_assert_num_queries) -> None:
    lot = make_lot(trades=["T01"])
    with django_assert_num_queries(2):  # the tables of reference, then everything
        near = hiring_near(lot)
    assert near.romes == ("K2204",)
    assert near.openings == Count(None, 100, 104)
    assert near.priority == Count.of(120)  # 40 % of 300
    assert near.places == (24, 24)  # min(120 / 5, 100 / 2)


def test_a_lot_without_trade_or_place_has_none(loaded: None) -> None:
    assert hiring_near(make_lot(trades=["T44"])).needs is None
    assert hiring_near(make_lot(point=None)).needs is None


def test_a_survey_whose_smallest_figure_is_ten_hides_up_to_nine(loaded: None, tmp_path: Path) -> None:
    rows = ("T4X60,Agents,38,8421,GRENOBLE,*,*,*", "B2X36,Peintres,38,8421,GRENOBLE,30,10,*")
    sync("bassins", [crosswalk(tmp_path, year=2025)])
    sync("bmo", [survey(tmp_path, *rows, year=2025)])
    found = hiring_needs(commune="38185", romes=["K2204"])
    assert found is not None
    assert found.needs[0].projects == Count(None, 1, 9)


def test_the_workbook_and_the_csv_end_alike(loaded: None, tmp_path: Path) -> None:
    from geo.models import HiringProjects
    from tests.services.conftest import checksum
    from tests.sources.territory_files import workbook

    text = survey(tmp_path).read_text(encoding="utf-8")
    before = checksum(HiringProjects)
    rows = [line.split(",") for line in text.splitlines()]
    path = workbook(tmp_path / "Base_open_data_BMO_2024.xlsx", Description=[["Variables"]], BMO_2024_open_data=rows)
    (run,) = sync("bmo", [path])
    assert (run.unchanged, run.new, run.changed) == (6, 0, 0)
    assert checksum(HiringProjects) == before


def test_a_survey_in_the_encoding_of_old_spreadsheets_is_read(loaded: None, tmp_path: Path) -> None:
    path = text_file(tmp_path / "bmo_2024.csv", "")
    path.write_bytes(survey(tmp_path).read_text(encoding="utf-8").encode("cp1252"))
    (run,) = sync("bmo", [path])
    assert (run.read, run.unchanged) == (6, 6)
