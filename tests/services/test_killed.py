"""``kill -9`` at any moment, then the same command again: the same end as without (``killing.py`` says how)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geo.models import Commune, HiringProjects, JobSeekers, Vintage, Zone, ZoneCommune
from matchmaker.domain.notice import LotAward, NoticeKind, Winner
from matchmaker.models import (
    Award,
    AwardHolder,
    Buyer,
    Directory,
    DirectoryRow,
    Firm,
    LinkIndex,
    LinkName,
    Lot,
    Nomenclature,
    Publication,
    RegisterEntry,
    Tender,
)
from matchmaker.sources.ocds_out import to_ocds
from tests.domain.made_notices import call, lot
from tests.factories import COMMUNES, make_firm, siret
from tests.services.firm_rows import many
from tests.services.hiring_files import crosswalk
from tests.services.killing import KILLS, Import, survives
from tests.services.notices import TED, folder, numbered, text, version
from tests.services.sirene_stock import row, written
from tests.sources.decp_data import NET, VITRES, contract, modified, national
from tests.sources.firm_tables import SIAE, write_csv
from tests.sources.territory_files import text_file
from tests.sources.test_employment import line, survey


def siae_list(path: Path) -> list[str]:
    """Sixteen structures, one without a SIRET, one twice."""
    rows = [*many(16), SIAE | {"siret": "123"}, *many(1)]
    return ["sync", "siae", str(write_csv(path / "siae.csv", rows))]


def notices(path: Path) -> list[str]:
    """Two formats, two versions of one notice, one that is cut."""
    files = {f"n{number:02}": numbered(number) for number in range(1, 11)}
    newer = numbered(3, version("02"), ("Parcs", "Parcs et jardins"))
    return ["ingest", "notices", str(folder(path / "avis", **files, n11=text(TED), n12=newer, n13=text()[:3000]))]


def releases(path: Path) -> list[str]:
    """Calls, their awards and a twin of one, as OCDS lines; one line is cut."""
    calls = [call("ted", f"{number}-2026", lot(title=f"Lot {number}")) for number in range(1, 8)]
    won = LotAward(("1",), winners=(Winner("Les Jardins"), Winner("Les Mains Vertes")), group=True)
    awards = [
        call("ted", f"{number + 50}-2026", kind=NoticeKind.AWARD, awards=(won,), refers_to=(f"ted:{number}-2026",))
        for number in range(1, 5)
    ]
    lines = [json.dumps(to_ocds(notice)) for notice in (*awards, *calls, call("ocds", "ocds-abc-1"))]
    (path / "sortie.jsonl").write_text("\n".join([*lines, lines[0][:80]]), encoding="utf-8")
    return ["sync", "ocds", str(path / "sortie.jsonl")]


def esus_list(path: Path) -> list[str]:
    """Agreements of firms that are known, of some that are not, one with a wrong number."""
    sirens = [siret(9_000 + number)[:9] for number in range(18)]
    rows = [{"siren": siren, "nom": f"Structure {siren}", "date de fin": "2030-12-31"} for siren in sirens]
    return ["sync", "esus", str(write_csv(path / "esus.csv", [*rows, rows[0] | {"siren": "1"}]))]


def twelve_firms() -> None:
    """Known before the list comes, of which one left it since."""
    for number in [*range(9_000, 9_011), 9_900]:
        make_firm(siret=siret(number), legal_form="5710", address="1 rue des Tisserands")
    RegisterEntry.objects.create(source="esus", number=siret(9_900)[:9], esus=True)


def network_list(path: Path) -> list[str]:
    """A network's members: known, homonyms, unknown, one without a name."""
    names = [*(f"Structure {number}" for number in range(9_000, 9_016)), "Zanzibar Plongée", ""]
    rows = [{"Nom": name, "Commune": "Grenoble"} for name in names]
    return ["link_directory", str(write_csv(path / "reseau.csv", rows)), "--name", "CRESS"]


def known_members() -> None:
    """Under the same numbers each time: candidates are kept by number."""
    for number in range(9_000, 9_016):
        make_firm(f"Structure {number}", pk=number, siret=siret(number), address="1 rue des Tisserands")


def no_names() -> None:
    LinkName.objects.all().delete()
    LinkIndex.objects.all().delete()


