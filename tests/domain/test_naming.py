"""Names of organisations reduced to what tells them apart."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.blocking import sigles_of
from matchmaker.domain.naming import Lexicon, lexicon, plain, understood, variants

TABLE = Path(__file__).parents[2] / "matchmaker" / "reference_data" / "name_lexicon.csv"


def _shipped() -> Lexicon:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return lexicon(csv.DictReader(file))


WORDS = _shipped()
_SPOKEN = sorted({*WORDS.words, *WORDS.forms, *WORDS.noise, *" ".join(WORDS.phrases).split(), "dupont", "a", "b", "3"})
names = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(_SPOKEN), max_size=7).map(" ".join))


def core(text: str) -> str:
    return understood(text, WORDS).core


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SARL DUPONT", "Dupont"),
        ("Société à responsabilité limitée Dupont", "DUPONT SARL"),
        ("ASSOC LES AMIS DU VAL", "Association « Les amis du Val »"),
        ("Les Ateliers de la Brenne", "ATELIER BRENNE"),
        ("A.D.M.R.", "Aide à domicile en milieu rural"),
        ("A D M R", "ADMR"),
        ("C.A.T. du Moulin", "ESAT du Moulin"),
        ("Centre d'aide par le travail du Moulin", "Établissement et service d'aide par le travail du Moulin"),
        ("FOYER ST JOSEPH", "Foyer Saint-Joseph"),
        ("Ets Muller & Cie", "ETABLISSEMENTS MULLER ET COMPAGNIE"),
        ("B C BATIMENT", "BC BATIMENT"),
        ("Soci\ufffdt\ufffd d'Am\ufffdnagement", "Société d'aménagement"),
        ("COMMUNAUTE DE COM DU PAYS DE STENAY", "CC du Pays de Stenay"),
        ("Mairie de Marignane", "COMMUNE DE MARIGNANE"),
        ("Entreprise Métal Insertion", "ENTREPRISE METAL INSERTION"),
    ],
)
def test_two_writings_of_one_name_reduce_alike(one: str, other: str) -> None:
    assert core(one) == core(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("AGIR 36", "AGIR 18"), ("Dupont Bâtiment", "Dupont Transports"), ("STE GENERALE", "SAINTE ANNE")],
)
def test_what_tells_two_apart_is_kept(one: str, other: str) -> None:
    assert core(one) != core(other)


def test_the_legal_form_is_read_apart_from_the_name() -> None:
    read = understood("SCOP Les Charpentiers du Drac", WORDS)
    assert (read.tokens, read.form) == (("charpentier", "drac"), "cooperative")


def test_a_name_of_nothing_but_common_words_keeps_them() -> None:
    assert core("La Maison") == "la maison"


def test_brackets_hold_another_name() -> None:
    assert variants("ELEC ET COMPAGNIE (DURET SERVICES)") == ("ELEC ET COMPAGNIE", "DURET SERVICES")
    assert variants("Sparkling Tech (nom commercial Kanope") == ("Sparkling Tech", "nom commercial Kanope")


def test_a_name_offers_the_sigle_it_is_known_by() -> None:
    assert "utb" in sigles_of([understood("UNION TECHNIQUE DU BATIMENT", WORDS)])
    assert sigles_of([understood("U.T.B.", WORDS)]) == ("utb",)


@given(names)
def test_reducing_again_changes_nothing(text: str) -> None:
    once = understood(text, WORDS)
    assert understood(once.core, WORDS).tokens == once.tokens


@given(names)
def test_capitals_never_matter(text: str) -> None:
    if text.upper().lower() == text.lower():  # "ß" and a few others do not come back
        assert plain(text.upper()) == plain(text)


def test_the_shipped_table_says_each_thing_once() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [(row["kind"], row["written"]) for row in csv.DictReader(file)]
    assert len(rows) == len(set(rows))
    assert {kind for kind, _ in rows} == {"word", "form", "noise", "phrase"}
