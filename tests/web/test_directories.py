"""A network's lists: whose they are, what is kept, how doubtful rows are settled."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import openpyxl
import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from matchmaker import directory as verbs
from matchmaker.models import Directory, DirectoryRow
from matchmaker.reference import load_reference
from tests.factories import make_commune, make_firm, siret

pytestmark = pytest.mark.django_db

LIST = (
    "Structure;CP;Ville;Contact;Mail\n"
    "Les Jardins du Drac;38000;Grenoble;Anne Durand;anne@jardins.example\n"
    "Atelier du Vercors;38000;Grenoble;;\n"
    "Zanzibar Plongée;38000;Grenoble;;\n"
    ";38000;Grenoble;;\n"
)


@pytest.fixture
def firms() -> None:
    """One sure match, two homonyms of another."""
    load_reference()
    for code in ("38185", "38421"):
        make_commune(code)
    make_firm("LES JARDINS DU DRAC", siret=siret(501))
    make_firm("ATELIER DU VERCORS", siret=siret(502))
    make_firm("ATELIER DU VERCORS", siret=siret(503))


@pytest.fixture
def member(client: Client):
    user = get_user_model().objects.create_user("cress", password="x")
    client.force_login(user)
    return user


def upload(client: Client, content: bytes | str = LIST, name: str = "adherents.csv", network: str = "CRESS"):
    data = content.encode() if isinstance(content, str) else content
    return client.post("/directories/", {"name": network, "file": SimpleUploadedFile(name, data)})


@pytest.fixture
def linked(client: Client, member, firms: None, django_capture_on_commit_callbacks, monkeypatch) -> Directory:
    """The list uploaded, its columns confirmed, its rows linked."""
    return link_anew(client, django_capture_on_commit_callbacks, monkeypatch)


def link_anew(client: Client, capture: Callable, monkeypatch: pytest.MonkeyPatch, content: str = LIST) -> Directory:
    monkeypatch.setattr("matchmaker.tasks._send", lambda task, *arguments: task.run(*arguments))
    upload(client, content)
    directory = Directory.objects.order_by("-pk")[0]
    with capture(execute=True):
        client.post(f"/directories/{directory.pk}/columns/", directory.mapping)
    directory.refresh_from_db()
    return directory


def states(directory: Directory) -> list[str]:
    return list(directory.rows.order_by("line").values_list("state", flat=True))


def doubtful(directory: Directory) -> DirectoryRow:
    return directory.rows.get(state="ambiguous")


# ---------------------------------------------------------------- whose lists


def test_signed_out_people_are_sent_to_sign_in(client: Client) -> None:
    assert client.get("/directories/").headers["Location"] == "/login/?next=/directories/"


@pytest.mark.parametrize("page", ["", "columns/", "review/", "export.csv"])
def test_a_list_is_its_owner_s_and_staff_s_and_to_others_does_not_exist(
    client: Client, linked: Directory, page: str
) -> None:
    address = f"/directories/{linked.pk}/{page}"
    assert client.get(address).status_code == 200
    other = get_user_model().objects.create_user("autre", password="x")
    client.force_login(other)
    assert client.get(address).status_code == 404
    assert "CRESS" not in client.get("/directories/").content.decode()
    other.is_staff = True
    other.save()
    assert client.get(address).status_code == 200
    assert "CRESS" in client.get("/directories/").content.decode()


@pytest.mark.parametrize("door", ["columns/", "link/", "delete/", "review/"])
def test_nobody_writes_in_another_s_list(client: Client, linked: Directory, door: str) -> None:
    client.force_login(get_user_model().objects.create_user("autre", password="x"))
    row = doubtful(linked)
    answer = client.post(f"/directories/{linked.pk}/{door}", {"row": row.pk, "choice": "none", "name": "Structure"})
    assert answer.status_code == 404
    row.refresh_from_db()
    assert (row.state, Directory.objects.count()) == ("ambiguous", 1)


# ---------------------------------------------------------------- upload and columns


def test_columns_are_guessed_and_shown_with_the_first_rows(client: Client, member) -> None:
    answer = upload(client)
    directory = Directory.objects.get()
    assert answer.headers["Location"] == f"/directories/{directory.pk}/columns/"
    assert directory.mapping == {"name": "Structure", "postcode": "CP", "city": "Ville"}
    page = client.get(answer.headers["Location"]).content.decode()
    assert "<option selected>Structure</option>" in page
    assert "Les Jardins du Drac" in page


def test_contacts_are_left_out_at_once_and_said(client: Client, member) -> None:
    upload(client)
    directory = Directory.objects.get()
    assert directory.dropped == ["Contact", "Mail"]
    assert "Durand" not in str(list(directory.rows.values_list("values", flat=True)))
    page = client.get(f"/directories/{directory.pk}/columns/").content.decode()
    assert "Contact, Mail" in page
    assert "Durand" not in page


def test_a_workbook_with_titles_is_taken_too(client: Client, member) -> None:
    book = openpyxl.Workbook()
    for line in (["Annuaire 2026"], [], ["Nom", "Commune"], ["Les Jardins du Drac", "Grenoble"]):
        book.active.append(line)
    content = io.BytesIO()
    book.save(content)
    upload(client, content.getvalue(), "annuaire.xlsx")
    assert Directory.objects.get().mapping == {"name": "Nom", "city": "Commune"}


@pytest.mark.parametrize(
    ("content", "name", "network", "words"),
    [
        (b"\x00\x01", "image.csv", "CRESS", "image.csv"),
        (b"", "vide.csv", "CRESS", "Choisissez un fichier"),
        (b"nom\nA\n", "a.csv", " ", "Donnez le nom du réseau."),
        (b"nom\n", "seul.csv", "CRESS", "aucune ligne"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_french(
    client: Client, member, content: bytes, name: str, network: str, words: str
) -> None:
    answer = upload(client, content, name, network)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Directory.objects.exists()


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"city": "Ville"}, "Dites quelle colonne donne le nom"),
        ({"name": "Structure", "city": "Structure"}, "sert deux fois"),
        ({"name": "Mail"}, "n'existe pas"),
    ],
)
def test_a_wrong_choice_of_columns_is_refused_in_french(
    client: Client, member, mapping: dict[str, str], words: str
) -> None:
    upload(client)
    directory = Directory.objects.get()
    answer = client.post(f"/directories/{directory.pk}/columns/", mapping)
    assert answer.status_code == 422
    assert words in answer.content.decode().replace("&#x27;", "'")


# ---------------------------------------------------------------- linking and its result


def test_each_row_ends_linked_doubtful_not_found_or_refused(linked: Directory) -> None:
    assert states(linked) == ["linked", "ambiguous", "not_found", "refused"]
    assert linked.state == "done"
    assert linked.run is not None
    assert (linked.run.kind, linked.run.read, linked.run.new, linked.run.quarantined) == ("directory", 4, 3, 1)


def test_the_page_counts_and_filters(client: Client, linked: Directory) -> None:
    page = client.get(f"/directories/{linked.pk}/?state=linked").content.decode()
    assert "<strong>1 lignes sur 4 rapprochées</strong>" in page
    assert "LES JARDINS DU DRAC" in page
    assert "Zanzibar" not in page


def test_linking_again_changes_nothing(linked: Directory) -> None:
    before = list(linked.rows.values())
    again = verbs.link(linked)
    assert list(again.rows.values()) == before
    assert again.run is not None
    assert (again.run.new, again.run.changed, again.run.unchanged) == (0, 0, 3)


def test_the_export_holds_every_row_and_no_partially_diffused_firm(client: Client, linked: Directory) -> None:
    firm = linked.rows.get(state="linked").firm
    assert firm is not None
    text = client.get(f"/directories/{linked.pk}/export.csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))
    assert [row["etat"] for row in rows] == ["rapprochée", "à confirmer", "introuvable", "illisible"]
    assert rows[0]["siret_trouve"] == siret(501)
    firm.diffusion = "P"
    firm.save()
    text = client.get(f"/directories/{linked.pk}/export.csv").content.decode()
    assert siret(501) not in text
    assert "LES JARDINS DU DRAC" not in text


def test_a_row_that_gives_its_siret_is_linked_by_it(
    client: Client, member, firms: None, django_capture_on_commit_callbacks, monkeypatch
) -> None:
    content = f"nom;siret\nTout autre nom;{siret(502)}\n"
    found = link_anew(client, django_capture_on_commit_callbacks, monkeypatch, content)
    assert found.rows.get().firm.siret == siret(502)


# ---------------------------------------------------------------- review


def test_a_doubtful_row_is_shown_beside_its_candidates(client: Client, linked: Directory) -> None:
    page = client.get(f"/directories/{linked.pk}/review/").content.decode()
    assert page.count('class="candidate"') == 2
    assert 'data-key="1"' in page
    assert 'data-key="0 n"' in page
    assert "concorde" in page


def test_a_partially_diffused_candidate_is_masked(client: Client, linked: Directory) -> None:
    from matchmaker.models import Firm

    Firm.objects.update(diffusion="P")
    page = client.get(f"/directories/{linked.pk}/review/").content.decode()
    assert "ATELIER DU VERCORS" not in page
    assert "rue des Tisserands" not in page
    assert "Entreprise à diffusion partielle" in page


def choose(client: Client, directory: Directory, row: DirectoryRow, choice: str):
    answer = client.post(f"/directories/{directory.pk}/review/", {"row": row.pk, "choice": choice})
    row.refresh_from_db()
    return answer


def test_choosing_a_firm_links_the_row_in_that_person_s_name(client: Client, linked: Directory, member) -> None:
    row = doubtful(linked)
    answer = choose(client, linked, row, siret(503))
    assert (row.state, row.firm.siret, row.decided_by) == ("linked", siret(503), member)
    assert "Tout est tranché" in client.get(answer.headers["Location"]).content.decode()


def test_none_of_these_is_an_answer_too(client: Client, linked: Directory) -> None:
    row = doubtful(linked)
    choose(client, linked, row, "none")
    assert (row.state, row.firm) == ("not_found", None)


def test_a_choice_can_be_undone(client: Client, linked: Directory) -> None:
    row = doubtful(linked)
    answer = choose(client, linked, row, siret(503))
    assert "Annuler le choix" in client.get(answer.headers["Location"]).content.decode()
    choose(client, linked, row, "undo")
    assert (row.state, row.firm, row.decided_by) == ("ambiguous", None, None)


def test_a_firm_that_was_not_proposed_cannot_be_chosen(client: Client, linked: Directory) -> None:
    row = doubtful(linked)
    assert choose(client, linked, row, siret(501)).status_code == 404
    assert row.state == "ambiguous"


def test_skipping_leaves_the_row_for_later(client: Client, linked: Directory) -> None:
    row = doubtful(linked)
    answer = choose(client, linked, row, "skip")
    assert answer.headers["Location"].endswith(f"?after={row.line}")
    assert row.state == "ambiguous"


def test_a_decision_outlives_linking_again_and_a_new_edition_of_the_list(
    client: Client, linked: Directory, django_capture_on_commit_callbacks, monkeypatch
) -> None:
    choose(client, linked, doubtful(linked), siret(503))
    verbs.link(linked)
    assert states(linked)[1] == "linked"
    edition = link_anew(client, django_capture_on_commit_callbacks, monkeypatch, LIST + "Autre;69000;Lyon;;\n")
    assert edition.pk != linked.pk
    row = edition.rows.get(line=3)
    assert (row.state, row.firm.siret) == ("linked", siret(503))
    assert row.message == "Décision déjà prise pour une ligne identique."


def test_the_same_list_given_again_is_found_again(client: Client, linked: Directory) -> None:
    assert upload(client).headers["Location"] == f"/directories/{linked.pk}/"
    assert Directory.objects.count() == 1


def test_a_list_can_be_erased(client: Client, linked: Directory) -> None:
    client.post(f"/directories/{linked.pk}/delete/")
    assert not Directory.objects.exists()
