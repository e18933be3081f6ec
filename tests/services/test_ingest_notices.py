"""Notices in: each document is read, kept or set aside; running it again changes nothing."""

from __future__ import annotations

import tarfile
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from geo.models import Commune, Vintage
from matchmaker.domain.notice import Notice
from matchmaker.ingest import ImportBusyError, ingest_notices
from matchmaker.ingest.notices import keep_documents
from matchmaker.ingest.report import importing, silent
from matchmaker.models import Buyer, ImportRun, Lot, QuarantineItem, RawDocument, SourceState, Tender
from matchmaker.sources.files import Found, InputNotFoundError, iter_documents
from matchmaker.sources.files import RawDocument as Document
from matchmaker.sources.notices import parse_notice
from tests.services.conftest import checksum
from tests.services.notices import EFORMS_ID, TED, folder, numbered, text, version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

BOMB = """<?xml version="1.0"?><!DOCTYPE n [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<ContractNotice>&b;</ContractNotice>"""


def counts(run: ImportRun) -> dict[str, int]:
    names = ("read", "new", "changed", "unchanged", "retired", "quarantined")
    return {name: getattr(run, name) for name in names if getattr(run, name)}


def put(path: Path, **files: str | bytes) -> ImportRun:
    return ingest_notices([folder(path / "avis", **files)])


def lots() -> list[Lot]:
    return list(Lot.objects.order_by("tender_id", "position"))


# ---------------------------------------------------------------- read, kept, placed


def test_a_notice_becomes_a_tender_its_buyer_and_its_lots(tmp_path: Path) -> None:
    assert counts(put(tmp_path, a=text())) == {"read": 1, "new": 1}
    tender = Tender.objects.get()
    assert (tender.source, tender.notice_id, tender.version, tender.kind) == ("eforms", EFORMS_ID, "01", "contract")
    assert (tender.buyer.name, tender.buyer.siret) == ("Commune de Fictive-sur-Loire", "35600000000048")
    assert (tender.max_lots_bid, tender.max_lots_won) == (2, 1)
    parks, surroundings = lots()
    assert (parks.number, parks.title, parks.amount_eur, parks.duration_months) == ("1", "Parcs", 120_001, 48)
    assert (parks.trades, parks.cpvs) == (["T04"], ["77310000", "77313000"])
    assert (parks.reservation, parks.reserved_execution, parks.insertion_hours) == ("ea_esat_siae", True, 630)
    assert parks.deadline == datetime(2024, 2, 28, 10, 0, tzinfo=UTC)
    assert (surroundings.position, surroundings.match_state) == (1, "pending")


def test_a_lot_is_placed_in_its_commune_or_as_surely_as_its_notice_says(tmp_path: Path) -> None:
    put(tmp_path, a=text())
    parks, surroundings = lots()
    assert (parks.place_label, parks.uncertainty_km, parks.departement_id) == ("Nantes (44)", 0, "44")
    assert (parks.point.x, parks.point.y) == (-1.5480, 47.2316)
    assert (surroundings.place_label, surroundings.uncertainty_km) == ("Loire-Atlantique (44)", 35.0)


def test_a_lot_of_the_whole_country_has_no_point(tmp_path: Path) -> None:
    put(tmp_path, a=text("eforms_16_deux_lots.xml", ("FRG01", "FR"), ("Nantes", ""), ("44200", "")))
    assert [(lot.point, lot.place_label, lot.departement_id) for lot in lots()] == [(None, "", None)] * 2


def test_a_place_too_wide_is_named_and_not_matched(tmp_path: Path) -> None:
    """Loire-Atlantique made as wide as a continent: the label stays, the point goes."""
    Commune.objects.filter(pk="44109").update(point=None)
    from geo.models import Departement

    Departement.objects.filter(pk="44").update(spread_km=400)
    Vintage.objects.update(fingerprint="vaste")
    put(tmp_path, a=text())
    lot = lots()[1]
    assert (lot.point, lot.place_label, lot.uncertainty_km) == (None, "Loire-Atlantique (44)", 400)


