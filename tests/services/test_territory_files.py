"""Official files of the territory through ``sync``: any order, any number of times, nothing lost in silence."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from geo.models import Commune, HiringProjects, JobSeekers, RomeFap, Vintage, Zone, ZoneCommune
from geo.sources.shapes import UnknownShapeError
from matchmaker.labels import label_of, labels_of
from matchmaker.models import Nomenclature, QuarantineItem
from matchmaker.reference import load_reference
from matchmaker.sync import CannotFetchError, sync
from tests.factories import COMMUNES, make_commune
from tests.services.conftest import checksum
from tests.services.firm_rows import counts
from tests.services.hiring_files import crosswalk, seekers, survey
from tests.sources.territory_files import text_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]
TABLES = (Zone, ZoneCommune, HiringProjects, JobSeekers)


@pytest.fixture(autouse=True)
def communes(db: None) -> None:
    for code in COMMUNES:
        make_commune(code)


def held() -> list[tuple[str, str, str, object]]:
    """Which communes each zone has, and how many projects and seekers."""
    return sorted(
        (zone.kind + zone.vintage, zone.code, zone.name, [*members, *projects, *people])
        for zone in Zone.objects.all()
        for members in [sorted(zone.members.values_list("commune_id", flat=True))]
        for projects in [sorted(zone.hiring.values_list("fap", "part", "projects_low"))]
        for people in [sorted(zone.jobseekers.values_list("rome", "seekers_high"))]
    )


def test_the_order_of_the_files_does_not_matter(tmp_path: Path) -> None:
    files = {"bassins": crosswalk(tmp_path), "bmo": survey(tmp_path), "demandeurs": seekers(tmp_path)}
    ends = []
    for order in permutations(files):
        Zone.objects.all().delete()
        for key in order:
            sync(key, [files[key]])
        ends.append(held())
    assert all(end == ends[0] for end in ends)


@pytest.mark.parametrize(("key", "write"), [("bassins", crosswalk), ("bmo", survey), ("demandeurs", seekers)])
def test_the_same_file_again_changes_nothing(tmp_path: Path, key: str, write) -> None:
    path = write(tmp_path)
    (first,) = sync(key, [path])
    assert first.new == first.read - first.quarantined
    before, vintages = checksum(*TABLES), list(Vintage.objects.order_by("name").values_list())
    (again,) = sync(key, [path])
    assert (again.new, again.changed, again.retired, again.unchanged) == (0, 0, 0, first.new)
    assert (checksum(*TABLES), list(Vintage.objects.order_by("name").values_list())) == (before, vintages)


def test_a_corrected_file_corrects_adds_and_retires_what_it_speaks_of(tmp_path: Path) -> None:
    sync("bmo", [survey(tmp_path)])
    corrected = survey(
        tmp_path,
        "T4X60,Agents d'entretien de locaux,38,8421,GRENOBLE,130,60,20",
        "T4X61,Agents de service hospitaliers,38,8421,GRENOBLE,50,20,*",
        "B2X36,Ouvriers en peinture en bâtiment,38,8421,GRENOBLE,30,25,*",
        "V5X81,Animation,38,8421,GRENOBLE,9,5,*",
    )
    (run,) = sync("bmo", [corrected])
    assert counts(run) == {"read": 4, "new": 1, "changed": 1, "unchanged": 2, "retired": 1}
    assert HiringProjects.objects.filter(zone__code="8422").exists()  # a bassin it says nothing of


@pytest.mark.parametrize(
    ("key", "write", "known", "absent"),
    [("bassins", crosswalk, "1 des 6", 4), ("bmo", survey, "1 des 6", 3), ("demandeurs", seekers, "1 des 3", 1)],
)
def test_a_part_of_a_file_retires_nothing_and_says_so(tmp_path: Path, key: str, write, known: str, absent: int) -> None:
    path = write(tmp_path)
    sync(key, [path])
    before = checksum(*TABLES)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    (run,) = sync(key, [path])
    assert (run.retired, checksum(*TABLES)) == (0, before)
    (warning,) = (words for words in run.details["warnings"] if words.startswith("Le fichier ne reprend que"))
    assert f"que {known} lignes" in warning
    assert f"aucune des {absent} qui manquent n'est retirée" in warning


def test_a_part_of_the_communes_empties_no_bassin_de_vie(tmp_path: Path) -> None:
    rows = [f"{code},8421,38185\n" for code in ("38185", "38421", "38151")]
    for part, warned in ((rows, 0), (rows[:1], 1)):
        (run,) = sync("zones", [text_file(tmp_path / "z_2024.csv", "CODGEO,ZE2020,BV2022\n" + "".join(part))])
        assert ZoneCommune.objects.filter(zone__kind="bv2022").count() == 3
        assert len(run.details["warnings"]) == warned


def test_the_survey_of_another_bassin_is_no_part_to_warn_of(tmp_path: Path) -> None:
    sync("bmo", [survey(tmp_path)])
    (run,) = sync("bmo", [survey(tmp_path, "T4X60,Agents d'entretien de locaux,33,7201,BORDEAUX,40,10,5")])
    assert (run.new, run.retired, list(run.details["warnings"])) == (1, 0, [])


def test_a_commune_that_moves_to_another_bassin_leaves_the_first(tmp_path: Path) -> None:
    sync("bassins", [crosswalk(tmp_path)])
    moved = text_file(
        tmp_path / "bassins_2024.csv", "code_commune,code_bassin_2024,lib_bassin_2024\n38229,8422,VOIRON\n"
    )
    (run,) = sync("bassins", [moved])
    assert (run.changed, run.new) == (1, 0)
    assert [member.zone.code for member in ZoneCommune.objects.filter(commune="38229")] == ["8422"]


def test_zonings_of_two_years_stand_side_by_side(tmp_path: Path) -> None:
    sync("bassins", [crosswalk(tmp_path), crosswalk(tmp_path, year=2026)])
    assert sorted(ZoneCommune.objects.filter(commune="38185").values_list("zone__vintage", flat=True)) == [
        "2024",
        "2026",
    ]


def test_bassins_without_commune_or_without_survey_are_told(tmp_path: Path) -> None:
    sync("bassins", [crosswalk(tmp_path, "38540,501,CAYENNE")])
    (run,) = sync("bmo", [survey(tmp_path)])
    assert run.details["facts"]["bassins sans commune"] == 1
    assert set(run.details["warnings"]) == {
        "Bassins sans commune en 2024 : 0104.",
        "Bassins sans enquête en 2024 : 0501.",
    }
    assert HiringProjects.objects.filter(zone__code="0104").exists()


def test_a_commune_that_disappeared_waits_and_events_mend_it(tmp_path: Path) -> None:
    path = crosswalk(tmp_path, "38293,8421,GRENOBLE")
    (run,) = sync("bassins", [path])
    assert (run.quarantined, run.details["reasons"]) == (1, {"commune_inconnue": 1})
    item = QuarantineItem.objects.get()
    assert item.locator == "bassins_2024.csv, ligne 8"
    assert "./run manage sync communes FICHIER" in item.message
    events = (
        "MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP\n"
        "32,2015-01-01,COM,38293,Panissage,COM,38999,Milieu\n32,2019-01-01,COM,38999,Milieu,COM,38563,Voiron\n"
    )
    (told,) = sync("communes", [text_file(tmp_path / "v_mvt_commune_2026.csv", events)])
    assert told.new == 2
    assert Commune.objects.get(pk="38293").parent_id == "38563"
    assert "édition 2019-01-01" in Vintage.objects.get(name="événements de communes").source
    (again,) = sync("bassins", [path])
    assert (again.quarantined, again.new, again.details["mended"]) == (0, 1, 1)


def test_a_commune_made_since_is_where_its_most_populous_part_was(tmp_path: Path) -> None:
    new = make_commune("38001", name="Commune nouvelle")
    for code, people in (("38002", 900), ("38003", 200)):
        make_commune(code, kind=Commune.Kind.FORMER, parent=new, population=people)
    sync("bassins", [crosswalk(tmp_path, "38002,8422,VOIRON", "38003,8421,GRENOBLE")])
    assert ZoneCommune.objects.get(commune="38001").zone.code == "8422"


@pytest.mark.parametrize("key", ["bassins", "bmo", "demandeurs", "rome_fap", "zones", "communes", "cpv"])
def test_a_file_of_another_kind_is_refused_whole_in_a_sentence(tmp_path: Path, key: str) -> None:
    path = text_file(tmp_path / "autre.csv", "prenom,age\nZoé,12\n")
    with pytest.raises(UnknownShapeError, match=r"autre\.csv : colonnes attendues : .* Colonnes lues : prenom, age\."):
        sync(key, [path])


LONG = "X" * 400


@pytest.mark.parametrize(
    ("key", "name", "text"),
    [
        (
            "bmo",
            "bmo.csv",
            "annee,metier,nom_metier,BE24,NOMBE24,met,xmet,smet\n2024,{fap},{label},8421,{name},9,5,5\n",
        ),
        ("demandeurs", "d.csv", "annee,rome,rome_label,cbassin,lib_bassin,defm\n2020,{rome},{label},8421,{name},30\n"),
        ("bassins", "b_2024.csv", "code_commune,code_bassin_2024,lib_bassin_2024\n{commune},{code},{name}\n"),
        ("zones", "z_2024.csv", "CODGEO,ZE2020,LIBZE2020,EPCI\n{commune},8421,{name},{epci}\n"),
        ("zones", "l_2024.csv", "NIVGEO,CODGEO,LIBGEO\nEPCI,{epci},{name}\n"),
        ("cpv", "c.csv", "code8,libelle_fr\n{cpv},{label}\n"),
        ("naf", "n.csv", "id,label\n{naf},{label}\n"),
        (
            "communes",
            "e.csv",
            "DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP\n2015-01-01,COM,{gone},{name},COM,38185\n",
        ),
    ],
)
def test_a_value_too_long_is_set_aside_and_takes_no_other_row_with_it(
    tmp_path: Path, key: str, name: str, text: str
) -> None:
    cells = {
        "fap": "T4X60",
        "label": "Nettoyage",
        "name": "GRENOBLE",
        "rome": "K2204",
        "commune": "38185",
        "code": "8421",
        "epci": "200040715",
        "cpv": "90910000",
        "naf": "81.21Z",
        "gone": "38293",
    }
    head, line, _ = text.split("\n")
    used = [cell for cell in cells if f"{{{cell}}}" in line]
    bad = [line.format(**cells | {cell: LONG}) for cell in used]
    (run,) = sync(key, [text_file(tmp_path / name, "\n".join([head, *bad, line.format(**cells)]) + "\n")])
    assert (run.new, run.quarantined) == (1, len(used))
    assert "valeur_trop_longue" in run.details["reasons"]


@pytest.mark.parametrize("year", ["99999", "9" * 30])
def test_a_year_that_is_none_sets_its_row_aside(tmp_path: Path, year: str) -> None:
    path = survey(tmp_path)
    path.write_text(path.read_text().replace("2024,T4X61", f"{year},T4X61"))
    (run,) = sync("bmo", [path])
    assert (run.new, run.details["reasons"]) == (5, {"ligne_illisible": 1})


def test_without_a_file_one_is_asked_for() -> None:
    with pytest.raises(CannotFetchError, match=r"donnez le fichier .* BE26"):
        sync("bmo")


# ---------------------------------------------------------------- métiers and labels


def test_our_table_serves_until_an_official_exact_one_is_loaded(tmp_path: Path) -> None:
    assert RomeFap.objects.get(rome="K2204").precision == "ours"
    sync("rome_fap", [text_file(tmp_path / "c.csv", "T4Z60;684a;K2204\n;;\nG0A43;;I1203\n")])
    assert set(RomeFap.objects.filter(rome="K2204").values_list("fap", "precision")) == {
        ("T4X60", "ours"),
        ("T4X", "family"),
    }
    assert RomeFap.objects.get(rome="I1203").precision == "exact"
    load_reference()
    assert RomeFap.objects.get(rome="I1203").precision == "exact"


def test_only_the_45_divisions_are_shipped_and_they_say_where_more_is_found() -> None:
    assert Nomenclature.objects.filter(table="cpv").count() == 45
    label = label_of("cpv", "90911200")
    assert (label.known, label.exact) == ("90000000", False)
    assert label.label == "Assainissement, déchets, propreté et environnement"
    assert label.advice == ("Libellé détaillé absent : chargez la nomenclature CPV, ./run manage sync cpv FICHIER.")


def test_official_labels_answer_by_the_longest_code_known(tmp_path: Path) -> None:
    text = "code8,check_digit,code,libelle_fr\n90910000,9,90910000-9,Services de nettoyage\nfaux,1,faux,x\n"
    (run,) = sync("cpv", [text_file(tmp_path / "cpv.csv", text)])
    assert counts(run) == {"read": 2, "new": 1, "quarantined": 1}
    exact, near = labels_of("cpv", ["90910000", "90911200"])
    assert (exact.exact, exact.label, exact.advice) == (True, "Services de nettoyage", "")
    assert (near.known, near.label, near.advice) == ("90910000", "Services de nettoyage", "")
    load_reference()  # the shipped divisions never replace official labels
    assert label_of("cpv", "90910000").label == "Services de nettoyage"


def test_a_code_nobody_knows_has_no_label_but_advice() -> None:
    label = label_of("naf", "81.21Z")
    assert (label.label, label.known) == ("", "")
    assert "./run manage sync naf FICHIER" in label.advice


def test_labels_come_from_lists_or_from_an_object_and_the_naf_of_2025_is_apart(tmp_path: Path) -> None:
    sync(
        "naf",
        [text_file(tmp_path / "naf.json", '[{"id": "81.2", "label": "Nettoyage"}, {"id": "81.21Z", "label": "x"}]')],
    )
    sync("naf", [text_file(tmp_path / "naf_2025.csv", "code;libelle\n8121Y;Nettoyage courant\n")])
    sync(
        "formes_juridiques",
        [text_file(tmp_path / "nj.json", '{"9220": "Association déclarée ", "1000": "Entrepreneur"}')],
    )
    assert label_of("naf", "81.22Z").label == "Nettoyage"
    assert label_of("naf25", "81.21Y").label == "Nettoyage courant"
    assert label_of("legal_form", "9220").label == "Association déclarée"
