"""The commitment board: one number against 20 %, what is not known said, the buyer's own lines shown as such."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from allotment.models import CommitmentEntry, CommitmentTarget
from allotment.models.commitment import JournalIsAppendOnlyError
from matchmaker.models import Award, Buyer, Firm
from matchmaker.queries import MASKED_NAME
from tests.buyers import make_organisation, make_user
from tests.factories import make_award, make_buyer, make_firm, make_run
from tests.web.papers import book_of
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

SIRET = "21380185500015"


@pytest.fixture
def buyer() -> Buyer:
    """300 of 1,000 k€ converted, 200 unknown."""
    make_run()
    found = make_buyer(siret=SIRET)
    make_award(200_000, social=["Clause sociale", "Marché réservé"], title="Peinture à clause")
    make_award(100_000, make_firm("Régie de quartier", ess=Firm.Ess.YES), title="Espaces verts gagnés")
    make_award(200_000, social=[], title="Muet")
    make_award(500_000, make_firm("Grande entreprise"), title="Sans rien")
    make_award(50_000, social=["Clause sociale"], notified_on=date(2024, 3, 1))
    make_award(50_000, notified_on=date(2024, 3, 1))
    return found


def page(buyer: Buyer, year: int = 2025, more: str = "") -> str:
    return f"/commitments/{buyer.pk}/{year}/{more}"


def test_one_number_against_the_target_comes_first(client: Client, buyer: Buyer) -> None:
    text = text_of(client, page(buyer))
    assert "30 % convertis, pour un objectif de 20 %" in text
    assert "300 k€ convertis sur 1 M€ notifiés en 2025" in text
    assert text.index("30 %") < text.index("Ce qui convertit")


def test_what_is_not_said_is_unknown_and_not_zero(client: Client, buyer: Buyer) -> None:
    text = text_of(client, page(buyer))
    assert "C'est au moins cela: 200 k€ de contrats ne disent rien" in text
    assert "ce serait 50 %" in text
    assert "1 contrat (200 k€) ne dit rien de ses considérations sociales" in text


def test_the_trend_tells_every_year_and_its_table(client: Client, buyer: Buyer) -> None:
    text = text_of(client, page(buyer))
    assert "2024 100 000 € 2 contrats 50 000 € 0 € 50 %" in text


def test_a_figure_opens_on_the_contracts_behind(client: Client, buyer: Buyer) -> None:
    text = text_of(client, page(buyer, more="?kind=reserved")).split("Les contrats derrière")[1]
    assert "Peinture à clause" in text
    assert "Sans rien" not in text.split("Converti par")[1]
    assert "Muet" in text_of(client, page(buyer, more="?kind=unknown")).split("Converti par")[1]


def test_national_levels_and_spaser_are_told_with_their_source(client: Client, buyer: Buyer) -> None:
    text = text_of(client, page(buyer))
    assert "plan national 2022-2025: 30 %" in text
    assert "constaté en France en 2022: 22 %" in text
    assert "En dessous de 50 M€ d'achats connus dans l'année, le schéma n'est pas obligatoire" in text


def test_above_50_million_the_spaser_is_said_to_be_due(client: Client, buyer: Buyer) -> None:
    make_award(60_000_000)
    assert "Au-dessus de 50 M€ d'achats par an, l'acheteur adopte et publie un schéma" in text_of(client, page(buyer))


def test_the_running_year_is_projected_as_an_estimate(client: Client, buyer: Buyer) -> None:
    make_award(100_000, social=["Clause sociale"], notified_on=date(2026, 2, 1))
    text = text_of(client, page(buyer, 2026))
    assert "année en cours" in text
    assert "Au rythme actuel, l'année finirait à" in text
    assert "estimation" in text


def test_a_buyer_is_found_by_name_or_number(client: Client, buyer: Buyer) -> None:
    Buyer.objects.create(key="sans contrat", name="Commune sans contrat")
    assert "Ville de Grenoble" in text_of(client, "/commitments/?q=grenoble")
    assert "Ville de Grenoble" in text_of(client, "/commitments/?q=213801855")
    assert "Aucun acheteur de ce nom" in text_of(client, "/commitments/?q=sans+contrat")
    assert client.get(f"/commitments/{buyer.pk}/").headers["Location"] == page(buyer)


def test_an_empty_year_says_what_to_do(client: Client, buyer: Buyer) -> None:
    assert "choisissez-en une autre" in text_of(client, page(buyer, 2019))


@pytest.mark.parametrize("address", ["/commitments/999999/2025/", "/commitments/999999/", "/commitments/1/12/"])
def test_what_does_not_exist_is_a_404(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_an_award_notice_told_by_decp_too_counts_once(client: Client, buyer: Buyer) -> None:
    firm = Firm.objects.get(name="Grande entreprise")
    make_award(500_000, firm, source="ted", notified_on=date(2025, 6, 20), title="Le même")
    assert "sur 1 M€ notifiés" in text_of(client, page(buyer))


def test_a_framework_agreement_counts_for_the_part_that_is_bought(client: Client, buyer: Buyer) -> None:
    Award.objects.filter(title="Sans rien").update(framework=True)
    assert "sur 750 k€ notifiés" in text_of(client, page(buyer))


# ---------------------------------------------------------------- exports


def rows_of(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(address).content.decode("utf-8-sig")), delimiter=";"))


def test_tables_hold_every_contract_of_the_year(client: Client, buyer: Buyer) -> None:
    rows = rows_of(client, page(buyer, more="board.csv"))
    assert rows[0]["objet"] == "Sans rien"
    assert sum(int(row["montant_compte_eur_ht"]) for row in rows if row["converti"] == "oui") == 300_000
    book = book_of(client, page(buyer, more="board.xlsx"))
    assert book["contrats"].max_row == 5
    assert book["indicateurs"]["B2"].value == "30\u00a0%"


def test_the_paper_says_the_same(client: Client, buyer: Buyer) -> None:
    response = client.get(page(buyer, more="board.pdf"))
    assert response.status_code == 200
    assert response.content.startswith(b"%PDF-")


def test_a_partially_diffused_holder_is_masked_everywhere(client: Client, buyer: Buyer) -> None:
    hidden = make_firm("Fernande Secrète", diffusion="P", ess=Firm.Ess.YES)
    make_award(40_000, hidden)
    for more in ("", "board.csv", "?kind=ess"):
        body = client.get(page(buyer, more=more)).content.decode()
        assert "Fernande" not in body
        assert hidden.siret not in body
        assert MASKED_NAME in body


# ---------------------------------------------------------------- by hand


LINE = {
    "title": "Repas du conseil", "on": "2025-04-02", "amount": "30 000", "kinds": ["ess"],
    "note": "Facture d'une SCIC",
}  # fmt: skip


@pytest.fixture
def member(client: Client) -> Client:
    client.force_login(make_user())
    make_organisation("Ville de Grenoble", members=[make_user()], siret=SIRET)
    return client


def test_only_members_of_the_buyer_may_write(client: Client, buyer: Buyer) -> None:
    make_organisation("Ville de Grenoble", siret=SIRET)
    assert client.post(page(buyer, more="lines/"), LINE).status_code == 302  # to the sign-in page
    client.force_login(make_user("autre"))
    make_organisation("Ville de Lyon", members=[make_user("autre")], siret="21690123100011")
    make_organisation("Réseau", kind="network", members=[make_user("autre")], siret=SIRET)
    for more in ("lines/", "target/", "lines/1/cancel/"):
        assert client.post(page(buyer, more=more), LINE).status_code == 403
    assert not CommitmentEntry.objects.exists()
    assert "Compléter à la main" not in text_of(client, page(buyer))


def test_an_organisation_without_number_is_no_buyer(client: Client) -> None:
    make_run()
    nameless = Buyer.objects.create(key="mairie", name="Mairie")
    make_organisation("Mairie", members=[make_user()], siret="")
    client.force_login(make_user())
    assert client.post(page(nameless, more="lines/"), LINE).status_code == 403


def test_a_line_by_hand_counts_and_is_shown_as_such(member: Client, buyer: Buyer) -> None:
    assert member.post(page(buyer, more="lines/"), LINE).status_code == 302
    text = text_of(member, page(buyer))
    assert "Dont 1 contrat ajouté à la main par l'acheteur (30 k€)" in text
    assert "330 k€ convertis sur 1 M€ notifiés" in text
    assert "ajouté à la main par Ville de Grenoble: Facture d'une SCIC" in text


def test_a_published_contract_is_completed_without_counting_twice(member: Client, buyer: Buyer) -> None:
    silent = Award.objects.get(title="Muet")
    member.post(page(buyer, more="lines/"), {"award": str(silent), "kinds": ["clause"], "note": "CCAP, article 12"})
    text = text_of(member, page(buyer))
    assert "50 % convertis" in text
    assert "complété à la main par l'acheteur: CCAP, article 12" in text
    assert "500 k€ convertis sur 1 M€ notifiés" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"note": " "}, "Dites sur quoi la ligne repose"),
        ({"amount": "-5"}, "un montant hors taxe positif"),
        ({"amount": "0"}, "un montant hors taxe positif"),
        ({"on": "hier"}, "la date de notification"),
        ({"on": "2099-01-01"}, "la date est à venir"),
        ({"award": "decp d'un autre"}, "la date de notification"),
    ],
)
def test_a_line_that_cannot_be_is_refused_and_kept_on_screen(
    member: Client, buyer: Buyer, change: dict[str, str], said: str
) -> None:
    response = member.post(page(buyer, more="lines/"), LINE | change)
    assert response.status_code == 422
    body = response.content.decode()
    assert said in body
    assert 'value="Repas du conseil"' in body
    assert not CommitmentEntry.objects.exists()


def test_a_line_is_taken_back_by_another_and_the_journal_keeps_both(member: Client, buyer: Buyer) -> None:
    member.post(page(buyer, more="lines/"), LINE)
    line = CommitmentEntry.objects.get()
    assert member.post(page(buyer, more=f"lines/{line.pk}/cancel/")).status_code == 302
    text = text_of(member, page(buyer))
    assert "300 k€ convertis" in text
    assert "annule « Repas du conseil »" in text
    assert member.post(page(buyer, more=f"lines/{line.pk}/cancel/")).status_code == 422


def test_the_target_is_the_buyers_to_set(member: Client, buyer: Buyer) -> None:
    member.post(page(buyer, more="target/"), {"target": "35,5"})
    assert CommitmentTarget.objects.get().permille == 355
    assert "pour un objectif de 36 % (fixé par l'acheteur)" in text_of(member, page(buyer))
    assert "pour un objectif de 20 %" in text_of(member, page(buyer, 2024))
    assert member.post(page(buyer, more="target/"), {"target": "nan"}).status_code == 422
    assert member.post(page(buyer, more="target/"), {"target": "120"}).status_code == 422


def test_the_journal_only_grows(member: Client, buyer: Buyer) -> None:
    member.post(page(buyer, more="lines/"), LINE)
    line = CommitmentEntry.objects.get()
    with pytest.raises(JournalIsAppendOnlyError):
        line.save()
    with pytest.raises(JournalIsAppendOnlyError):
        CommitmentEntry.objects.all().delete()
    for statement in ("UPDATE allotment_commitmententry SET note = 'x'", "DELETE FROM allotment_commitmententry"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