def test_an_unknown_cpv_leaves_a_lot_without_trade_and_says_why(tmp_path: Path) -> None:
    run = put(tmp_path, a=text("eforms_16_deux_lots.xml", ("77312000", "99999999"), ("77310000", "12345678")))
    assert run.new == 1
    assert all(lot.trades == lot.needs == [] for lot in lots() if not lot.cpvs)
    assert lots()[1].cpvs == []
    assert any("99999999" in warning for warning in Tender.objects.get().warnings)


def test_the_same_buyer_is_one_whatever_the_notice(tmp_path: Path) -> None:
    put(tmp_path, a=numbered(1), b=numbered(2), c=text(TED))
    assert Tender.objects.count() == 3
    assert Buyer.objects.count() == 1


def test_files_folders_and_archives_are_read_alike(tmp_path: Path) -> None:
    path = folder(tmp_path / "avis", a=numbered(1), b=numbered(2))
    ingest_notices([path])
    known = checksum(Tender, Lot)
    Tender.objects.all().delete()
    with tarfile.open(tmp_path / "avis.tar.gz", "w:gz") as tar:
        tar.add(path, "avis")
    assert counts(ingest_notices([tmp_path / "avis.tar.gz"])) == {"read": 2, "new": 2}
    assert checksum(Tender, Lot) == known


def test_fictitious_notices_are_marked_and_never_pass_for_real_ones(tmp_path: Path) -> None:
    path = folder(tmp_path / "avis", a=text())
    ingest_notices([path], fictitious=True)
    assert Tender.objects.get().fictitious
    assert counts(ingest_notices([path])) == {"read": 1, "changed": 1}
    assert not Tender.objects.get().fictitious


# ---------------------------------------------------------------- again, newer, older


def test_the_same_notices_again_change_nothing(tmp_path: Path) -> None:
    put(tmp_path, a=text(), b=text(TED))
    before = list(Tender.objects.values()), list(Lot.objects.values())
    assert counts(put(tmp_path)) == {"read": 2, "unchanged": 2}
    assert (list(Tender.objects.values()), list(Lot.objects.values())) == before
    assert RawDocument.objects.count() == 2


def test_a_newer_version_replaces_and_its_lots_keep_their_address(tmp_path: Path) -> None:
    put(tmp_path, a=text())
    first, second = lots()
    other = ("LOT-0002", "LOT-0003"), ("Abords des bâtiments", "Toitures végétales")
    newer = text("eforms_16_deux_lots.xml", version("02"), ("120000.50", "90000"), *other)
    assert counts(put(tmp_path, b=newer)) == {"read": 2, "changed": 1, "unchanged": 1}
    again, third = lots()
    assert (again.pk, again.amount_eur) == (first.pk, 90_000)
    assert third.number == "3"
    assert not Lot.objects.filter(pk=second.pk).exists()
    assert Tender.objects.get().version == "02"


def test_a_lot_given_another_number_keeps_its_address_by_its_title(tmp_path: Path) -> None:
    put(tmp_path, a=text())
    known = [lot.pk for lot in lots()]
    put(tmp_path, b=text("eforms_16_deux_lots.xml", version("02"), ("LOT-0002", "LOT-0003")))
    assert [(lot.pk, lot.number) for lot in lots()] == list(zip(known, ["1", "3"], strict=True))


def test_an_older_version_only_adds_to_the_history(tmp_path: Path) -> None:
    put(tmp_path, a=text("eforms_16_deux_lots.xml", version("10")))
    known = checksum(Lot)
    put(tmp_path, a=text("eforms_16_deux_lots.xml", version("09"), (">Parcs<", ">Vieux parcs<")))
    assert checksum(Lot) == known
    [entry] = Tender.objects.get().history
    assert (entry["field"], entry["lot"], entry["old"], entry["new"]) == ("title", "1", "Vieux parcs", "Parcs")


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_the_newest_version_wins_whatever_the_order_of_the_files(tmp_path: Path, names: tuple[str, str]) -> None:
    old, new = names
    put(tmp_path, **{old: text(), new: text("eforms_16_deux_lots.xml", version("02"), ("Parcs", "Parcs et jardins"))})
    assert Tender.objects.get().version == "02"
    assert lots()[0].title == "Parcs et jardins"


