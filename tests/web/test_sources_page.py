"""The page of the sources, a page each, imports and quarantine: who sees what, and what the buttons do."""

from __future__ import annotations

import zlib
from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from matchmaker.locks import holding, of_source
from matchmaker.models import QuarantineItem, SourceState, Tender
from matchmaker.sources.catalogue import SOURCES, Source
from tests.factories import make_import, make_quarantine
from tests.services.notices import numbered
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(get_user_model().objects.create_user("equipe", is_staff=True))
    return client


def imported(key: str = "siae", **more: object) -> object:
    now = timezone.now()
    known = {"source_key": key, "kind": "firms", "source": "liste.csv", "read": 3853, "new": 3828, "quarantined": 13}
    run = make_import(**known | {"finished_at": now, "licence": "Licence Ouverte / Etalab 2.0"} | more)
    run.details = {"reasons": {"siret_invalide": 13}, "facts": {"sans SIRET": 7}, "warnings": {"SIRET répété.": 12}}
    run.save()
    return run


class TestAllSources:
    def test_every_source_of_the_catalogue_is_there_with_its_producer_and_licence(self, client: Client) -> None:
        text = text_of(client, "/sources/")
        for source in SOURCES:
            assert source.title in text
            assert source.producer in text
            assert source.licence in text

    def test_its_last_import_is_told_in_figures(self, client: Client) -> None:
        imported(dated=timezone.localdate())
        text = text_of(client, "/sources/")
        assert "3 853 lus, 3 828 nouveaux, 0 modifiés, 13 en quarantaine" in text
        assert "sans SIRET : 7" in text.replace("SIRET:", "SIRET :")
        assert "1 source à jour" in text

    def test_freshness_is_said_in_words(self, client: Client) -> None:
        imported(dated=timezone.localdate() - timedelta(days=400))
        text = text_of(client, "/sources/")
        assert "1 à rafraîchir" in text
        assert "▲ à rafraîchir" in text
        assert f"{len(SOURCES) - 1} jamais importées" in text

    def test_a_data_date_the_file_does_not_say_is_not_invented(self, client: Client) -> None:
        imported(dated=None)
        assert "non dite par le fichier" in text_of(client, "/sources/siae/")

    def test_few_queries_whatever_the_number_of_sources(
        self, client: Client, django_assert_max_num_queries: object
    ) -> None:
        for source in SOURCES:
            imported(source.key)
        with django_assert_max_num_queries(12):  # type: ignore[operator]
            client.get("/sources/")


