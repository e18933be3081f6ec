"""A name without SIRET: linked, ambiguous or not found, against real tables."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from geo.models import Commune
from matchmaker.domain.linkage import FEATURES
from matchmaker.link import Linked, Sought, link_rows
from matchmaker.linknames import refresh
from matchmaker.models import Firm, LinkIndex, LinkName
from tests.factories import COMMUNES, make_firm, siret

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

_FIRST = ["Collecterie", "Menuiserie", "Régie", "Atelier", "Blanchisserie", "Conserverie", "Recyclerie", "Charpente"]
_SECOND = ["Belledonne", "Chartreuse", "Vercors", "Drac", "Grésivaudan", "Trièves", "Oisans", "Matheysine", "Bièvre"]
_THIRD = ["solidaire", "alpine", "dauphinoise", "coopérative", "citoyenne", "insertion", "artisanale"]


def one(name: str, **more: str) -> Linked:
    return link_rows([Sought(name, **more)])[0]


def crowd(size: int = 300) -> list[Firm]:
    """Made-up firms around Grenoble: the same words come back in many names."""
    rng = random.Random(3)
    found: dict[str, Firm] = {}
    towns = Commune.objects.in_bulk(COMMUNES)
    while len(found) < size:
        name = f"{rng.choice(_FIRST)} {rng.choice(_THIRD)} {rng.choice(_SECOND)}"
        if name not in found:
            number, commune = siret(20_000 + len(found)), towns[rng.choice(list(COMMUNES))]
            where = {"commune": commune, "city": commune.name, "postcode": commune.postcodes[0]}
            found[name] = Firm(siret=number, siren=number[:9], name=name, source="sirene", **where)
    return Firm.objects.bulk_create(found.values())


def test_another_writing_of_a_name_in_its_town_is_linked() -> None:
    crowd()
    firm = make_firm("ASSOC COLLECTERIE BUISSONNIERE", commune_code="38563")
    found = one("La Collecterie Buissonnière", city="Voiron")
    assert (found.state, found.firm_id) == ("linked", firm.pk)
    assert found.candidates[0].firm_id == firm.pk
    assert set(found.candidates[0].features) == set(FEATURES)


@pytest.mark.parametrize("asked", ["U.T.B.", "UTB", "Union Technique Batiment"])
def test_a_sigle_stands_for_its_words(asked: str) -> None:
    crowd()
    firm = make_firm("UNION TECHNIQUE DU BATIMENT", trade_name="UTB")
    assert one(asked, city="Grenoble").firm_id == firm.pk


def test_a_trade_name_is_a_name() -> None:
    crowd()
    firm = make_firm("SOCIETE DURET ET COMPAGNIE", trade_name="Baluchon Gourmand")
    assert one("Baluchon Gourmand", postcode="38000").firm_id == firm.pk


@pytest.mark.parametrize("name", ["Baluchon", "Menuiserie alpine", "ATELIER", "L'Étape 38", "Assoc. Emploi Services"])
def test_un_nom_exact_dans_la_bonne_commune_est_toujours_rapproché(name: str) -> None:
    crowd()
    firm, _elsewhere = make_firm(name), make_firm(name, commune_code="38563")
    found = one(name.upper(), postcode="38000", city="GRENOBLE")
    assert (found.state, found.firm_id) == ("linked", firm.pk)
    assert found.probability >= 0.98


def test_two_units_of_one_name_in_one_commune_are_left_to_a_person() -> None:
    crowd()
    twins = {make_firm("Le Relais Dauphinois").pk, make_firm("Le Relais Dauphinois").pk}
    found = one("Relais Dauphinois", city="Grenoble")
    assert (found.state, found.firm_id) == ("ambiguous", None)
    assert {item.firm_id for item in found.candidates} == twins


def test_the_property_company_of_a_firm_is_told_from_it_by_its_form() -> None:
    crowd()
    firm, landlord = make_firm("Charpentes Quatrebarbes"), make_firm("SCI Charpentes Quatrebarbes")
    assert one("CHARPENTES QUATREBARBES", city="Grenoble").firm_id == firm.pk
    assert one("SCI Charpentes Quatrebarbes", city="Grenoble").firm_id == landlord.pk


def test_an_unknown_name_is_not_found_and_says_so() -> None:
    crowd()
    found = one("Zygomatique Intergalactique", city="Grenoble")
    assert (found.state, found.firm_id, found.candidates) == ("not_found", None, ())
    assert found.reason.endswith(".")


def test_homonyms_in_two_towns_are_told_apart_by_the_town() -> None:
    crowd()
    here, there = make_firm("Le Relais Dauphinois"), make_firm("Le Relais Dauphinois", commune_code="38563")
    assert one("Relais Dauphinois", city="Voiron").firm_id == there.pk
    assert one("Relais Dauphinois", city="Grenoble").firm_id == here.pk


def test_homonyms_that_nothing_tells_apart_are_left_to_a_person() -> None:
    crowd()
    twins = {make_firm("Le Relais Dauphinois").pk, make_firm("Le Relais Dauphinois", commune_code="38563").pk}
    found = one("Relais Dauphinois")
    assert (found.state, found.firm_id) == ("ambiguous", None)
    assert {item.firm_id for item in found.candidates} == twins


def _branches(**of: dict[str, object]) -> dict[str, Firm]:
    """Establishments of one legal unit, by commune."""
    unit = siret(31_000)[:9]
    return {
        code: make_firm(
            "Messagerie Zéphyr Quatrevents Coquelicot",
            siret=f"{unit}{rank:05d}",
            siren=unit,
            commune_code=code[:5],
            **more,
        )
        for rank, (code, more) in enumerate(of.items(), 1)
    }


def test_of_one_unit_the_establishment_in_the_commune_is_taken() -> None:
    crowd()
    unit = _branches(**{"38185": {"head_office": True}, "38563": {}})
    assert one("Messagerie Zéphyr Quatrevents Coquelicot", city="Voiron").firm_id == unit["38563"].pk


def test_of_one_unit_the_head_office_is_taken_when_no_place_is_told() -> None:
    crowd()
    unit = _branches(**{"38185": {}, "38563": {"head_office": True}})
    assert one("Messagerie Zéphyr Quatrevents Coquelicot").firm_id == unit["38563"].pk


def test_of_one_unit_without_head_office_known_a_person_chooses() -> None:
    crowd()
    _branches(**{"38185": {}, "38563": {}})
    found = one("Messagerie Zéphyr Quatrevents Coquelicot")
    assert (found.state, len(found.candidates)) == ("ambiguous", 2)


def test_a_closed_establishment_yields_to_the_open_one() -> None:
    crowd()
    unit = _branches(**{"38185a": {"active": False, "head_office": True}, "38185b": {}})
    assert one("Messagerie Zéphyr Quatrevents Coquelicot", city="Grenoble").firm_id == unit["38185b"].pk


def test_a_siret_told_needs_no_name() -> None:
    firm = make_firm("Atelier du Drac")
    found = one("n'importe quoi", siret=f" {firm.siret[:9]} {firm.siret[9:]}")
    assert (found.state, found.firm_id, found.probability) == ("linked", firm.pk, 1.0)


def test_a_wrong_siret_leaves_the_name_to_speak() -> None:
    crowd()
    firm = make_firm("Baluchon Gourmand")
    assert one("Baluchon Gourmand", city="Grenoble", siret="123").firm_id == firm.pk


def test_a_masked_firm_is_linked_and_its_name_given_nowhere() -> None:
    crowd()
    firm = make_firm("Zéphyrine Quatrebarbes", diffusion=Firm.Diffusion.PARTIAL)
    found = one("ZEPHYRINE QUATREBARBES", city="Grenoble")
    assert found.firm_id == firm.pk
    assert "quatrebarbes" not in repr(found).lower()
    assert all(isinstance(value, float) for item in found.candidates for value in item.features.values())


def test_fictitious_firms_are_apart() -> None:
    make_firm("Baluchon Gourmand", fictitious=True)
    row = [Sought("Baluchon Gourmand", city="Grenoble")]
    assert link_rows(row)[0].state == "not_found"
    assert link_rows(row, fictitious=True)[0].state == "linked"


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [Sought(firm.name, city=firm.city) for firm in crowd(120)]
    straight = link_rows(rows)
    assert link_rows(rows[::-1])[::-1] == straight


def test_an_empty_name_is_not_found() -> None:
    crowd(20)
    assert one("").state == one(" - ").state == "not_found"


def test_queries_do_not_grow_with_the_rows() -> None:
    rows = [Sought(firm.name, city=firm.city) for firm in crowd(200)]
    refresh()
    with CaptureQueriesContext(
        connection,
    ) as few:
        link_rows(rows[:2])
    with CaptureQueriesContext(connection) as many:
        link_rows(rows)
    assert len(many) == len(few)


# ---------------------------------------------------------------- the names looked up follow the firms


def test_a_firm_new_renamed_or_gone_is_known_at_the_next_linking() -> None:
    crowd(150)
    assert one("Baluchon Gourmand", city="Grenoble").state == "not_found"
    firm = make_firm("Baluchon Gourmand")
    assert one("Baluchon Gourmand", city="Grenoble").firm_id == firm.pk
    Firm.objects.filter(pk=firm.pk).update(name="Cantine Alpestre", updated_at=timezone.now())
    assert one("Cantine Alpestre", city="Grenoble").firm_id == firm.pk
    assert one("Baluchon Gourmand", city="Grenoble").state == "not_found"
    firm.delete()
    assert one("Cantine Alpestre", city="Grenoble").state == "not_found"


def test_nothing_changed_costs_nothing() -> None:
    crowd(150)
    refresh()
    assert refresh() == 0


def test_taken_in_one_by_one_or_whole_the_names_are_the_same() -> None:
    crowd(150)
    refresh()
    make_firm("Baluchon Gourmand")
    refresh()
    columns = [field.name for field in LinkName._meta.concrete_fields]
    added = list(LinkName.objects.order_by("pk").values_list(*columns))
    LinkIndex.objects.all().delete()
    refresh()
    assert list(LinkName.objects.order_by("pk").values_list(*columns)) == added


def test_other_words_make_all_names_again(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(30)
    refresh()
    LinkIndex.objects.update(version="autre")
    assert refresh() == Firm.objects.count()


# ---------------------------------------------------------------- a floor under the quality


def _typo(name: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(name) - 2)
    return name[:at] + name[at + 1 :]


def test_planted_miswritings_are_linked_right_and_strangers_are_not() -> None:
    """A fixed country and fixed questions: no fewer right, no more wrong, whatever is changed in the linker."""
    firms, rng = crowd(300), random.Random(9)
    asked: list[tuple[Sought, int | None]] = []
    for firm in firms:
        asked += [
            (Sought(firm.name.upper(), city=firm.city), firm.pk),
            (Sought(_typo(firm.name, rng), city=firm.city), firm.pk),
            (Sought(f"SARL {firm.name}", postcode=firm.postcode), firm.pk),
            (Sought(" ".join(firm.name.split()[::-1]), city=firm.city), firm.pk),
        ]
    asked += [(Sought(f"{word} {rank} Lyonnais", city="Grenoble"), None) for rank, word in enumerate(_FIRST * 5)]
    found = link_rows([row for row, _ in asked])
    linked = [(result.firm_id, truth) for result, (_, truth) in zip(found, asked, strict=True) if result.firm_id]
    right = sum(firm == truth for firm, truth in linked)
    assert right / len(linked) >= 0.98
    assert right / (4 * len(firms)) >= 0.9