@pytest.mark.parametrize("together", [True, False], ids=["un seul import", "deux imports"])
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_one_number_and_version_for_two_contents_keeps_always_the_same_one(
    tmp_path: Path, names: tuple[str, str], together: bool
) -> None:
    """The one that says more; the other is set aside, whichever came first and however often."""
    short, long = names
    files = {short: text(), long: text("eforms_16_deux_lots.xml", (">Parcs<", ">Parcs et jardins<"))}
    paths = [folder(tmp_path / "avis", **files)] if together else []
    paths = paths or [folder(tmp_path / name, **{name: files[name]}) for name in sorted(files)]
    for _ in range(2):
        for path in paths:
            ingest_notices([path])
    assert lots()[0].title == "Parcs et jardins"
    item = QuarantineItem.objects.get(mended_at=None)
    assert (item.reason, item.locator.rpartition("/")[2]) == ("doublon", f"{short}.xml")
    assert "le plus complet est gardé" in item.message


def test_the_same_document_twice_is_no_conflict(tmp_path: Path) -> None:
    assert counts(put(tmp_path, a=text(), b=text())) == {"read": 2, "new": 1, "unchanged": 1}


def test_lots_are_placed_when_the_communes_come_after_the_notices(tmp_path: Path) -> None:
    nantes = Commune.objects.get(pk="44109")
    Commune.objects.all().delete()
    Vintage.objects.all().delete()
    put(tmp_path, a=text())
    assert lots()[0].departement_id == "44"  # its NUTS code is known, its commune is not
    assert lots()[0].uncertainty_km > 0
    nantes.save(force_insert=True)
    assert counts(put(tmp_path)) == {"read": 1, "changed": 1}
    assert (lots()[0].place_label, lots()[0].uncertainty_km) == ("Nantes (44)", 0)


def test_a_lot_number_said_twice_makes_two_lots(tmp_path: Path) -> None:
    put(tmp_path, a=text("eforms_16_deux_lots.xml", ("LOT-0002", "LOT-0001")))
    assert [lot.number for lot in lots()] == ["1", "1-2"]
    known = [lot.pk for lot in lots()]
    put(tmp_path, a=text("eforms_16_deux_lots.xml", ("LOT-0002", "LOT-0001"), version("02")))
    assert [lot.pk for lot in lots()] == known


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "content",
    [
        text()[:3000],
        BOMB,
        "<?xml version='1.0'?><catalogue/>",
        "<?xml version='1.0'?><ContractNotice/>",
        text().encode("utf-16")[:400],
        b"<?xml version='1.0' encoding='utf-8'?><ContractNotice>\xff\xfe</ContractNotice>",
    ],
    ids=["tronqué", "bombe", "autre", "vide", "coupé", "octets"],
)
def test_a_bad_document_is_set_aside_with_a_french_sentence_and_the_rest_is_imported(
    tmp_path: Path, content: str | bytes
) -> None:
    run = put(tmp_path, a=numbered(1), b=content, c=numbered(2))
    assert counts(run) == {"read": 3, "new": 2, "quarantined": 1}
    item = QuarantineItem.objects.get()
    assert item.locator == "avis/b.xml"
    assert item.message[0].isupper()
    assert item.message.endswith(".")
    assert item.run == run
    assert zlib.decompress(item.payload) == (content.encode() if isinstance(content, str) else content)


def test_a_parser_that_meets_the_unforeseen_does_not_sink_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprised(document: Document) -> Notice:
        if document.name.endswith("b.xml"):
            raise KeyError("champ")
        return parse_notice(document)

    monkeypatch.setattr("matchmaker.ingest.notices.parse_notice", surprised)
    assert counts(put(tmp_path, a=numbered(1), b=numbered(2), c=numbered(3))) == {"read": 3, "new": 2, "quarantined": 1}
    item = QuarantineItem.objects.get()
    assert (item.reason, item.locator) == ("forme_imprevue", "avis/b.xml")
    assert item.payload


def test_a_mended_document_leaves_quarantine(tmp_path: Path) -> None:
    put(tmp_path, a=text()[:3000])
    assert QuarantineItem.objects.filter(mended_at=None).count() == 1
    run = put(tmp_path, a=text())
    assert (run.new, run.details["mended"]) == (1, 1)
    assert not QuarantineItem.objects.filter(mended_at=None).exists()


