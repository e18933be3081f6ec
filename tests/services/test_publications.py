"""A tender is the fold of its publications: any order of imports ends in the same tables."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from matchmaker.domain.notice import Notice, NoticeKind
from matchmaker.ingest import ingest_notices
from matchmaker.models import Buyer, Lot, Publication, QuarantineItem, Tender
from matchmaker.queries import open_lots
from matchmaker.sources.ocds_out import to_ocds
from tests.domain.made_notices import call, dated, lot
from tests.factories import make_raw
from tests.services.conftest import checksum
from tests.services.notices import EFORMS, EFORMS_ID, TED, folder, numbered, text, version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

EARLY = date(2024, 2, 1)
CHANGED = "<efbc:ChangedNoticeIdentifier>{}-01</efbc:ChangedNoticeIdentifier>"
CHANGE = f"<efac:Changes>{CHANGED}</efac:Changes><efac:NoticeSubType>"


def changing(*changes: tuple[str, str]) -> str:
    """A change notice: another number, the same folder, all said again."""
    another = (EFORMS_ID, "00000000-0000-4000-8000-0000000000aa"), (">00000123-2024<", ">00000456-2024<")
    refers = ("<efac:NoticeSubType>", CHANGE.format(EFORMS_ID))
    return text(EFORMS, *another, refers, ("2024-01-24Z", "2024-02-05Z"), *changes)


def cancelling() -> str:
    reason = "<efac:ChangeReason><cbc:ReasonCode>cancel</cbc:ReasonCode></efac:ChangeReason></efac:Changes>"
    return changing(("</efac:Changes>", reason))


def put(path: Path, *contents: str) -> None:
    """Each document by an import of its own."""
    for number, content in enumerate(contents):
        ingest_notices([folder(path / f"import{number}", avis=content)])


def tables() -> str:
    return checksum(Tender, Lot, Buyer, Publication, QuarantineItem)


def emptied() -> None:
    for table in (Tender, Buyer, QuarantineItem):
        table.objects.all().delete()


SAME_END = {
    "versions": (text(), text(EFORMS, version("02"), (">Parcs<", ">Parcs bis<")), text(EFORMS, version("03"))),
    "modificatif": (text(), changing(("120000.50", "90000")), text(EFORMS, version("02"))),
    "annulation": (text(), cancelling(), text(TED)),
    "doublon": (text(), text(EFORMS, (">Parcs<", ">Parcs et jardins<")), text(EFORMS, (">Parcs<", ">Parkings<"))),
    "acheteurs": tuple(
        numbered(n, ("Fictive-sur-Loire<", f"Fictive {n}<"), ("01-24Z", f"01-2{n}Z")) for n in (1, 2, 3)
    ),
}


@pytest.mark.parametrize("documents", SAME_END.values(), ids=SAME_END)
def test_any_order_of_imports_ends_in_the_same_tables(tmp_path: Path, documents: tuple[str, ...]) -> None:
    ends = set()
    for number, order in enumerate(permutations(documents)):
        emptied()
        (tmp_path / str(number)).mkdir()
        put(tmp_path / str(number), *order)
        ends.add(checksum(Tender, Lot, Buyer, Publication))
    assert len(ends) == 1


def test_everything_twice_is_as_once(tmp_path: Path) -> None:
    documents = (text(), changing(("120000.50", "90000")), text(TED), numbered(7))
    put(tmp_path, *documents)
    once = tables()
    put(tmp_path, *documents)
    assert tables() == once


def test_a_change_notice_is_no_second_tender(tmp_path: Path) -> None:
    put(tmp_path, text())
    known = list(Lot.objects.values_list("pk", flat=True))
    put(tmp_path, changing(("2024-02-28+02:00", "2024-03-15+01:00")))
    tender = Tender.objects.get()
    assert list(Lot.objects.values_list("pk", flat=True)) == known
    assert [(e["field"], e["lot"], e["on"]) for e in tender.history] == [("deadline", "1", "2024-02-05")]
    assert tender.publications.count() == 2


def test_a_cancelled_tender_is_not_open_any_more(tmp_path: Path) -> None:
    put(tmp_path, text())
    assert open_lots(EARLY).count() == 2
    put(tmp_path, cancelling())
    assert Tender.objects.get().cancelled
    assert not open_lots(EARLY).exists()


def test_a_lot_is_open_until_its_award_is_published(tmp_path: Path) -> None:
    put(tmp_path, text())
    first, second = Lot.objects.order_by("position")
    Lot.objects.filter(pk=first.pk).update(awarded_on=EARLY)
    assert set(open_lots(EARLY - timedelta(days=1))) == {first, second}
    assert set(open_lots(EARLY)) == {second}


def test_two_tenders_found_to_be_one_keep_the_older_address(tmp_path: Path) -> None:
    """A notice of TED then its eForms twin, imported as two, joined by the number they share."""
    stranger = text(TED)
    put(tmp_path, stranger, text())
    assert Tender.objects.count() == 2
    older = Tender.objects.earliest("pk")
    lots = [lot.pk for lot in older.lots.all()]
    joined = text(EFORMS, version("02"), (">00000123-2024<", ">00000123-2020<"))
    put(tmp_path, joined)
    tender = Tender.objects.get()
    assert (tender.pk, tender.source) == (older.pk, "eforms")
    assert [lot.pk for lot in tender.lots.all()] == lots
    assert tender.publications.count() == 3


def test_a_tender_kept_before_publications_were_is_settled_by_a_new_import(tmp_path: Path) -> None:
    put(tmp_path, text())
    Publication.objects.all().delete()
    Tender.objects.update(record_hash="ancien", raw=make_raw())
    known = Tender.objects.get().pk, [lot.pk for lot in Lot.objects.all()]
    assert Lot.objects.count() == 2
    put(tmp_path, text())
    assert (Tender.objects.get().pk, [lot.pk for lot in Lot.objects.all()]) == known
    assert Publication.objects.count() == 1


def test_a_made_up_notice_never_meets_a_real_one(tmp_path: Path) -> None:
    path = folder(tmp_path / "avis", a=text())
    ingest_notices([path], fictitious=True)
    put(tmp_path, changing())
    assert Tender.objects.count() == 2
    ingest_notices([path])
    assert Tender.objects.get().fictitious is False
    ingest_notices([path], fictitious=True)
    assert Tender.objects.get().fictitious is False


# ---------------------------------------------------------------- twins, by what they say


def national(**more: object) -> Notice:
    """The call of the town of Grenoble as another source tells it."""
    return call("ocds", "ocds-abc-1", lot(documents_url="https://exemple.fr/dce"), **more)


def european() -> Notice:
    return call("ted", "000777-2026", lot(amount_eur=None, cpvs=("77310000",)))


def documents(*notices: Notice) -> list[str]:
    return [json.dumps(to_ocds(notice), ensure_ascii=False) for notice in notices]


def put_json(path: Path, *contents: str) -> None:
    for number, content in enumerate(contents):
        folder_ = path / f"import{number}"
        folder_.mkdir(parents=True)
        (folder_ / "avis.json").write_text(content, encoding="utf-8")
        ingest_notices([folder_])


def test_twins_of_two_sources_become_one_tender_in_any_order(tmp_path: Path) -> None:
    stranger = call("ocds", "ocds-abc-9", title="Réfection de la toiture du gymnase")
    ends = set()
    for number, order in enumerate(permutations(documents(national(), european(), stranger))):
        emptied()
        put_json(tmp_path / str(number), *order)
        ends.add(checksum(Tender, Lot, Buyer, Publication))
    assert len(ends) == 1
    assert Tender.objects.count() == 2
    [one] = Tender.objects.get(source="ted").lots.all()
    assert (one.amount_eur, one.documents_url) == (90_000, "https://exemple.fr/dce")


def test_a_twin_that_says_otherwise_at_last_leaves_and_is_a_tender_again(tmp_path: Path) -> None:
    """The content kept under a number changes (a fuller document of the same version): it is no twin any more."""
    put_json(tmp_path / "a", *documents(european(), national()))
    assert Tender.objects.count() == 1
    fuller = national(title="Réfection complète de la toiture du gymnase municipal et de ses abords immédiats")
    put_json(tmp_path / "b", *documents(fuller))
    assert Tender.objects.count() == 2
    assert {tender.publications.count() for tender in Tender.objects.all()} == {1}
    assert Tender.objects.get(source="ted").lots.get().documents_url == ""


def test_a_prior_information_leaves_its_call_when_a_second_call_refers_to_it(tmp_path: Path) -> None:
    prior = dated(call("ted", "1-2026", lot(deadline=None), kind=NoticeKind.PRIOR_INFORMATION), 2)
    first, second = (call("ted", number, refers_to=("ted:1-2026",)) for number in ("2-2026", "3-2026"))
    put_json(tmp_path / "a", *documents(prior, first))
    assert Tender.objects.count() == 1
    put_json(tmp_path / "b", *documents(second))
    assert Tender.objects.count() == 3
    everything = checksum(Tender, Lot, Buyer, Publication)
    emptied()
    put_json(tmp_path / "c", *documents(second, first, prior))
    assert checksum(Tender, Lot, Buyer, Publication) == everything


def test_a_number_of_another_buyers_call_ill_copied_merges_nothing(tmp_path: Path) -> None:
    """The calls of two towns are kept; the second town cites the first's."""
    theirs = changing().replace("Fictive-sur-Loire", "Autrebourg").replace("35600000000048", "21440109300015")
    for number, order in enumerate(permutations((text(), theirs))):
        emptied()
        (tmp_path / str(number)).mkdir()
        put(tmp_path / str(number), *order)
        assert Tender.objects.count() == 2
