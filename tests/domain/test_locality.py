"""S5: locality is never a condition nor a criterion, in any text that is generated."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from allotment.domain.locality import asks_for_local
from allotment.domain.texts import Clause, Library, TextError, generated, read_texts
from matchmaker.domain.reference import Reference

TABLE = Path(__file__).parents[2] / "allotment" / "reference_data" / "clause_texts.csv"
BLANKS = {"hours": "1 600", "fte": "0,33", "people": "1 à 2", "months": "36"}


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def library() -> Library:
    return read_texts(rows())


@pytest.mark.parametrize(
    "text",
    [
        "Le marché est réservé aux entreprises locales.",
        "Une note est donnée à la proximité géographique.",
        "Le siège du candidat est situé dans le département.",
        "Priorité aux producteurs du territoire",
        "Distance entre le siège de l'entreprise et le chantier (10 points)",
        "Le titulaire est implanté dans la commune.",
        "fournisseurs situés à moins de 30 km",
        "Dans un rayon de 50 kilomètres",
        "Le titulaire emploie de la main-d’œuvre locale.",
        "Intervention par une équipe basée à moins de 30 minutes",
        "Ancrage territorial du candidat",
        "Approvisionnements locaux",
        "Un prestataire de proximité",
        "Le titulaire dispose d'une agence dans le département.",
        "Le candidat est présent sur le territoire.",
        "Des personnes résidant dans la commune",
        "Recrutements locaux",
        "Une équipe basée en Isère",
        "Entreprises implantées localement",
        "Nombre de kilomètres parcourus",
        "Preference is given to local suppliers.",
    ],
)
def test_wordings_that_make_a_place_a_criterion_are_found(text: str) -> None:
    assert asks_for_local(text)


@pytest.mark.parametrize(
    "text",
    [
        "Nettoyage des locaux de l'entreprise publique et de ses vestiaires",
        "Le titulaire se rapproche de la mission locale.",
        "Aucune condition de résidence n'est posée.",
        "Le délai d'intervention est de deux heures.",
        "Les travaux sont réalisés dans la commune de Voiron.",
        "Les habitants des quartiers prioritaires de la politique de la ville",
        "Le titulaire présente au facilitateur la façon dont il atteindra cet objectif.",
        "Le personnel se rend sur les sites de la collectivité.",
        "Les équipes interviennent dans les écoles de la commune.",
        "Le titulaire tient un registre sur le chantier.",
        "Le titulaire dispose d'un plan de prévention dans chaque local technique.",
        "Les échantillons sont gardés par le titulaire dans ses locaux.",
        "Le choix des candidats s'effectuera sur la base de leurs références.",
        "Le contrat est passé avec la société publique locale d'aménagement.",
        "Cyclologistique et tournées optimisées",
    ],
)
def test_ordinary_wordings_are_left_alone(text: str) -> None:
    assert asks_for_local(text) == ()


@pytest.mark.parametrize("clause", Clause)
def test_no_generated_text_asks_for_local_whatever_the_trade(
    clause: Clause, library: Library, reference: Reference
) -> None:
    for trade in reference.trades:
        text = generated(library, clause, [trade], BLANKS)
        assert asks_for_local(text) == ()
        assert "$" not in text


def test_a_lot_of_two_families_gets_both_texts_largest_first(library: Library) -> None:
    text = generated(library, Clause.ENVIRONMENT, ["T04", "T01"], BLANKS)
    assert text.index("phytopharmaceutique") < text.index("écolabel")
    assert text.count("\n\n") == 1


def test_two_trades_of_one_family_get_its_text_once(library: Library) -> None:
    assert generated(library, Clause.ENVIRONMENT, ["T01", "T02"], BLANKS) == generated(
        library, Clause.ENVIRONMENT, ["T01"], BLANKS
    )


def test_a_trade_without_text_of_its_own_gets_the_general_one(library: Library) -> None:
    assert "déplacements groupés" in generated(library, Clause.ENVIRONMENT, ["T43"], BLANKS)


def test_the_social_clause_tells_its_hours_its_people_and_its_tasks(library: Library) -> None:
    text = generated(library, Clause.SOCIAL, ["T04"], BLANKS)
    assert all(told in text for told in ("1 600 heures", "0,33 équivalent", "1 à 2 personne", "36 mois", "tonte"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Réservé aux entreprises locales.", "critère ou une condition"),
        ("Au moins $heures heures", "blanc inconnu"),
        ("", "vide"),
    ],
)
def test_an_edited_text_that_is_unlawful_or_broken_is_refused(text: str, said: str) -> None:
    table = rows()
    table[0]["text"] = text
    with pytest.raises(TextError, match=said):
        read_texts(table)


def test_every_piece_has_its_general_text() -> None:
    with pytest.raises(TextError, match=r"criterion\.general"):
        read_texts([row for row in rows() if row["key"] != "criterion.general"])