def test_a_value_the_database_refuses_sets_its_notice_aside_and_no_other(tmp_path: Path) -> None:
    huge = numbered(2, ("630 heures", "99999999999999 heures"), ("120000.50", "99999999999999999999999"))
    run = put(tmp_path, a=numbered(1), b=huge, c=numbered(3))
    assert run.read == 3
    assert run.new + run.quarantined == 3
    assert Tender.objects.count() == run.new >= 2
    assert all(lot.amount_eur is None or lot.amount_eur < 10**15 for lot in lots())


def test_an_empty_folder_is_said_empty(tmp_path: Path) -> None:
    run = put(tmp_path)
    assert (run.state, counts(run)) == ("done", {"read": 1, "quarantined": 1})
    item = QuarantineItem.objects.get()
    assert item.locator == "avis"
    assert item.message.endswith(".")


def test_a_missing_path_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError):
        ingest_notices([tmp_path / "absent"])
    with pytest.raises(CommandError, match="absent"):
        call_command("ingest", "notices", str(tmp_path / "absent"))
    assert not ImportRun.objects.filter(state="done").exists()


def test_the_report_counts_by_format_and_by_reason(tmp_path: Path) -> None:
    run = put(tmp_path, a=numbered(1), b=text(TED), c=BOMB, d=text()[:2000])
    assert run.details["formats"]["eforms"] == {"read": 1, "new": 1}
    assert run.details["formats"]["ted"] == {"read": 1, "new": 1}
    assert sum(run.details["reasons"].values()) == run.quarantined == 2
    out = StringIO()
    call_command("ingest", "report", stdout=out)
    assert "avis/c.xml" in out.getvalue()
    assert out.getvalue().count("avis/") == 2
    assert "entites_interdites : Le fichier déclare des entités XML" in out.getvalue()


# ---------------------------------------------------------------- interruptions


def test_two_imports_at_once_never_mix(tmp_path: Path) -> None:
    path = folder(tmp_path / "avis", a=text())
    raised: list[BaseException] = []

    def other() -> None:
        try:
            ingest_notices([path])
        except ImportBusyError as error:
            raised.append(error)
        finally:
            connection.close()

    def meanwhile(_words: str) -> None:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert counts(ingest_notices([path], meanwhile)) == {"read": 1, "new": 1}
    assert [type(error) for error in raised] == [ImportBusyError]


@pytest.mark.parametrize("after", ["2 ", "4 ", "6 "])
def test_an_import_killed_between_batches_ends_the_same_when_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    monkeypatch.setattr("matchmaker.ingest.notices.BATCH", 2)
    files = {f"n{number}": numbered(number) for number in range(1, 6)}
    path = folder(tmp_path / "avis", **files, n0=BOMB, n6=numbered(5, version("02"), ("Parcs", "Parcs bis")))
    ingest_notices([path])
    whole = checksum(Tender, Lot, Buyer, QuarantineItem)
    for table in (Tender, Buyer, QuarantineItem, RawDocument):
        table.objects.all().delete()

    def killed(words: str) -> None:
        if words.startswith(after):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest_notices([path], killed)
    stopped = ImportRun.objects.first()
    assert stopped is not None
    assert (stopped.state, stopped.read) == ("failed", int(after))
    assert stopped.new == Tender.objects.count()
    ingest_notices([path])
    assert checksum(Tender, Lot, Buyer, QuarantineItem) == whole


def test_a_client_stores_its_cursor_with_each_batch_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``after_batch`` commits with the documents it counts, and is undone with them."""
    monkeypatch.setattr("matchmaker.ingest.notices.BATCH", 2)
    path = folder(tmp_path / "avis", **{f"n{number}": numbered(number) for number in range(1, 6)})
    drawn: list[str] = []
    kept: list[tuple[int, int]] = []

    def stream() -> Iterator[Found]:
        for found in iter_documents([path]):
            drawn.append(found.name)
            yield found

    def cursor() -> None:
        if len(kept) == 2:
            raise KeyboardInterrupt
        SourceState.objects.update_or_create(key="essai", defaults={"cursor": {"n": len(drawn)}})
        kept.append((len(drawn), Tender.objects.count()))

    with pytest.raises(KeyboardInterrupt), importing("notices", "essai") as report:
        keep_documents(stream(), report, silent, after_batch=cursor)
    assert kept == [(2, 2), (4, 4)]
    assert (SourceState.objects.get(key="essai").cursor, Tender.objects.count()) == ({"n": 4}, 4)