def survey_of_hiring(path: Path) -> list[str]:
    rows = [line("120", "40", "*", bassin=bassin) for bassin in range(101, 113)]
    return ["sync", "bmo", str(survey(path, *rows, line("x", "y", "z", bassin="")))]


def jobseekers(path: Path) -> list[str]:
    rows = [f"2020;A1203;Espaces verts;{bassin};BASSIN;1;{bassin};2\n" for bassin in range(301, 313)]
    head = "annee;ROME;rome_label;cbassin;lib_bassin_bmo19;oee;defm_abc;ind_tension_d\n"
    return ["sync", "demandeurs", str(text_file(path / "d.csv", head + "".join(rows)))]


def zones_of_communes(path: Path) -> list[str]:
    rows = [f"{code},8409,Grenoble\n" for code in COMMUNES]
    return ["sync", "zones", str(text_file(path / "z.csv", "CODGEO,ZE2020,LIBZE2020\n" + "".join(rows)))]


def communes_of_bassins(path: Path) -> list[str]:
    """Two bassins, and a commune that disappeared."""
    return ["sync", "bassins", str(crosswalk(path, "38293,8421,GRENOBLE"))]


def labels_of_cpv(path: Path) -> list[str]:
    rows = [f"9091{number:04},,9091{number:04},Nettoyage {number}\n" for number in range(10)]
    return ["sync", "cpv", str(text_file(path / "cpv.csv", "code8,check_digit,code,libelle_fr\n" + "".join(rows)))]


def month_of_sirene(path: Path) -> list[str]:
    """Sixteen establishments, of which one closed and one opposed to diffusion, and one wrong number."""
    rows = [row(siret(9_000 + number)) for number in range(14)]
    rows += [
        row(siret(9_014), etatAdministratifEtablissement="F"),
        row(siret(9_015), statutDiffusionEtablissement="P", statutDiffusionUniteLegale="P"),
        row("12345678900011"),
    ]
    return ["sync", "sirene", *map(str, written(path / "stock", rows))]


def last_month() -> None:
    """Two firms known before: one that stays, one that closes since."""
    for number in (9_000, 9_014):
        make_firm(siret=siret(number), source="sirene")


def no_zones() -> None:
    Commune.objects.update(zone=None)
    Vintage.objects.exclude(name="communes").delete()


def awards(path: Path) -> list[str]:
    """Fourteen contracts, one amended later, one without buyer, two lots under one number; one holder is known."""
    later = contract("D3", datePublicationDonnees="2026-06-01", modifications=[modified(montant=150000)])
    published = [contract(f"D{number}", NET) for number in range(12)] + [contract("D1", VITRES), later]
    return ["sync", "decp", str(national(path / "decp.json", [*published, contract(acheteur={})]))]


def a_winner() -> None:
    make_firm("Net", siret=NET, headcount_band="12", declared_trades=["T01"], address="1 rue Haute")


IMPORTS = [
    Import("directory", network_list, (DirectoryRow, Directory, Firm), no_names, known_members),
    Import("sirene", month_of_sirene, (Firm,), before=last_month),
    # The files of the territory are one transaction each.
    Import("bmo", survey_of_hiring, (Zone, HiringProjects, Vintage), clear=no_zones),
    Import("demandeurs", jobseekers, (Zone, JobSeekers, Vintage), clear=no_zones),
    Import("zones", zones_of_communes, (Zone, ZoneCommune, Vintage), clear=no_zones),
    Import("bassins", communes_of_bassins, (Zone, ZoneCommune, Vintage), clear=no_zones),
    Import("cpv", labels_of_cpv, (Nomenclature, Vintage), clear=no_zones),
    # "resumes": who left the list is counted by the run that retires it, killed later or not.
    Import("esus", esus_list, (Firm, RegisterEntry), before=twelve_firms, resumes=True),
    Import("siae", siae_list, (Firm, RegisterEntry)),
    Import("decp", awards, (Award, AwardHolder, Buyer, Firm), before=a_winner),
    Import("notices", notices, (Tender, Lot, Buyer, Publication)),
    Import("ocds", releases, (AwardHolder, Award, Lot, Publication, Tender, Buyer)),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("wanted", IMPORTS, ids=lambda wanted: wanted.name)
def test_killed_ten_times_an_import_ends_as_if_it_had_never_been(wanted: Import, tmp_path: Path) -> None:
    assert survives(wanted, tmp_path / "import") >= KILLS