class TestOneSource:
    def test_the_public_sees_reports_and_reasons_but_no_record(self, client: Client) -> None:
        run = imported(dated=date(2026, 11, 1), sha256="a" * 64, url="https://exemple.fr/liste.csv")
        run.started_at = run.finished_at - timedelta(minutes=3, seconds=20)
        run.error = "/secret/liste.csv"
        run.save()
        make_quarantine(run, kind="firms", reason="siret_invalide", message="Le SIRET de Mme X.", excerpt="Mme X")
        text = text_of(client, "/sources/siae/")
        assert "3 853 enregistrements lus" in text
        assert "3 min 20 s" in text
        assert "siret_invalide" in text
        assert "données du 1er novembre 2026" in text
        assert "aaaaaaaaaaaa…" in text
        assert "Licence Ouverte / Etalab 2.0" in text
        assert "Mme X" not in text
        assert "/secret" not in text
        assert "Relire" not in text

    def test_a_killed_import_is_shown_as_such(self, client: Client) -> None:
        imported(state="running", finished_at=None)
        text = text_of(client, "/sources/siae/")
        assert "arrêté avant la fin" in text
        assert "en cours" not in text
        with holding("maillage import firms"):
            assert "en cours" in text_of(client, "/sources/siae/")

    def test_it_moves_by_itself_while_an_update_is_under_way_only(self, client: Client) -> None:
        SourceState.objects.create(key="siae", words="3 000 lignes lues")
        with holding(of_source("siae")):
            page = client.get("/sources/siae/").content.decode()
            assert 'hx-trigger="every 2s"' in page
            assert "3 000 lignes lues" in page
        assert "hx-trigger" not in client.get("/sources/siae/").content.decode()

    def test_an_unknown_one_is_a_404(self, client: Client) -> None:
        assert client.get("/sources/inconnue/").status_code == 404
        assert client.get("/api/sources/inconnue").status_code == 404

    def test_sync_now_is_for_staff_by_post_and_written_down(
        self, staff: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from matchmaker.sources.catalogue import BY_KEY

        fetched = Source("essai", "Essai", "firms", "X", "https://x.fr/", "L", 30, urls=("https://x.fr/f",))
        monkeypatch.setitem(BY_KEY, "essai", fetched)
        assert "Mettre à jour maintenant" in text_of(staff, "/sources/essai/")
        assert staff.get("/sources/essai/sync/").status_code == 405
        staff.post("/sources/essai/sync/")
        assert SourceState.objects.get(key="essai").asked_at is not None
        text = text_of(staff, "/sources/essai/")
        assert "Mise à jour demandée" in text
        assert "Mettre à jour maintenant" not in text
        staff.post("/sources/siae/sync/")
        assert not SourceState.objects.filter(key="siae").exists()  # it comes as a file only

    def test_the_api_tells_the_same(self, client: Client) -> None:
        imported(dated=date(2026, 11, 1))
        listed = {one["key"]: one for one in client.get("/api/sources").json()}
        assert set(listed) == {source.key for source in SOURCES}
        assert listed["siae"]["last"]["read"] == 3853
        one = client.get("/api/sources/siae").json()
        assert one["dated"] == "2026-11-01"
        assert one["imports"][0]["quarantined_by_reason"] == {"siret_invalide": 13}


class TestQuarantine:
    @pytest.mark.parametrize("address", ["/quarantine/", "/quarantine/export.csv", "/imports/"])
    def test_it_is_for_staff(self, client: Client, address: str) -> None:
        assert client.get(address).headers["Location"].startswith("/login/")
        client.force_login(get_user_model().objects.create_user("membre"))
        assert client.get(address).status_code == 403

    @pytest.mark.parametrize("address", ["/quarantine/retry/", "/sources/siae/sync/"])
    def test_its_buttons_are_for_staff_and_carry_a_token(self, client: Client, address: str) -> None:
        client.force_login(get_user_model().objects.create_user("membre"))
        assert client.post(address).status_code == 403
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(get_user_model().objects.create_user("equipe", is_staff=True))
        assert strict.post(address).status_code == 403

    def test_thousands_are_counted_by_reason_first_then_shown_by_pages(self, staff: Client) -> None:
        run = imported()
        QuarantineItem.objects.bulk_create(
            QuarantineItem(run=run, kind="firms", locator=f"f, ligne {n}", reason="rare" if n < 3 else "frequent")
            for n in range(3000)
        )
        text = text_of(staff, "/quarantine/")
        assert "3 000 enregistrements mis de côté" in text
        assert text.index("2 997") < text.index("frequent") < text.index("rare")
        page = staff.get("/quarantine/?reason=rare&source=siae&kind=firms").content.decode()
        assert page.count("<strong>f, ligne") == 3
        assert staff.get("/quarantine/?page=2").content.decode().count("<strong>f, ligne") == 50

    def test_one_finds_a_file_or_a_word(self, staff: Client) -> None:
        make_quarantine(locator="alpha.xml")
        make_quarantine(locator="beta.xml")
        text = text_of(staff, "/quarantine/?q=alpha")
        assert "alpha.xml" in text
        assert "beta.xml" not in text

    def test_the_csv_has_what_the_filter_finds_and_runs_no_formula(self, staff: Client) -> None:
        make_quarantine(locator="=1+1", reason="un")
        make_quarantine(locator="b", reason="deux")
        rows = staff.get("/quarantine/export.csv?reason=un").content.decode("utf-8-sig").splitlines()
        assert rows[0].startswith("source;type;ou;motif")
        assert len(rows) == 2
        assert "'=1+1" in rows[1]

    def test_a_record_read_again_leaves_and_a_counter_says_so(self, staff: Client, territory: object) -> None:
        item = make_quarantine(kind="notices", payload=zlib.compress(numbered(1).encode()))
        make_quarantine(kind="notices", locator="autre")
        page = staff.post("/quarantine/retry/", {"item": item.pk, "next": "/quarantine/"}, follow=True)
        assert "1 enregistrement relu, 1 réparé, 0 toujours illisible." in page.content.decode()
        assert item.locator not in page.content.decode()
        assert Tender.objects.filter(notice_id__endswith="000000000001").exists()

    def test_all_of_a_reason_at_once(self, staff: Client, territory: object) -> None:
        for number in range(3):
            make_quarantine(kind="notices", payload=zlib.compress(numbered(number + 1).encode()))
        page = staff.post("/quarantine/retry/", {"kind": "notices", "reason": "truncated_xml"}, follow=True)
        assert "3 enregistrements relus, 3 réparés" in page.content.decode()

    def test_many_go_to_a_worker_and_the_page_says_how_far(self, staff: Client) -> None:
        for _ in range(21):
            make_quarantine(kind="notices", payload=zlib.compress(b"x"))
        page = staff.post("/quarantine/retry/", {"kind": "notices"}, follow=True).content.decode()
        assert "21 enregistrements seront relus." in page
        assert "Relecture en cours…" in page
        assert 'hx-trigger="every 2s"' in page

    def test_one_is_never_sent_elsewhere_afterwards(self, staff: Client) -> None:
        answer = staff.post("/quarantine/retry/", {"item": "1", "next": "https://ailleurs.fr/"})
        assert answer.headers["Location"] == "/quarantine/"

    @pytest.mark.parametrize("item", ["x", "-1", "9" * 30, "\x00"])
    def test_an_absurd_number_breaks_nothing(self, staff: Client, item: str) -> None:
        assert staff.post("/quarantine/retry/", {"item": item}).status_code == 302
