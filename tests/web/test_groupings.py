"""The groupings of a lot, side by side: what each is best at, what a person's own weights change, what is missing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from consortia.models import Proposal
from matchmaker.models import Firm
from tests.factories import Territory, make_lot, make_outcome, make_proposal
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]

NEAR = "gw_trade=0&gw_distance=100&gw_ess=0&gw_hiring=0&gw_fragile=0&gw_solo=0&gw_member=0"
ESS = "gw_trade=0&gw_distance=0&gw_ess=100&gw_hiring=0&gw_fragile=0&gw_solo=0&gw_member=0"


@pytest.fixture(autouse=True)
def leaders(territory: Territory) -> None:
    """Without an experienced firm, nobody can lead and nothing is found on the spot."""
    Firm.objects.filter(pk__in=[firm.pk for firm in territory.firms]).update(fte_mid=12)


def page_of(client: Client, address: str) -> str:
    return client.get(address).content.decode().replace("\u202f", " ")


def cards_of(page: str) -> tuple[list[int], list[int]]:
    """Ranks of the groupings side by side, and of those folded below."""
    beside, _, below = page.partition('id="more-teams"')
    found = [
        [int(rank) for rank in re.findall(r'<article class="team" data-team="(\d+)"', part)] for part in (beside, below)
    ]
    return found[0], found[1]


def named(lot: Any, rank: int, *names: str) -> None:
    Proposal.objects.filter(lot=lot, rank=rank).update(names=list(names))


def part(client: Client, lot: Any, query: str, shown: str = "") -> Any:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://maillage.test/lots/{lot.pk}/{shown}"}
    return client.get(f"/lots/{lot.pk}/groupings/?{query}", headers=headers)


class TestSideBySide:
    def test_each_is_headed_by_what_it_is_best_at(self, client: Client, territory: Territory) -> None:
        named(territory.group, 1, "best", "jobs")
        named(territory.group, 2, "smallest")
        page = page_of(client, f"/lots/{territory.group.pk}/")
        heads = re.findall(r"</span> ([^<]+)</h3>", page)
        assert heads == ["La meilleure", "La plus petite", "Groupement 3"]
        assert '<span class="tag">Le plus d&#x27;emplois</span>' in page

    def test_those_with_a_name_come_first_the_others_are_folded(self, client: Client, territory: Territory) -> None:
        named(territory.group, 1, "best")
        named(territory.group, 3, "ess")
        assert cards_of(page_of(client, f"/lots/{territory.group.pk}/")) == ([1, 3], [2])

    def test_without_names_the_first_three_are_compared(self, client: Client, territory: Territory) -> None:
        make_proposal(territory.group, territory.firms[2:4], [0.6, 0.4])
        assert cards_of(page_of(client, f"/lots/{territory.group.pk}/")) == ([1, 2, 3], [4])

    @pytest.mark.parametrize("query", ["compare=2,3", "compare=3&compare=2", "compare=2,3,77,x"])
    def test_the_address_says_which(self, client: Client, territory: Territory, query: str) -> None:
        page = page_of(client, f"/lots/{territory.group.pk}/?{query}")
        assert cards_of(page) == ([2, 3], [1])
        assert "3 groupements trouvés, 2 comparés côte à côte." in page
        assert 'name="compare" value="1">' in page
        assert 'name="compare" value="2" checked>' in page

    def test_measures_stand_on_one_scale_and_the_best_is_named(self, client: Client, territory: Territory) -> None:
        for rank, hours, km in ((1, 900, 12.0), (2, 450, 8.0), (3, 900, 16.0)):
            Proposal.objects.filter(lot=territory.group, rank=rank).update(hours=hours, measures={"farthest_km": km})
        page = page_of(client, f"/lots/{territory.group.pk}/")
        assert page.count('<i style="width:50.00%"></i>') >= 1
        text = text_of(client, f"/lots/{territory.group.pk}/")
        assert "Heures d'insertion par an meilleur 900" in text
        assert "Fait par l'ESS ou l'insertion meilleur 100 %" in text

    def test_who_does_what_is_drawn_when_a_lot_has_several_trades(self, client: Client, territory: Territory) -> None:
        lot = make_lot("Nettoyage et vitres", trades=["T01", "T07"])
        make_outcome(lot)
        proposal = make_proposal(lot, territory.firms[1:3], [0.5, 0.5])
        for member, by_trade in zip(
            proposal.members.all(), ({"T01": 60_000}, {"T01": 20_000, "T07": 40_000}), strict=True
        ):
            member.by_trade = by_trade
            member.save()
        page = page_of(client, f"/lots/{lot.pk}/")
        bars = re.findall(r'<p class="trade-label">([^<]+) <span class="quiet">([^<]+)</span></p>(.*?)</div>', page)
        assert [(eur, row.count('class="share ')) for _label, eur, row in bars] == [("80 k€", 2), ("40 k€", 1)]
        assert bars[1][0] == "Peinture"

    def test_stress_tests_are_marks_with_words(self, client: Client, territory: Territory) -> None:
        first = territory.firms[1].siret
        replay = [
            {"test": "leaves", "siret": first, "survives": False, "repair": "1", "text": "Net'Alpes la remplace."},
            {"test": "low", "siret": "", "survives": False, "repair": "", "text": "Il manque 12 k€ par an."},
            {"test": "payment", "siret": "", "survives": True, "repair": "", "text": "Chacun tient deux mois."},
        ]
        Proposal.objects.filter(lot=territory.group, rank=1).update(replay=replay)
        text = text_of(client, f"/lots/{territory.group.pk}/")
        assert "Net'Alpes la remplace. ↻ remplaçable" in text
        assert "Capacités basses ✕ ne tient plus Il manque 12 k€ par an." in text
        assert "Paiement à 60 jours ✓ tient Chacun tient deux mois." in text

    def test_the_comparison_has_its_table(self, client: Client, territory: Territory) -> None:
        text = text_of(client, f"/lots/{territory.group.pk}/")
        assert "Les mêmes groupements en tableau" in text
        assert "1. Groupement 1 Régie de quartier Villeneuve 45 %, Belledonne Entretien 32 %" in text


class TestOwnWeights:
    def test_groupings_are_sought_anew_and_the_change_is_said(self, client: Client, territory: Territory) -> None:
        text = text_of(client, f"/lots/{territory.group.pk}/?{NEAR}&gw_size=free")
        assert "Groupements cherchés avec vos poids, pas ceux du service. Revenir aux poids du service" in text
        assert re.search(r"Avec vos poids: .*(remplacent?|entrent?|sort|reste)", text)

    @pytest.mark.parametrize(("query", "social"), [(NEAR, False), (ESS, True)])
    def test_the_weights_bear_on_the_answer(
        self, client: Client, territory: Territory, query: str, social: bool
    ) -> None:
        """The nearest two firms are ordinary; where only the ESS counts, one of its firms joins."""
        page = page_of(client, f"/lots/{territory.group.pk}/?{query}")
        first = page[page.index('data-team="1"') : page.index('data-team="2"')]
        share = re.findall(r"Fait par l&#x27;ESS ou l&#x27;insertion</dt><dd>(?:<span.*?</span> )?(\d+) %", first)[0]
        assert (int(share) > 0) is social

    def test_the_weights_of_the_service_are_nobody_s_own(self, client: Client, territory: Territory) -> None:
        usual = re.findall(r'name="(gw_\w+)"[^>]*value="(\d+)"', page_of(client, f"/lots/{territory.group.pk}/"))
        assert len(usual) == 7
        query = "&".join(f"{name}={value}" for name, value in usual)
        assert "avec vos poids" not in text_of(client, f"/lots/{territory.group.pk}/?{query}&gw_size=fewest")

    def test_nothing_is_kept(self, client: Client, territory: Territory) -> None:
        before = list(Proposal.objects.values_list("pk", flat=True))
        client.get(f"/lots/{territory.group.pk}/?{NEAR}")
        assert list(Proposal.objects.values_list("pk", flat=True)) == before

    def test_a_masked_firm_stays_masked(self, client: Client, territory: Territory) -> None:
        page = page_of(client, f"/lots/{territory.group.pk}/?{NEAR}&gw_size=free")
        assert "Fernande" not in page

    def test_the_map_is_given_the_groupings_shown(self, client: Client, territory: Territory) -> None:
        page = page_of(client, f"/lots/{territory.group.pk}/?{NEAR}")
        text = re.findall(r'<script id="groupings-features" type="application/json">(.*?)</script>', page)[0]
        links = {
            (one["properties"]["team"], one["properties"]["siret"])
            for one in json.loads(text)["features"]
            if one["properties"]["role"] == "link"
        }
        rows = re.findall(r'data-team="(\d+)"|<tr data-siret="(\d+)"', page)
        team, listed = 0, set()
        for rank, siret in rows:
            team = int(rank) if rank else team
            listed |= {(team, siret)} if siret else set()
        assert links == listed

    def test_a_lot_without_amount_keeps_what_is_stored(self, client: Client, territory: Territory) -> None:
        territory.group.amount_eur = None
        territory.group.save()
        page = page_of(client, f"/lots/{territory.group.pk}/?{NEAR}")
        assert cards_of(page) == ([1, 2, 3], [])
        assert "voici ce qui est gardé. 3 groupements trouvés" in page


class TestOnePartOfThePage:
    def test_the_address_is_the_shortest_and_keeps_the_ranking_s(self, client: Client, territory: Territory) -> None:
        answer = part(client, territory.group, "compare=3&compare=1", "?ess=1&within=30")
        assert answer["HX-Replace-Url"] == f"/lots/{territory.group.pk}/?ess=1&within=30&compare=1,3"
        assert 'id="groupings-results"' in answer.content.decode()

    def test_the_usual_choice_is_not_said(self, client: Client, territory: Territory) -> None:
        answer = part(client, territory.group, "compare=1&compare=2&compare=3", "?compare=1,3")
        assert answer["HX-Replace-Url"] == f"/lots/{territory.group.pk}/"

    def test_the_ranking_keeps_what_groupings_say(self, client: Client, territory: Territory) -> None:
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://maillage.test/lots/1/?compare=1,3&within=5&{NEAR}"}
        answer = client.get(f"/lots/{territory.group.pk}/ranking/?ess=1", headers=headers)
        assert answer["HX-Replace-Url"].startswith(f"/lots/{territory.group.pk}/?compare=1,3&gw_trade=0")
        assert answer["HX-Replace-Url"].endswith("&ess=1")
        assert "within" not in answer["HX-Replace-Url"]

    def test_without_script_each_form_carries_the_other_s_answers(self, client: Client, territory: Territory) -> None:
        page = page_of(client, f"/lots/{territory.group.pk}/?ess=1&compare=1,3")
        groupings = page[page.index('id="groupings-form"') :]
        ranking = page[page.index('id="rank-form"') : page.index('id="groupings-form"')]
        assert '<input type="hidden" name="ess" value="1">' in groupings
        assert '<input type="hidden" name="compare" value="1,3">' in ranking

    def test_opened_by_hand_it_leads_to_the_page(self, client: Client, territory: Territory) -> None:
        answer = client.get(f"/lots/{territory.group.pk}/groupings/?compare=1,3")
        assert answer["Location"] == f"/lots/{territory.group.pk}/?compare=1,3"

    def test_an_unknown_lot_is_a_404(self, client: Client) -> None:
        assert client.get("/lots/424242/groupings/").status_code == 404


class TestWhatIsMissing:
    def test_the_conflict_and_the_piece_are_told(self, client: Client, territory: Territory) -> None:
        outcome = territory.missing.outcome
        outcome.conflict = [
            {"kind": "need", "text": "peinture : 90 000 € par an"},
            {"kind": "members", "text": "4 membres au plus"},
        ]
        outcome.piece = {
            "trades": ["T07"],
            "text": "Une entreprise de peinture rendrait ce lot atteignable.",
            "members": [territory.firms[7].pk],
        }
        outcome.subcontract = {
            "text": "Un titulaire réservé peut sous-traiter une part accessoire.",
            "share": 0.2,
            "members": [part_of(territory.firms[7], 0.8, mandataire=True)],
            "subcontractors": [part_of(territory.firms[2], 0.2)],
        }
        outcome.save()
        text = text_of(client, f"/lots/{territory.missing.pk}/")
        assert "Les exigences qui ne tiennent pas ensemble" in text
        assert "✕ peinture: 90 000 € par an ✕ 4 membres au plus" in text
        assert "Une entreprise de peinture rendrait ce lot atteignable. estimation" in text
        assert "Elle répondrait avec Voironnais Propre." in text
        assert "Un titulaire réservé peut sous-traiter une part accessoire." in text
        assert (
            "80 % Voironnais Propre 9 km · 96 k€ · mandataire 20 % Belledonne Entretien 9 km · 24 k€ · sous-tr" in text
        )
        assert '/missing/?trade=T07"' in page_of(client, f"/lots/{territory.missing.pk}/")

    def test_local_firms_that_hire_are_shown_with_what_they_add(self, client: Client, territory: Territory) -> None:
        outcome = territory.group.outcome
        outcome.partners = [
            {
                "siret": territory.firms[0].siret,
                "km": 3.2,
                "vacancies": 4,
                "h_rec": [400, 800],
                "hfi": [25, 50],
                "h_rec_high": [800, 800],
                "hfi_high": [25, 50],
            },
            {"siret": territory.firms[2].siret, "km": 9, "vacancies": 1, "h_rec": [800, 800], "hfi": [50, 50]},
        ]
        outcome.save()
        page = page_of(client, f"/lots/{territory.group.pk}/")
        text = text_of(client, f"/lots/{territory.group.pk}/")
        assert "Propreté Chartreuse Grenoble · 3 km · 4 postes à pourvoir" in text
        assert "Heures d'insertion recommandées 400 à 800, puis 800" in text
        assert "Adéquation aux recrutements, sur 100 25, puis 50" in text
        assert 'class="rise-before" style="width:25.00%"></span><span class="rise-gain" style="width:25.00%"' in page
        assert "1 poste à pourvoir" not in text  # it adds nothing


def part_of(firm: Firm, share: float, *, mandataire: bool = False) -> dict[str, Any]:
    amount = round(120_000 * share)
    said = {"siret": firm.siret, "amount_eur": amount, "share": share, "by_trade": {"T07": amount}, "km": 9.0}
    return said | {"mandataire": mandataire}


@pytest.mark.parametrize(("query", "most"), [("", 14), (NEAR, 22)])
def test_the_number_of_queries_is_bounded(
    client: Client, territory: Territory, django_assert_max_num_queries: Any, query: str, most: int
) -> None:
    client.get(f"/lots/{territory.group.pk}/?{query}")  # the supply is read once a process
    with django_assert_max_num_queries(most):
        client.get(f"/lots/{territory.group.pk}/?{query}")
    with django_assert_max_num_queries(most - 2):
        part(client, territory.group, query)
