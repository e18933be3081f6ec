"""What award notices say was won becomes awards; tenders go out as OCDS and come back."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from itertools import permutations
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from matchmaker.ingest import ingest_notices
from matchmaker.models import Award, AwardHolder, Buyer, Firm, Lot, Publication, Tender
from matchmaker.queries import MASKED_NAME, open_lots
from tests.factories import make_firm
from tests.services.conftest import checksum
from tests.services.notices import EFORMS, EFORMS_ID, TED, folder, numbered, text
from tests.sources.test_notice_awards import GROUP, NOBODY, RESULT, company

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

SIRET = "35600000000048"


def awarded() -> str:
    """The award notice of the written call of TED: lot 1 to a group, lot 2 to nobody."""
    told = GROUP.format(lot="1") + NOBODY.format("UNSUCCESSFUL")
    refers = "<REF_NOTICE><NO_DOC_OJS>2020/S 001-000123</NO_DOC_OJS></REF_NOTICE></NOTICE_DATA>"
    return text(
        TED,
        ('FORM="F02"', 'FORM="F03"'),
        ('DOC_ID="000123-2020"', 'DOC_ID="000999-2020"'),
        ("</NOTICE_DATA>", refers),
        ("20200102", "20200601"),
        ("<COMPLEMENTARY_INFO>", f"{told}<COMPLEMENTARY_INFO>"),
    )


def put(path: Path, *contents: str) -> None:
    for number, content in enumerate(contents):
        ingest_notices([folder(path / f"import{number}", avis=content)])


def test_the_award_notice_closes_its_call_and_its_contract_is_kept(tmp_path: Path) -> None:
    put(tmp_path, text(TED))
    day = Tender.objects.get().published_on
    assert open_lots(day).exists()
    put(tmp_path, awarded())
    tender = Tender.objects.get()
    assert (tender.kind, tender.awarded_on) == ("contract", date(2020, 6, 1))
    assert not open_lots(date(2020, 6, 1)).exists()
    award = Award.objects.get()
    assert (award.source, award.uid, award.tender, award.buyer) == ("ted", "000999-2020#1", tender, tender.buyer)
    assert (award.grouping, award.lot_number, award.amount_eur, award.offers) == ("group", "1", 80_000, 3)
    assert (award.notified_on, award.published_on) == (date(2020, 5, 4), date(2020, 6, 1))
    assert award.cpv == tender.lots.get(number="1").cpvs[0]
    assert [(h.name, h.siret, h.city) for h in award.holders.all()] == [
        ("Jardins de Loire", SIRET, "Nantes"),
        ("Les Mains Vertes", "", ""),
    ]


def test_holders_known_by_their_siret_are_linked_to_their_firm(tmp_path: Path) -> None:
    firm = make_firm("Jardins de Loire", siret=SIRET)
    put(tmp_path, awarded())
    assert [holder.firm for holder in AwardHolder.objects.all()] == [firm, None]


def test_any_order_of_imports_ends_with_the_same_awards(tmp_path: Path) -> None:
    ends = set()
    documents = (text(TED), awarded(), numbered(4))
    for number, order in enumerate(permutations(documents)):
        for table in (Award, Tender, Buyer):
            table.objects.all().delete()
        (tmp_path / str(number)).mkdir()
        put(tmp_path / str(number), *order, *order)
        ends.add(checksum(Tender, Lot, Buyer, Publication, Award, AwardHolder))
    assert len(ends) == 1
    assert Award.objects.count() == 1


def test_a_result_taken_back_leaves_no_award(tmp_path: Path) -> None:
    """A change notice refers to the award notice of the same folder and says that nobody won."""
    members = company("ORG-0002", "Mandataire", SIRET)
    result = (("</efac:Organizations>", members), (">cn-standard<", ">can-standard<"))
    won = RESULT.format(reason="no-rece")
    put(tmp_path, text(EFORMS, *result, ("<efac:NoticeSubType>", f"{won}<efac:NoticeSubType>")))
    assert Award.objects.count() == 1
    changed = (
        f"<efac:Changes><efbc:ChangedNoticeIdentifier>{EFORMS_ID}-01</efbc:ChangedNoticeIdentifier></efac:Changes>"
    )
    nobody = won.replace("selec-w", "clos-nw")
    again = text(
        EFORMS,
        *result,
        (EFORMS_ID, "00000000-0000-4000-8000-0000000000bb"),
        ("2024-01-24Z", "2024-03-24Z"),
        (">00000123-2024<", ">00000777-2024<"),
        ("<efac:NoticeSubType>", f"<efac:Changes>{changed}</efac:Changes>{nobody}<efac:NoticeSubType>"),
    )
    put(tmp_path, again)
    assert Tender.objects.count() == 1
    assert not Award.objects.exists()


# ---------------------------------------------------------------- OCDS


def exported(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("export", "ocds", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_tenders_exported_and_imported_again_are_the_same(tmp_path: Path) -> None:
    put(tmp_path, text(TED), awarded(), numbered(4), numbered(5, ("2024-01-24Z", "2026-01-24Z")))
    tables = _settled(), checksum(Lot, Buyer), _told(Tender), _told(Award)
    lines = exported()
    assert len(lines) == Tender.objects.count() == 3
    for table in (Award, Tender, Buyer):
        table.objects.all().delete()
    (tmp_path / "sortie.jsonl").write_text("\n".join(lines), encoding="utf-8")
    run = ingest_notices([tmp_path / "sortie.jsonl"])
    assert (run.read, run.new, run.quarantined) == (3, 3, 0)
    assert (_settled(), checksum(Lot, Buyer), _told(Tender), _told(Award)) == tables


def _settled() -> list[str]:
    """The lots awarded. Since when is left out of the comparison: OCDS tells the day of the contract."""
    awarded = Lot.objects.filter(awarded_on__isnull=False)
    titles = sorted(awarded.values_list("title", flat=True))
    awarded.update(awarded_on=date(2020, 1, 1))
    return titles


def _told(table: type[Tender] | type[Award]) -> list[tuple[object, ...]]:
    names = {
        Tender: ("source", "notice_id", "version", "kind", "title", "procedure_id", "published_on", "cancelled", "url"),
        Award: ("source", "lot_number", "title", "amount_eur", "grouping", "notified_on", "offers", "cpv"),
    }[table]
    return sorted(table.objects.values_list(*names), key=repr)


def test_the_export_can_begin_at_a_day(tmp_path: Path) -> None:
    put(tmp_path, numbered(4), numbered(5, ("2024-01-24Z", "2026-01-24Z")))
    assert len(exported("--since", "2026-01-01")) == 1


def test_made_up_tenders_are_not_exported(tmp_path: Path) -> None:
    ingest_notices([folder(tmp_path / "avis", a=text())], fictitious=True)
    assert exported() == []


def test_anyone_may_read_one_tender_as_ocds(tmp_path: Path, client: Client) -> None:
    put(tmp_path, text(TED))
    answer = client.get(f"/api/ocds/{Tender.objects.get().pk}")
    assert answer.status_code == 200
    [release] = answer.json()["releases"]
    assert release["tender"]["title"] == "Entretien des espaces verts"
    assert client.get("/api/ocds/0").status_code == 404


def test_a_winner_of_partial_diffusion_is_masked_in_every_export(tmp_path: Path, client: Client) -> None:
    make_firm("Jardins de Loire", siret=SIRET, diffusion=Firm.Diffusion.PARTIAL)
    put(tmp_path, awarded())
    for said in (exported()[0], json.dumps(client.get(f"/api/ocds/{Tender.objects.get().pk}").json())):
        assert "Jardins de Loire" not in said
        assert MASKED_NAME in json.dumps(json.loads(said), ensure_ascii=False)
