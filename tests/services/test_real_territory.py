"""The real files of INSEE, France Travail and DARES: every row accounted for, figures as published."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.models import Sum

from geo.hiring import hiring_needs
from geo.models import Commune, HiringProjects, JobSeekers, Vintage, ZoneCommune
from matchmaker.labels import label_of
from matchmaker.models import ImportRun, Nomenclature
from matchmaker.reference import reference
from matchmaker.sync import sync
from tests.services.conftest import SHARED

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not SHARED.is_dir(), reason="données réelles absentes : ../shared/data à côté du dépôt"),
]
FILES = {
    "zones": ("zones", "zones/commune_zone_emploi_2020.csv.gz"),
    "supra": ("zones", "zones/table_supracommunale_2024.csv.gz"),
    "bassins 2024": ("bassins", "zones/commune_bassin_bmo_2024.csv.gz"),
    "bassins 2019": ("bassins", "zones/commune_bassin_bmo_2019.csv.gz"),
    "bmo": ("bmo", "emploi/bmo_2024.csv.gz"),
    "demandeurs": ("demandeurs", "emploi/tension_bassin_rome_2020.csv.gz"),
    "rome_fap": ("rome_fap", "emploi/correspondance_fap_pcs_rome.csv"),
    "fap": ("rome_fap", "emploi/intitules_fap2021.csv"),
    "cpv": ("cpv", "nomenclatures/cpv_2008_fr.csv.gz"),
    "naf": ("naf", "nomenclatures/naf_rev2_socialgouv.json"),
    "naf 732": ("naf", "nomenclatures/codes-NAF.json"),
    "formes": ("formes_juridiques", "nomenclatures/natures-juridiques.json"),
}


@pytest.fixture(scope="module")
def runs(france: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[dict[str, ImportRun]]:
    """All files, once for the tests of this module."""
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield {name: sync(key, [SHARED / path])[0] for name, (key, path) in FILES.items()}
        transaction.set_rollback(True)


def test_no_row_is_lost(runs: dict[str, ImportRun]) -> None:
    for name, run in runs.items():
        assert run.state == "done"
        assert run.read == run.new + run.changed + run.unchanged + run.quarantined, name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zones", {"zones d'emploi 2020": 306}),
        ("supra", {"zones d'emploi 2020": 306, "EPCI": 1255}),
        ("bassins 2024", {"communes": 37_498, "bassins": 404}),
        ("bassins 2019", {"communes": 35_357, "bassins": 403}),  # the file has one row more than its README says
        (
            "bmo",
            {
                "lignes": 53_443,
                "bassins": 406,
                "métiers": 217,
                "projets secrets (*)": 10_891,
                "somme des projets publiés": 2_751_069,
                "plus petit effectif publié": 5,
                "bassins sans commune": 3,
                "bassins sans enquête": 1,
            },
        ),
        ("demandeurs", {"lignes": 27_053}),
        ("rome_fap", {"métiers ROME": 531}),
        ("fap", {"lignes": 341, "codes de 5 caractères": 228, "codes de 3 caractères": 86}),
        ("cpv", {"lignes": 9_454}),
        ("naf", {"lignes": 1_707}),
        ("naf 732", {"lignes": 732}),
        ("formes", {"lignes": 260}),
    ],
)
def test_the_report_tells_the_figures_of_the_file(
    runs: dict[str, ImportRun], name: str, expected: dict[str, int]
) -> None:
    facts = runs[name].details["facts"]
    assert {words: facts[words] for words in expected} == expected


def test_the_sources_page_lists_what_is_in_place(runs: dict[str, ImportRun]) -> None:
    rows = dict(Vintage.objects.values_list("name", "rows"))
    assert rows["besoins en main-d'œuvre 2024"] == 53_443
    assert rows["bassins d'emploi 2024"] == 37_498
    assert rows["demandeurs d'emploi 2020"] == 27_053
    assert rows["libellés CPV"] == 9_454
    assert rows["intitulés FAP 2021"] == 341


def test_rows_are_kept_as_published_and_secrets_as_bounds(runs: dict[str, ImportRun]) -> None:
    assert HiringProjects.objects.count() == 53_443
    assert HiringProjects.objects.filter(projects=None).count() == 10_891
    sums = HiringProjects.objects.aggregate(shown=Sum("projects"), low=Sum("projects_low"), high=Sum("projects_high"))
    assert sums["shown"] == 2_751_069
    # France Travail announced 2.78 million projects for 2024: within our bounds, which are one percent apart.
    assert sums["low"] < 2_778_500 < sums["high"]
    assert JobSeekers.objects.count() == 27_053


def test_bassins_without_commune_or_survey_are_named(runs: dict[str, ImportRun]) -> None:
    warnings = set(runs["bmo"].details["warnings"])
    assert "Bassins sans commune en 2024 : 0104, 0304, 7549." in warnings
    assert "Bassins sans enquête en 2024 : 0501." in warnings


def test_nearly_every_commune_of_today_has_its_bassin(runs: dict[str, ImportRun]) -> None:
    current = Commune.objects.filter(kind="commune").exclude(departement__in=["977", "978", "984", "986", "987", "988"])
    placed = ZoneCommune.objects.filter(zone__kind="bmo", zone__vintage="2024", commune__in=current)
    assert placed.count() > 0.999 * current.count()


def test_the_needs_of_every_trade_are_found_in_a_large_town(runs: dict[str, ImportRun]) -> None:
    """But for forestry: the bassin of Nantes means to hire no lumberjack."""
    silent = []
    for trade in reference().trades.values():
        found = hiring_needs(commune="44109", romes=trade.romes)
        assert found is not None
        if trade.romes and not any(not need.approximate for need in found.needs):
            silent.append(trade.code)
    assert silent == ["T06"]


def test_the_two_lists_of_naf_agree_whichever_comes_last(runs: dict[str, ImportRun]) -> None:
    assert runs["naf 732"].changed <= 9  # those the second list misspells
    assert Nomenclature.objects.filter(table="naf").count() == 1_707
    assert label_of("naf", "81.21Z").label == "Nettoyage courant des bâtiments"
    assert label_of("cpv", "90911200").label == "Services de nettoyage de bâtiments"


def test_every_file_again_changes_nothing(runs: dict[str, ImportRun]) -> None:
    for name in ("bassins 2024", "bmo", "demandeurs", "rome_fap", "cpv"):
        key, path = FILES[name]
        (again,) = sync(key, [SHARED / path])
        assert (again.new, again.changed, again.retired) == (0, 0, 0), name
