"""Quelles publications sont d'une même procédure : par leurs noms, sinon par ce qu'elles disent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.names import meeting_points, names, references, spelled
from matchmaker.domain.notice import UNKNOWN_BUYER, Buyer, Notice, NoticeKind, Place
from matchmaker.domain.twins import Card, likeness, procedures
from tests.domain.made_notices import call, lot

FOLDER = "240d1ad9-0000-4000-8000-000000000001"


def sorted_out(*notices: Notice) -> list[list[str]]:
    """Groups of numbers, whatever the order."""
    by_key = {f"{n.source}:{n.id}": n for n in notices}

    def card(key: str, n: Notice) -> Card:
        return Card(key, n.source, n.kind, names(n), references(n), meeting_points(n), n.buyer)

    found = {
        str(procedures([card(*item) for item in order], lambda a, b: likeness(by_key[a], by_key[b])))
        for order in permutations(by_key.items())
    }
    assert len(found) == 1
    return procedures([card(*item) for item in by_key.items()], lambda a, b: likeness(by_key[a], by_key[b]))


@pytest.mark.parametrize(
    ("published", "name"),
    [
        ("ted-oj:2018/S 012-023456", "ted:23456-2018"),
        ("ted:023456-2018", "ted:23456-2018"),
        ("eforms:240D1AD9-0000-4000-8000-000000000001-02", f"eforms:{FOLDER}"),
        ("boamp:17-29167", "boamp:17-29167"),
    ],
)
def test_un_nom_s_écrit_d_une_seule_façon(published: str, name: str) -> None:
    assert spelled(published) == name


def test_le_dossier_commun_réunit_les_avis_d_un_acheteur() -> None:
    one, other = (call("eforms", number, procedure_id=FOLDER) for number in "ab")
    assert len(sorted_out(one, other)) == 1


def test_le_dossier_d_un_autre_acheteur_ne_réunit_rien() -> None:
    """Des logiciels donnent le même numéro de dossier à tous leurs avis."""
    one, other = call(procedure_id=FOLDER), call("eforms", "b", procedure_id=FOLDER, buyer=Buyer("Autre ville"))
    assert len(sorted_out(one, other)) == 2


def test_l_attribution_rejoint_l_appel_qu_elle_cite() -> None:
    award = call("ted", "000456-2026", kind=NoticeKind.AWARD, procedure_id="000123-2026")
    assert len(sorted_out(call("ted", "000123-2026"), award)) == 1


def test_deux_attributions_d_un_appel_absent_sont_d_un_même_marché() -> None:
    first, second = (
        call("ted", number, kind=NoticeKind.AWARD, procedure_id="000123-2026") for number in ("4-2026", "5-2026")
    )
    assert len(sorted_out(first, second)) == 1


def test_la_préinformation_rejoint_le_seul_appel_qui_la_cite() -> None:
    prior = call("ted", "1-2026", kind=NoticeKind.PRIOR_INFORMATION)
    one, other = (call("ted", number, refers_to=("ted:1-2026",)) for number in ("2-2026", "3-2026"))
    assert len(sorted_out(prior, one)) == 1
    assert len(sorted_out(prior, one, other)) == 3


REZE = Buyer("Ville de Rezé", "21440143200017")


@pytest.mark.parametrize("kind", [NoticeKind.AWARD, NoticeKind.CONTRACT, NoticeKind.CORRECTION])
def test_un_numéro_mal_recopié_ne_mêle_pas_les_marchés_de_deux_acheteurs(kind: NoticeKind) -> None:
    wrong = call("ted", "3-2026", kind=kind, buyer=REZE, refers_to=("ted:1-2026",))
    assert len(sorted_out(call("ted", "1-2026"), wrong)) == 2


def test_un_numéro_absent_ne_réunit_pas_les_attributions_de_deux_acheteurs() -> None:
    ours = call("ted", "4-2026", kind=NoticeKind.AWARD, refers_to=("ted:1-2026",))
    theirs = call("ted", "5-2026", kind=NoticeKind.AWARD, refers_to=("ted:1-2026",), buyer=REZE)
    assert len(sorted_out(ours, theirs)) == 2


def test_la_préinformation_d_un_autre_acheteur_n_est_pas_la_nôtre() -> None:
    prior = call("ted", "1-2026", kind=NoticeKind.PRIOR_INFORMATION)
    ours, theirs = (
        call("ted", number, refers_to=("ted:1-2026",), buyer=buyer)
        for number, buyer in (("2-2026", prior.buyer), ("3-2026", REZE))
    )
    assert sorted(map(len, sorted_out(prior, ours, theirs))) == [1, 2]


@pytest.mark.parametrize(
    "buyer",
    [
        Buyer("Commune nouvelle", "21440109300999"),
        Buyer("VILLE DE NANTES"),
        Buyer("Groupement de commandes Nantes Métropole", "24440040400129"),
        Buyer(UNKNOWN_BUYER),
    ],
    ids=["même SIREN", "même nom", "groupement", "acheteur non précisé"],
)
def test_l_attribution_d_un_acheteur_renommé_ou_groupé_rejoint_son_appel(buyer: Buyer) -> None:
    award = call("ted", "3-2026", kind=NoticeKind.AWARD, buyer=buyer, refers_to=("ted:1-2026",))
    assert len(sorted_out(call("ted", "1-2026"), award)) == 1


def test_une_attribution_qui_cite_deux_appels_étrangers_reste_seule() -> None:
    one, other = call("ted", "1-2026"), call("ted", "2-2026", title="Réfection du gymnase")
    award = call("ted", "3-2026", kind=NoticeKind.AWARD, refers_to=("ted:1-2026", "ted:2-2026"))
    assert len(sorted_out(one, other, award)) == 3


def test_une_attribution_qui_cite_un_appel_et_sa_correction_ou_son_jumeau_les_rejoint() -> None:
    correction = call("ted", "2-2026", kind=NoticeKind.CORRECTION, refers_to=("ted:1-2026",))
    for other in (correction, call("boamp", "26-2")):
        cited = ("ted:1-2026", f"{other.source}:{other.id}")
        award = call("ted", "3-2026", kind=NoticeKind.AWARD, refers_to=cited)
        assert len(sorted_out(call("ted", "1-2026"), other, award)) == 1


def test_un_avis_du_boamp_et_un_avis_européen_au_même_contenu_sont_jumeaux() -> None:
    national = call("boamp", "26-1", title="ENTRETIEN des espaces verts, communaux")
    assert likeness(call("ted"), national) == 100
    assert len(sorted_out(call("ted"), national)) == 1


@pytest.mark.parametrize(
    "other",
    [
        call("ted", "b"),
        call("boamp", "b", buyer=Buyer("Ville de Rezé")),
        call("boamp", "b", lot(deadline=datetime(2026, 3, 3, 12, tzinfo=UTC))),
        call("boamp", "b", lot(deadline=None)),
        call("boamp", "b", title="Réfection de la toiture du gymnase"),
        call("boamp", "b", published_on=date(2025, 11, 1)),
    ],
    ids=["même source", "autre acheteur", "autre jour", "sans date limite", "autre objet", "trois mois avant"],
)
def test_ce_qui_n_est_pas_jumeau(other: Notice) -> None:
    assert likeness(call("ted"), other) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rénovation de l'école Jules Ferry", "Rénovation de l'école Victor Hugo"),
        ("Denrées alimentaires pour la restauration, lot 1", "Denrées alimentaires pour la restauration, lot 2"),
        ("Travaux de voirie 2026, secteur nord", "Travaux de voirie 2026, secteur sud"),
    ],
)
def test_deux_marchés_voisins_d_un_acheteur_ne_sont_pas_jumeaux(one: str, other: str) -> None:
    """Même acheteur, même jour, mêmes codes : chaque titre a un mot que l'autre n'a pas."""
    assert len(sorted_out(call("ted", title=one), call("boamp", "b", title=other))) == 2


def test_une_faute_ou_une_précision_ne_sépare_pas_deux_jumeaux() -> None:
    title = "Marché de nettoyage des écoles"
    for other in ("Marché de netoyage des écoles", "Marché de nettoyage des écoles (24S0012)"):
        assert len(sorted_out(call("ted", title=title), call("boamp", "b", title=other))) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Buyer("Saint-Martin", "21590350100017"), Buyer("Saint-Martin", "21130055300016")),
        (Buyer("Saint-Martin", place=Place(postcode="59000")), Buyer("Saint-Martin", place=Place(postcode="13000"))),
        (Buyer(UNKNOWN_BUYER), Buyer(UNKNOWN_BUYER)),
    ],
    ids=["autre SIREN", "autre département", "acheteur non précisé"],
)
def test_des_acheteurs_de_même_nom_ne_sont_pas_toujours_le_même(one: Buyer, other: Buyer) -> None:
    assert len(sorted_out(call("ted", buyer=one), call("boamp", "b", buyer=other))) == 2


def test_un_titre_moins_proche_suffit_quand_les_codes_des_lots_sont_les_mêmes() -> None:
    near = "Entretien d'espaces verts de la commune"
    assert likeness(call("ted"), call("boamp", "b", title=near)) > 0
    assert likeness(call("ted"), call("boamp", "b", lot(cpvs=("45000000",)), title=near)) == 0


def test_un_appel_n_a_qu_un_jumeau_par_source() -> None:
    """Deux avis du BOAMP, un seul européen : le plus ressemblant est le jumeau."""
    near = call("boamp", "26-1", title="Entretien des espaces verts communaux (lot unique)")
    same = call("boamp", "26-2")
    assert sorted_out(call("ted"), near, same) == [["boamp:26-1"], ["boamp:26-2", "ted:a"]]


_cards = st.lists(
    st.builds(
        Card,
        key=st.integers(0, 99).map(str),
        source=st.sampled_from(["ted", "boamp"]),
        kind=st.sampled_from(NoticeKind),
        names=st.frozensets(st.sampled_from("abcde"), max_size=2),
        refers=st.frozensets(st.sampled_from("abcde"), max_size=2),
        meets=st.frozensets(st.sampled_from("xyz"), max_size=1),
        buyer=st.sampled_from([None, Buyer("Ville de Nantes"), Buyer("Ville de Rezé"), Buyer(UNKNOWN_BUYER)]),
    ),
    max_size=5,
    unique_by=lambda card: card.key,
)


@given(_cards)
def test_l_ordre_des_publications_ne_change_pas_les_procédures(cards: list[Card]) -> None:
    def alike(one: str, other: str) -> float:
        return float((int(one) + int(other)) % 3)

    assert len({str(procedures(order, alike)) for order in permutations(cards)}) == 1
