"""A pasted list of communes: names or codes, forgivingly; what is not understood is told entry by entry."""

from __future__ import annotations

import pytest

from allotment.domain.placelist import read_places
from geo.domain.codes import search_name
from geo.domain.gazetteer import Gazetteer, KnownCommune


def commune(code: str, name: str, postcode: str, *, parent: str = "") -> KnownCommune:
    return KnownCommune(code, name, search_name(name), code[:2], 1000, (postcode,), parent, not parent, None)


@pytest.fixture(scope="module")
def known() -> Gazetteer:
    communes = [
        commune("53130", "Laval", "53000"),
        commune("53137", "Louverné", "53950"),
        commune("53208", "Saint-Berthevin", "53940"),
        commune("53034", "Bonchamp-lès-Laval", "53960"),
        commune("53245", "Sainte-Suzanne", "53270"),
        commune("25528", "Sainte-Suzanne", "25630"),
        commune("38382", "Saint-Égrève", "38120"),
        commune("35001", "Acigné", "35690"),
        commune("53097", "Évron", "53600"),
        commune("53254", "Châtres-la-Forêt", "53600", parent="53097"),
    ]
    return Gazetteer({one.code: one for one in communes}, {}, {})


@pytest.mark.parametrize(
    "entry",
    ["Laval", "laval", "  - LAVAL ", "53130", "Laval (53130)", "Laval (53)", "53130 Laval", "53000 Laval", "« Laval »"],
)
def test_a_commune_is_understood_however_it_is_written(known: Gazetteer, entry: str) -> None:
    assert read_places(entry, known).codes == ("53130",)


@pytest.mark.parametrize("separator", ["\n", "\r\n", "; ", ", ", "\t"])
def test_entries_are_parted_by_lines_commas_semicolons_or_tabs(known: Gazetteer, separator: str) -> None:
    found = read_places(separator.join(["Laval", "Louverné", "St Berthevin"]), known)
    assert found.codes == ("53130", "53137", "53208") and not found.unread


def test_a_commune_named_twice_counts_once(known: Gazetteer) -> None:
    assert read_places("Laval\n53130\nlaval", known).codes == ("53130",)


def test_a_commune_that_became_part_of_another_stands_for_it(known: Gazetteer) -> None:
    assert read_places("Châtres-la-Forêt", known).codes == ("53097",)


def test_namesakes_are_told_apart_by_the_departement_of_the_others(known: Gazetteer) -> None:
    assert read_places("Laval\nSainte-Suzanne", known).codes == ("53130", "53245")
    assert read_places("Sainte-Suzanne (25)", known).codes == ("25528",)


def test_namesakes_alone_are_not_guessed_but_both_are_named(known: Gazetteer) -> None:
    found = read_places("Sainte-Suzanne", known)
    assert not found.codes
    assert {one.code for one in found.unread[0].perhaps} == {"53245", "25528"}


def test_a_misspelt_name_is_asked_about_not_guessed(known: Gazetteer) -> None:
    (unread,) = read_places("Louvernné", known).unread
    assert unread.entry == "Louvernné"
    assert [one.code for one in unread.perhaps] == ["53137"]


def test_what_is_no_commune_is_told_and_the_rest_is_kept(known: Gazetteer) -> None:
    found = read_places("Laval\nTotal général\n99999\nAcigné", known)
    assert found.codes == ("53130", "35001")
    assert [one.entry for one in found.unread] == ["Total général", "99999"]


def test_a_code_and_a_name_that_disagree_are_not_believed(known: Gazetteer) -> None:
    assert not read_places("53130 Acigné", known).codes


def test_an_empty_list_is_empty(known: Gazetteer) -> None:
    assert read_places(" \n ; ,\n", known) == read_places("", known)
