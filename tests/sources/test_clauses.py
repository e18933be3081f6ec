"""Ce que le texte libre dit des heures d'insertion, des clauses et des groupements : l'explicite, rien d'autre."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.sources import clauses
from matchmaker.sources.clauses import Wording

NOTHING = Wording.of([])


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("L'engagement d'insertion représente l'équivalent de 630 heures de travail.", 630),
        ("Le titulaire réserve un minimum de 70 heures d'insertion.", 70),
        ("Nombre d'heures d'insertion minimales : 1600 hConsultation comportant", 1600),
        ("Clause d'insertion : 1 200 heures.", 1200),
        ("Clause d'insertion (250 heures, soit 120 heures en tranche ferme et 130 heures en option).", 250),
        ("Nombre d'heures d'insertion fixé à 5h par tranche de 10 000 euros.", None),
        ("Clause d'insertion : 120 heures par an.", None),
        ("Clause d'insertion. Remise des plis avant 12 h.", None),
        ("Clause d'insertion : tranche ferme : 300 heures et tranche optionnelle : 300 heures.", None),
        ("Clause d'insertion : tranche 1 : 20 heures, tranche 2 : 35 heures, tranche 3 : 16 heures.", None),
        ("Clause d'insertion : 369 heures pour la tranche ferme.", 369),
        ("35 heures par semaine d'insertion", None),
        ("100 heures d'insertion, puis 300 heures d'insertion.", None),
        ("Le chantier dure 630 heures.", None),
    ],
)
def test_les_heures_d_insertion_ne_sont_lues_que_si_un_chiffre_les_dit(text: str, hours: int | None) -> None:
    assert clauses.insertion_hours("1", "", Wording.of([text])) == hours


@pytest.mark.parametrize(("lot", "hours"), [("1", 1200), ("2", 250), ("3", None)])
def test_les_heures_se_lisent_lot_par_lot(lot: str, hours: int | None) -> None:
    wording = Wording.of(["Nombre d'heures d'insertion minimales :Lot 1:1200 hLot 2: 250 hConsultation"])
    assert clauses.insertion_hours(lot, "", wording) == hours


@pytest.mark.parametrize(("lot", "hours"), [("2", 50), ("6", 35), ("3", None), ("5", None)])
def test_les_heures_se_lisent_lot_par_lot_même_sans_espace(lot: str, hours: int | None) -> None:
    """Tel quel sur certaines plateformes : des listes dont les puces et les sauts de ligne ont disparu."""
    wording = Wording.of(
        [
            "Heures d'insertion : lot 02 - Terrassement : 50 heureslot 06 - Plâtrerie : 35 heures",
            "Clause d'insertion :Lot no 03oTranche 1 : 295 heuresoTranche 2 : 560 heuresoTranche 3 : 300 heures",
        ]
    )
    assert clauses.insertion_hours(lot, "", wording) == hours


@pytest.mark.parametrize(
    ("passage", "lot", "concerned"),
    [
        ("les lots 6 et 7 : insertion sociale", "6", True),
        ("les lots 6 et 7 : insertion sociale", "5", False),
        ("lots 1 à 4 : insertion sociale", "3", True),
        ("lot n° 03 : insertion sociale", "3", True),
        ("lot 4B : insertion sociale", "4B", True),
        ("lot 4B : insertion sociale", "4", False),
    ],
)
def test_un_passage_ne_vaut_que_pour_les_lots_qu_il_nomme(passage: str, lot: str, concerned: bool) -> None:
    assert clauses.has_social_clause(lot, "", Wording.of([passage])) is concerned


@pytest.mark.parametrize(
    ("text", "social"),
    [
        ("L'exécution comporte une clause obligatoire d'aide à l'insertion par l'activité économique.", True),
        ("Critère : performance en matière d'insertion professionnelle des publics en difficulté.", True),
        ("Clause à caractère social pour des personnes rencontrant des difficultés d'insertion.", True),
        ("Clause incitative pour l'insertion de bénéficiaires du RSA.", True),
        ("Le marché est sans clause sociale.", False),
        ("Attestation de paiement des cotisations sociales.", False),
        ("Qualité de l'insertion du bâtiment dans le site.", False),
    ],
)
def test_une_clause_sociale_est_une_demande_pas_un_mot(text: str, social: bool) -> None:
    assert clauses.has_social_clause("1", text, NOTHING) is social


@pytest.mark.parametrize(
    ("text", "green"),
    [
        ("Clauses sociales et environnementales.", True),
        ("Développement durable : 10 %", True),
        ("Espaces verts", False),
    ],
)
def test_une_clause_environnementale_est_reconnue(text: str, green: bool) -> None:
    assert clauses.has_green_clause("1", text, NOTHING) is green


@pytest.mark.parametrize(
    ("text", "exclusive"),
    [
        (
            "Il est interdit aux candidats de présenter pour le marché plusieurs offres en agissant à la fois en "
            "qualité de candidats individuels et de membres d'un ou plusieurs groupements.",
            True,
        ),
        ("La participation d'un même opérateur à plusieurs groupements est interdite.", True),
        ("Impossibilité de présenter plusieurs offres en qualité de membres de plusieurs groupements.", True),
        ("Possibilité de présenter plusieurs offres en qualité de membres de plusieurs groupements.", False),
        ("Possibilité de présenter plusieurs offres en qualité de membres de plusieurs groupements : oui", False),
        ("Possibilité de présenter plusieurs offres en qualité de membres de plusieurs groupements : Non", True),
        (
            "Possibilité de présenter plusieurs offres en qualité de candidats individuels et de membres d'un ou "
            "plusieurs groupements : NonOu en qualité de membres de plusieurs groupements : Oui",
            None,
        ),
        (
            "Individuels ou membres d'un ou plusieurs groupements : ils ne peuvent donc pas cumuler les deux qualités.",
            True,
        ),
        ("Individuels ou membres d'un groupement : ils peuvent donc cumuler les deux qualités.", False),
        ("Interdiction de présenter plusieurs offres en qualité de membres de plusieurs groupements.", True),
        ("Pas de possibilité de présenter plusieurs offres en qualité de membres de plusieurs groupements.", True),
        (
            "Les candidats peuvent présenter plusieurs offres en agissant à la fois en qualité de candidats "
            "individuels et de membres d'un ou plusieurs groupements.",
            False,
        ),
        ("Aucune forme de groupement n'est imposée.", None),
        ("Le mandataire ne peut représenter, en cette qualité, plus d'un groupement.", None),
        ("Il est interdit d'être mandataire de plusieurs groupements.", None),
        ("Un architecte n'a pas la possibilité d'être membre de plusieurs groupements.", None),
        (
            "Un candidat ne peut présenter plus de cinq candidatures en qualité de membre de plusieurs groupements.",
            None,
        ),
        ("", None),
    ],
)
def test_l_interdiction_de_candidatures_multiples_doit_être_explicite(text: str, exclusive: bool | None) -> None:
    assert clauses.exclusive_grouping(text) is exclusive


@given(st.text(max_size=300), st.text(max_size=10))
def test_aucun_texte_ne_provoque_de_panne(text: str, lot: str) -> None:
    wording = Wording.of([text])
    clauses.insertion_hours(lot, text, wording)
    clauses.has_social_clause(lot, text, wording)
    clauses.exclusive_grouping(text)
