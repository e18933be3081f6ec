"""Which column says what: told by headers, by values, or left to a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.columns import FIELDS, contacts, guess, understood

ROW = {"cp": "38000", "ville": "Grenoble", "nom": "Les Jardins du Drac"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (("Raison sociale", "Code postal", "Ville"), {"name": 0, "postcode": 1, "city": 2}),
        (("NOM DE LA STRUCTURE", "CP", "COMMUNE"), {"name": 0, "postcode": 1, "city": 2}),
        (("Adhérent", "Code Postal ", "Localité"), {"name": 0, "postcode": 1, "city": 2}),
        (("Dénomination", "cp_siege", "Ville du siège"), {"name": 0, "city": 2}),
    ],
)
def test_headers_of_networks_are_understood(headers: tuple[str, ...], expected: dict[str, int]) -> None:
    rows = [dict(zip(headers, ("Les Jardins du Drac", "38000", "Grenoble"), strict=True))]
    found = guess(headers, rows)
    assert {field: found[field] for field in expected} == {field: headers[at] for field, at in expected.items()}


def test_values_tell_what_headers_do_not() -> None:
    rows = [
        {"A": "Les Jardins du Drac", "B": "75187049400026", "C": "81.30Z", "D": "38000"},
        {"A": "Régie du Moucherotte", "B": "26700012300017", "C": "8121Z", "D": "01150"},
    ]
    found = guess("ABCD", rows)
    assert (found["naf"], found["postcode"], found["name"]) == ("C", "D", "A")


def test_a_header_that_its_values_belie_is_not_believed() -> None:
    rows = [{"Nom": "Les Jardins du Drac", "SIRET": "à demander", "APE": "entretien de jardins"}]
    assert guess(("Nom", "SIRET", "APE"), rows) == {"name": "Nom"}


def test_postcodes_that_lost_their_zero_are_still_postcodes() -> None:
    assert guess(("Nom", "CP"), [{"Nom": "ESAT de Blyes", "CP": "1150"}])["postcode"] == "CP"


@pytest.mark.parametrize(
    "header",
    ["E-mail", "Courriel", "Téléphone", "Tél.", "Portable", "Contact", "Prénom du dirigeant", "Président", "Référente"],
)
def test_columns_about_persons_are_recognised_by_their_name(header: str) -> None:
    assert contacts(("Nom", header), [{"Nom": "Les Jardins", header: ""}]) == (header,)


@pytest.mark.parametrize("value", ["contact@jardins.example", "04 76 00 00 00", "+33 6 12 34 56 78"])
def test_columns_about_persons_are_recognised_by_their_values(value: str) -> None:
    assert contacts(("Nom", "Divers"), [{"Nom": "Les Jardins", "Divers": value}]) == ("Divers",)


@pytest.mark.parametrize("header", ["Nom", "Ville", "Atelier", "Activité", "Statut", "Code postal"])
def test_other_columns_are_kept(header: str) -> None:
    assert contacts((header,), [{header: "38000"}]) == ()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"ville": "38000 Grenoble"}, {"postcode": "38000", "city": "Grenoble"}),
        ({"adresse": "3 rue Ampère, 38000 Grenoble"}, {"postcode": "38000", "city": "Grenoble"}),
        ({"adresse": "12500 route de Vif"}, {}),
    ],
)
def test_a_postcode_written_with_the_town_is_found(values: dict[str, str], expected: dict[str, str]) -> None:
    said = understood(values, {"city": "ville", "address": "adresse"})
    assert {field: said[field] for field in ("postcode", "city") if field in said} == expected


def test_what_is_empty_says_nothing() -> None:
    assert understood({"nom": " ", "cp": "38000"}, {"name": "nom", "postcode": "cp", "city": "absente"}) == {
        "postcode": "38000"
    }


@given(
    st.lists(st.text(max_size=12), unique=True, max_size=8).flatmap(
        lambda names: st.tuples(
            st.just(names), st.lists(st.fixed_dictionaries({name: st.text(max_size=15) for name in names}), max_size=5)
        )
    )
)
def test_whatever_a_list_holds_each_column_serves_once(table: tuple[list[str], list[dict[str, str]]]) -> None:
    columns, rows = table
    found = guess(columns, rows)
    assert set(found) <= set(FIELDS)
    assert set(found.values()) <= set(columns)
    assert len(set(found.values())) == len(found)
    assert set(contacts(columns, rows)) <= set(columns)
