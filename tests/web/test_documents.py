"""Fit sheets on paper: what they say is what the database holds, and anyone may read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pypdf.generic import DictionaryObject, IndirectObject

from consortia.models import Outcome, Proposal
from frontend.documents import pdf
from matchmaker.queries import MASKED_NAME
from tests.factories import Territory, make_import, make_lot, make_outcome, make_proposal
from tests.web.papers import pdf_text, reader

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    yield
    pdf._laid_out.cache_clear()


def sheet(territory: Territory, rank: int = 1) -> str:
    return f"/lots/{territory.group.pk}/groupings/{rank}/sheet.pdf"


# ---------------------------------------------------------------- what it says


def test_it_says_what_is_bought_by_whom_where_and_when(client: Client, territory: Territory) -> None:
    lot = territory.group
    lot.deadline = timezone.now() + timedelta(days=12)
    lot.save()
    text = pdf_text(client, sheet(territory))
    assert "Nettoyage des écoles et des gymnases" in text
    assert "Acheteur Ville de Grenoble" in text
    assert "Lieu Grenoble (38)" in text
    assert "Réponses : dans 12 jours" in text
    assert "240 000 € HT soit 120 k€ par an" in text
    assert "610 heures par an conseillées par le calcul (estimation)" in text


def test_its_members_are_those_of_the_database(client: Client, territory: Territory) -> None:
    text = pdf_text(client, sheet(territory))
    proposal = territory.group.proposals.get(rank=1)
    for member in proposal.members.select_related("firm__commune"):
        assert member.firm.name in text
        assert f"SIRET {member.firm.siret}" in text
        assert f"{member.amount_eur:,} €".replace(",", " ") in text
        assert f"{round(100 * member.share)} %" in text
    assert "Ensemble 120 000 € 100 % 900" in text
    assert "3 entreprises couvrent ce lot ensemble, mandataire Régie de quartier Villeneuve." in text


def test_it_says_why_what_to_watch_and_who_could_leave(client: Client, territory: Territory) -> None:
    text = pdf_text(client, sheet(territory))
    proposal = territory.group.proposals.get(rank=1)
    for said in (*proposal.reasons, *proposal.warnings, proposal.justification):
        assert said in text
    assert text.count("Une autre entreprise à portée peut reprendre sa part.") == 3


def test_its_form_is_explained_with_its_articles(client: Client, territory: Territory) -> None:
    text = pdf_text(client, sheet(territory))
    assert (
        "Conjoint, mandataire solidaire : chacun répond de sa part, le mandataire répond aussi pour les autres" in text
    )
    assert "R2142-22" in text


def test_trials_are_counted_and_told(client: Client, territory: Territory) -> None:
    rows = [
        {"test": "low", "survives": True, "text": "Capacités au plus bas : le lot reste couvert."},
        {"test": "payment", "survives": False, "text": "Paiement à 60 jours : la trésorerie d'un membre manque."},
    ]
    territory.group.proposals.filter(rank=1).update(replay=rows)
    text = pdf_text(client, sheet(territory))
    assert "Mis à l'épreuve : tient 1 fois sur 2" in text
    assert "tient Capacités au plus bas : le lot reste couvert." in text
    assert "cède Paiement à 60 jours" in text


def test_a_departure_told_by_the_trials_is_told_once(client: Client, territory: Territory) -> None:
    said = "Si Belledonne Entretien se retire, les autres membres couvrent le lot."
    rows = [{"test": "leaves", "siret": territory.firms[2].siret, "survives": True, "text": said}]
    territory.group.proposals.filter(rank=1).update(replay=rows)
    text = pdf_text(client, sheet(territory))
    assert text.count(said) == 1
    assert "Une autre entreprise à portée peut reprendre sa part." not in text


def test_local_firms_that_hire_are_told_but_those_that_hide(client: Client, territory: Territory) -> None:
    open_one, hidden = territory.firms[0], territory.masked
    assert hidden is not None
    rows = [
        {
            "siret": firm.siret,
            "km": 3.0,
            "vacancies": 2,
            "h_rec": [400, 600],
            "hfi": [40, 60],
            "h_rec_high": [400, 600],
            "hfi_high": [40, 60],
        }
        for firm in (open_one, hidden)
    ]
    Outcome.objects.filter(lot=territory.group).update(partners=rows)
    for address in (sheet(territory), f"/lots/{territory.group.pk}/sheet.pdf"):
        text = pdf_text(client, address)
        assert "2 postes déclarés ; les heures d'insertion tenables passent de 400 à 600 (estimation)" in text
        assert text.count("postes déclarés") == 1


def test_an_unpublished_amount_is_an_interval_called_an_estimation(client: Client, territory: Territory) -> None:
    lot = territory.group
    lot.amount_eur, lot.imputed_low_eur, lot.imputed_mid_eur, lot.imputed_high_eur = None, 100_000, 240_000, 600_000
    lot.imputed_basis = "40 marchés comparables"
    lot.save()
    text = pdf_text(client, sheet(territory))
    assert "estimation 240 k€, entre 100 k€ et 600 k€" in text
    assert "soit 120 k€ par an, entre 50 k€ et 300 k€ ; 40 marchés comparables" in text


def test_needs_add_up_to_the_yearly_amount(client: Client, territory: Territory) -> None:
    lot = make_lot("Entretien et vitres", trades=["T01", "T02", "T07"], amount_eur=200_003, duration_months=12)
    make_outcome(lot, yearly_eur=200_003)
    make_proposal(lot, territory.firms[:2], [0.5, 0.5])
    text = pdf_text(client, f"/lots/{lot.pk}/groupings/1/sheet.pdf")
    assert "Nettoyage de locaux 33 % 67 k€" in text
    assert "Ensemble 100 % 200 k€" in text


def test_next_steps_start_before_the_deadline(client: Client, territory: Territory) -> None:
    lot = territory.group
    lot.deadline = timezone.now() + timedelta(days=40)
    lot.save()
    text = pdf_text(client, sheet(territory))
    assert "(20 jours avant l'échéance, estimation)" in text
    assert "date passée" not in text
    assert "Un DC1 pour le groupement, un DC2 par membre" in text
    assert "DC4" in text
    lot.deadline = timezone.now() + timedelta(days=5)
    lot.save()
    assert "date passée" in pdf_text(client, sheet(territory))


def test_payment_follows_the_form(client: Client, territory: Territory) -> None:
    territory.group.proposals.filter(rank=1).update(form=Proposal.Form.SOLIDAIRE)
    assert "un compte unique" in pdf_text(client, sheet(territory))
    assert "comptes séparés" in pdf_text(client, sheet(territory, 2))


def test_sources_are_dated(client: Client, territory: Territory) -> None:
    make_import(kind="firms", source_key="sirene", source="stock.parquet", dated="2026-11-01")
    text = pdf_text(client, sheet(territory))
    assert "Base SIRENE (stock mensuel) : INSEE, données du 1er novembre 2026" in text
    assert f"eforms {territory.group.tender.notice_id}, publié le 13 novembre 2026" in text
    assert "Tables de référence : version " in text


# ---------------------------------------------------------------- the sheet of a lot


def test_the_sheet_of_a_lot_compares_its_groupings(client: Client, territory: Territory) -> None:
    text = pdf_text(client, f"/lots/{territory.group.pk}/sheet.pdf")
    assert "Aucune entreprise ne peut répondre seule, sur 12 à portée ; un groupement le peut." in text
    assert "3 groupements sur 3 possibles, côte à côte" in text
    assert "Groupement 1 Groupement 2 Groupement 3" in text


def test_teams_best_at_something_else_come_before_the_next_ones(client: Client, territory: Territory) -> None:
    for rank, names in ((4, []), (5, ["jobs"]), (6, ["ess"])):
        make_proposal(territory.group, territory.firms[:2], [0.5, 0.5], rank=rank, names=names)
    text = pdf_text(client, f"/lots/{territory.group.pk}/sheet.pdf")
    assert "3 groupements sur 6 possibles" in text
    assert "Groupement 1 Groupement 5 le plus d'heures d'insertion Groupement 6 toute en ESS ou insertion" in text


def test_the_sheet_of_a_lot_without_grouping_says_what_is_missing(client: Client, territory: Territory) -> None:
    Outcome.objects.filter(lot=territory.missing).update(
        conflict=[{"text": "Peinture à 80 k€ par an"}, "Réserve aux SIAE"], piece={"text": "Une SIAE de peinture."}
    )
    text = pdf_text(client, f"/lots/{territory.missing.pk}/sheet.pdf")
    assert "il manque 80 k€ par an de capacité en peinture" in text
    assert "Capacité libre : Peinture, à moins de 40 km 40 k€ par an trouvés 80 k€ par an manquent" in text
    for said in ("Peinture à 80 k€ par an", "Réserve aux SIAE", "Une SIAE de peinture."):
        assert said in text


def test_a_lot_one_firm_can_do_alone_names_it(client: Client, territory: Territory) -> None:
    text = pdf_text(client, f"/lots/{territory.alone.pk}/sheet.pdf")
    assert "1 entreprise peut répondre seule, sur 12 à portée." in text
    assert "Capables seules Propreté Chartreuse" in text


def test_an_unsized_lot_has_its_sheet_too(client: Client, territory: Territory) -> None:
    assert "Date limite non publiée." in pdf_text(client, f"/lots/{territory.unknown.pk}/sheet.pdf")


# ---------------------------------------------------------------- who may be named (rule D1)


def test_a_partially_diffused_member_is_never_named(client: Client, territory: Territory) -> None:
    firm = territory.masked
    assert firm is not None
    said = f"{firm.name} (99 impasse Cachée) peut aider."
    proposal = territory.group.proposals.get(rank=3)
    proposal.reasons, proposal.warnings, proposal.justification = [said], [said], said
    proposal.replay = [{"test": "leaves", "siret": firm.siret, "survives": True, "text": said}]
    proposal.save()
    proposal.members.update(withdrawal=said)
    territory.group.proposals.filter(rank=1).update(replay=proposal.replay)
    for address in (sheet(territory, 3), sheet(territory), f"/lots/{territory.group.pk}/sheet.pdf"):
        text = pdf_text(client, address)
        assert "Fernande" not in text
        assert "impasse" not in text
        assert firm.siret not in text
    assert MASKED_NAME in pdf_text(client, sheet(territory, 3))


# ---------------------------------------------------------------- a sound document


def test_it_is_tagged_titled_and_in_its_language(client: Client, territory: Territory) -> None:
    paper = reader(client, sheet(territory))
    root = paper.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    assert paper.metadata is not None
    assert "groupement 1 : Nettoyage des écoles et des gymnases" in (paper.metadata.title or "")


def tags(node: object) -> Iterator[DictionaryObject]:
    """Every element of the structure tree, in reading order."""
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node
        children = node.get("/K", [])
        for child in children if isinstance(children, list) else [children]:
            yield from tags(child)


def test_its_headings_tables_and_pictures_are_told_to_reading_machines(client: Client, territory: Territory) -> None:
    found = list(tags(reader(client, sheet(territory)).trailer["/Root"]["/StructTreeRoot"]))
    kinds = [str(tag["/S"]) for tag in found]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") >= 6
    assert {"/Table", "/TR", "/TH", "/TD", "/L", "/LI"} <= set(kinds)
    pictures = [str(tag.get("/Alt", "")) for tag in found if tag["/S"] == "/Figure"]
    assert all(pictures)
    assert any(alt.startswith("1. Régie de quartier Villeneuve : 45") for alt in pictures)
    assert any("Belledonne Entretien, 8" in alt for alt in pictures)


def test_its_fonts_are_embedded(client: Client, territory: Territory) -> None:
    for page in reader(client, sheet(territory)).pages:
        for font in page["/Resources"]["/Font"].values():
            below = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(below)


def test_pages_are_numbered_and_two_at_most(client: Client, territory: Territory) -> None:
    paper = reader(client, sheet(territory))
    assert len(paper.pages) == 2
    assert "Page 1 / 2" in paper.pages[0].extract_text()


def test_it_speaks_english_when_the_site_does(client: Client, territory: Territory) -> None:
    client.cookies["django_language"] = "en"
    assert reader(client, sheet(territory)).trailer["/Root"]["/Lang"] == "en"
    text = pdf_text(client, sheet(territory))
    assert "3 firms cover this lot together, led by Régie de quartier Villeneuve." in text
    assert "One DC1 for the grouping" in text


def test_a_title_is_text_and_fetches_nothing(client: Client, territory: Territory) -> None:
    lot = territory.group
    lot.title = '<img src="file:///etc/hostname"> <b>Lot</b>'
    lot.save()
    assert "<b>Lot</b>" in pdf_text(client, sheet(territory))


def test_nothing_outside_the_page_is_read(tmp_path: object) -> None:
    made = pdf.pdf_of('<html lang="fr"><title>x</title><link rel=stylesheet href="file:///etc/hostname"><p>texte</p>')
    assert made.startswith(b"%PDF")


# ---------------------------------------------------------------- the answer


def test_it_has_a_readable_name_and_a_tag(client: Client, territory: Territory) -> None:
    response = client.get(sheet(territory))
    name = f"fiche-lot-{territory.group.pk}-nettoyage-des-ecoles-et-des-gymnases-groupement-1.pdf"
    assert response.headers["Content-Disposition"] == f'inline; filename="{name}"'
    assert response.headers["Cache-Control"] == "private, no-cache"
    again = client.get(sheet(territory), headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_change_gives_another_tag(client: Client, territory: Territory) -> None:
    before = client.get(sheet(territory)).headers["ETag"]
    territory.group.proposals.filter(rank=1).update(warnings=["Autre chose."])
    assert client.get(sheet(territory)).headers["ETag"] != before


def test_the_same_page_gives_the_same_bytes(client: Client, territory: Territory) -> None:
    first = client.get(sheet(territory)).content
    pdf._laid_out.cache_clear()
    assert client.get(sheet(territory)).content == first


def test_it_is_read_only(client: Client, territory: Territory) -> None:
    assert client.post(sheet(territory)).status_code == 405
    head = client.head(sheet(territory))
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("address", ["/lots/999999/sheet.pdf", "/lots/999999/groupings/1/sheet.pdf"])
def test_an_unknown_lot_is_not_found(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "Page introuvable" in response.content.decode()


def test_an_unknown_grouping_is_not_found(client: Client, territory: Territory) -> None:
    assert client.get(sheet(territory, 9)).status_code == 404


def test_too_many_at_once_are_asked_to_come_back(
    client: Client, territory: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "PATIENCE_S", 0.01)
    with pdf._turn:
        response = client.get(sheet(territory))
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "30"
    assert "réessayez dans une minute" in response.content.decode()
    assert client.get(sheet(territory)).status_code == 200


def test_it_costs_seventeen_queries_at_most(
    client: Client, territory: Territory, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(17):  # type: ignore[operator]
        client.get(sheet(territory))
