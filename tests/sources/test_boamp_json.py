"""Les enregistrements de l'API du BOAMP : une fiche à plat, un corps en JSON dans un texte, sous quatre formes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from matchmaker.domain.notice import AwardOutcome, Buyer, NoticeKind, Place, Reservation
from matchmaker.sources import boamp_terms, fields
from matchmaker.sources.boamp_changes import new_deadline
from matchmaker.sources.boamp_json import parse_record
from matchmaker.sources.fields import PARIS
from matchmaker.sources.json_trees import tree
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import NoticeError, local_name, parse_xml
from tests.sources.boamp_data import as_json, fnsimple, mapa, parsed, record
from tests.sources.notice_data import REAL, WRITTEN, documents, needs_real_notices, raw

NOON = datetime(2026, 12, 18, 12, 0, tzinfo=PARIS)


# ---------------------------------------------------------------- FNSimple


def test_un_avis_national_de_deux_lots() -> None:
    notice = parsed()
    assert (notice.source, notice.id, notice.kind) == ("boamp", "26-100001", NoticeKind.CONTRACT)
    assert (notice.title, notice.procedure, notice.nature) == ("Entretien des espaces verts", "mapa", "services")
    assert notice.description == "Tonte et taille sur l'ensemble de la commune."
    assert notice.buyer == Buyer("Commune de Fictive-sur-Isère", "35600000000048", Place("", "38000", "GRENOBLE", "FR"))
    assert notice.published_on == date(2026, 11, 20)
    parks, trees = notice.lots
    assert (parks.id, parks.title, parks.cpvs) == ("1", "Parcs", ("77313000",))
    assert (parks.amount_eur, parks.duration_months, parks.deadline) == (60_000, 24, NOON)
    assert (parks.insertion_hours, parks.social) == (150, ("clause",))
    assert parks.places == (Place("", "38000", "Grenoble", "FR"),)
    assert parks.documents_url == "https://profil.example.org/2026-EV"
    assert (trees.id, trees.title, trees.cpvs, trees.amount_eur) == ("2", "Élagage", ("77340000",), None)
    assert (trees.insertion_hours, trees.social) == (None, ())


def test_aucun_contact_n_est_gardé() -> None:
    for notice in (parsed(), parsed(mapa())):
        told = repr(notice)
        assert "Camille" not in told
        assert "0476000000" not in told
        assert "@" not in told


def test_un_seul_lot_vaut_une_liste_d_un_lot() -> None:
    lot = {"description": "3 - Serrurerie", "codeCPV": {"objetPrincipal": {"classPrincipale": "45421148"}}}
    [alone] = parsed(fnsimple(lots={"lot": lot})).lots
    assert (alone.id, alone.title, alone.cpvs) == ("3", "Serrurerie", ("45421148",))


def test_sans_lot_l_avis_est_un_lot_et_porte_son_montant() -> None:
    content = fnsimple(lots=None)
    content["FNSimple"]["initial"]["natureMarche"]["valeurEstimee"] = {"valeur": 160000, "@devise": "EUR"}
    [lot] = parsed(content).lots
    assert (lot.id, lot.title, lot.amount_eur, lot.cpvs) == ("1", "Entretien des espaces verts", 160_000, ("77310000",))


def test_une_fourchette_donne_son_haut() -> None:
    content = fnsimple(lots=None)
    span = {"fourchette": {"valeurBasse": "10000", "valeurHaute": "40 000,00"}}
    content["FNSimple"]["initial"]["natureMarche"]["valeurEstimee"] = span
    assert parsed(content).lots[0].amount_eur == 40_000


@pytest.mark.parametrize(
    ("flag", "reservation"),
    [
        ({}, Reservation.NONE),
        ({"marcheReserve": "non"}, Reservation.NONE),
        ({"marcheReserveO": ""}, Reservation.EA_ESAT_SIAE),
        ({"marcheReserve": {"ateliers": "entreprises adaptées et ESAT"}}, Reservation.EA_ESAT),
        ({"marcheReserve": "structures d'insertion par l'activité économique"}, Reservation.SIAE),
    ],
)
def test_une_réservation_se_lit_sous_ses_formes(flag: dict[str, Any], reservation: Reservation) -> None:
    procedure = {"dateReceptionOffres": "2026-12-18T12:00:00"} | flag
    assert parsed(fnsimple(procedure=procedure)).lots[0].reservation is reservation


# ---------------------------------------------------------------- MAPA, DSP, DIVERS, ancien schéma


def test_un_mapa_n_a_ni_cpv_ni_lot() -> None:
    notice = parsed(mapa(), descripteur_libelle=["Nettoyage de locaux"])
    assert (notice.title, notice.procedure, notice.buyer.name) == ("Nettoyage des écoles", "mapa", "Commune de Fictive")
    [lot] = notice.lots
    assert (lot.title, lot.description) == ("Nettoyage des écoles", "Nettoyage quotidien de trois écoles.")
    assert (lot.cpvs, lot.duration_months) == (("90910000",), 18)
    assert lot.deadline == datetime.fromisoformat("2026-12-01T12:00:00+01:00")
    assert lot.places == (Place("FRK24", country="FR"),)
    assert "Lieu d'exécution non publié : le département de l'annonce est retenu." in notice.warnings


def test_une_délégation_de_service_public_a_son_titre_et_son_cpv() -> None:
    content = {
        "DSP": {
            "organisme": {"denomination": "Syndicat fictif"},
            "initial": {
                "descriptionMarche": {
                    "titreMarche": "Gestion du camping",
                    "description": "Affermage.",
                    "CPV": {"objetPrincipal": {"classPrincipale": "55220000"}},
                }
            },
        }
    }
    notice = parsed(content)
    assert (notice.title, notice.buyer.name) == ("Gestion du camping", "Syndicat fictif")
    assert (notice.lots[0].cpvs, notice.lots[0].description) == (("55220000",), "Affermage.")


def test_un_avis_divers_et_un_corps_vide_tiennent_leur_contenu_de_la_fiche() -> None:
    for content in ({"DIVERS": {"initial": {"texte": "Avis"}}}, {}):
        notice = parsed(content)
        assert (notice.title, notice.buyer.name) == ("Entretien des espaces verts de la commune", "Commune de Fictive")
        [lot] = notice.lots
        assert lot.deadline == datetime(2026, 12, 18, 11, 0, tzinfo=UTC)


def test_un_avis_de_l_ancien_schéma_se_lit_comme_son_xml() -> None:
    content = {
        "IDENTITE": {"DENOMINATION": "Ville fictive", "CP": "38000", "VILLE": "Grenoble", "TEL": "0476000000"},
        "OBJET": {
            "TYPE_MARCHE": {"TRAVAUX": ""},
            "OBJET_COMPLET": "Peinture de l&#039;école",
            "CPV": [{"PRINCIPAL": "45442100"}, {"PRINCIPAL": "45000000"}],
            "LOTS": {"LOT": {"NUM": "1", "INTITULE": "Peinture", "VALEUR": {"@DEVISE": "EUR", "#text": "12000"}}},
        },
        "CONDITION_DELAI": {"RECEPT_OFFRES": "2026-12-18T12:00:00+01:00"},
    }
    notice = parsed(content)
    assert (notice.title, notice.nature, notice.buyer.name) == ("Peinture de l'école", "works", "Ville fictive")
    [lot] = notice.lots
    assert (lot.cpvs, lot.amount_eur, lot.deadline) == (("45442100", "45000000"), 12_000, NOON)


# ---------------------------------------------------------------- la fiche


def test_les_liens_vont_aux_avis_nommés_et_les_dates_n_en_sont_pas() -> None:
    earlier = {
        "ANNONCE_ANTERIEUR": {
            "REFERENCE": {"IDWEB": "26-90000"},
            "REFERENCE_PUBLICATION": [
                {"PUBLICATION_ELECTRONIQUE": {"DATE_PUBLICATION": "2026-10-15"}},
                {"PUBLICATION_JOUE": {"ANNEE": "2026", "NUM_PARUTION": "7", "NUM_ANNONCE": "12345"}},
            ],
        }
    }
    notice = parsed(annonce_lie=["26-80000"], annonces_anterieures=json.dumps(earlier), contractfolderid="dossier-1")
    assert notice.refers_to == ("boamp:26-80000", "boamp:26-90000", "ted-oj:2026/S 007-012345")
    assert notice.procedure_id == "dossier-1"
    assert notice.aliases == ("boamp:26-100001",)


@pytest.mark.parametrize(
    ("card", "kind", "cancelled"),
    [
        ({"nature": "APPEL_OFFRE"}, NoticeKind.CONTRACT, False),
        ({"nature": "APPEL_OFFRE", "sousnature": "QUALIFICATION"}, NoticeKind.OTHER, False),
        ({"nature": "PRE-INFORMATION"}, NoticeKind.PRIOR_INFORMATION, False),
        ({"nature": "ATTRIBUTION"}, NoticeKind.AWARD, False),
        ({"nature": "INTENTION_CONCLURE"}, NoticeKind.AWARD, False),
        ({"nature": "MODIFICATION"}, NoticeKind.MODIFICATION, False),
        ({"nature": "RECTIFICATIF"}, NoticeKind.CORRECTION, False),
        ({"nature": "ANNULATION"}, NoticeKind.CORRECTION, True),
        ({"nature": "APPEL_OFFRE", "etat": "AVIS_ANNULE"}, NoticeKind.CONTRACT, True),
        ({"nature": None, "nature_categorise": "appeloffre/standard"}, NoticeKind.CONTRACT, False),
        ({"nature": None, "nature_libelle": "Résultat de marché"}, NoticeKind.AWARD, False),
        ({"nature": "INCONNUE", "nature_libelle": None}, NoticeKind.OTHER, False),
    ],
)
def test_la_nature_de_l_avis(card: dict[str, Any], kind: NoticeKind, cancelled: bool) -> None:
    notice = parsed({}, **card)
    assert (notice.kind, notice.cancelled) == (kind, cancelled)


def test_les_critères_sociaux_et_environnementaux_de_la_fiche_valent_clause() -> None:
    [lot] = parsed({}, criteres=["sociaux", "environnementaux"]).lots
    assert (lot.social, lot.green) == (("clause",), ("clause",))


def test_les_enveloppes_des_versions_précédentes_de_l_api_se_lisent() -> None:
    flat = record()
    for wrapped in ({"fields": flat}, {"record": {"id": "x", "fields": flat}}):
        assert parse_record(wrapped) == parse_record(flat)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"donnees": '{"FNSimple": {'}, "donnees_illisibles"), ({"idweb": ""}, "sans_numero")],
)
def test_un_enregistrement_abîmé_est_refusé_avec_sa_raison(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(NoticeError) as caught:
        parse_record(record() | changes)
    assert caught.value.reason_code == reason


@pytest.mark.parametrize("content", ['{"a": 1}', "[1]", "[]", '{"idweb"', "{" * 5000])
def test_un_json_qui_n_est_pas_un_avis_est_refusé(content: str) -> None:
    with pytest.raises(NoticeError):
        parse_notice(raw(content))


# ---------------------------------------------------------------- attributions et rectificatifs


def test_une_attribution_nationale_dit_qui_a_quel_lot() -> None:
    decisions = [
        {
            "numLot": "1",
            "intitule": "Parcs",
            "titulaire": {"denomination": "Vert Fictif", "cp": "38100", "ville": "Grenoble"},
            "renseignement": {"montant": {"@devise": "EUR", "#text": "54000"}, "nbOffreRecu": "3"},
        },
        {"numLot": "2", "intitule": "Élagage", "infructueux": ""},
    ]
    notice = parsed(fnsimple("attribution", lots=None, decision=decisions), nature="ATTRIBUTION")
    assert [(lot.id, lot.title, lot.amount_eur) for lot in notice.lots] == [
        ("1", "Parcs", 54_000),
        ("2", "Élagage", None),
    ]
    won, lost = notice.awards
    assert (won.winners[0].name, won.winners[0].place.postcode, won.offers) == ("Vert Fictif", "38100", 3)
    assert (lost.outcome, lost.lot_ids) == (AwardOutcome.UNSUCCESSFUL, ("2",))
    assert notice.lots[0].deadline is None


def test_des_titulaires_que_seule_la_fiche_nomme_ne_disent_pas_leur_lot() -> None:
    notice = parsed(fnsimple("attribution"), nature="ATTRIBUTION", titulaire=["Vert Fictif", "Taille Fictive"])
    [award] = notice.awards
    assert [winner.name for winner in award.winners] == ["Vert Fictif", "Taille Fictive"]
    assert (award.lot_ids, award.group) == ((), False)


def test_un_rectificatif_structuré_donne_la_nouvelle_date_limite() -> None:
    told = {
        "delai": {
            "rubDelais": "ReceptionOffres",
            "auLieuDeDate": "2026-12-18T12:00:00",
            "lireDate": "2027-01-08T12:00:00",
        }
    }
    notice = parsed(fnsimple("rectificatif", infosRectif=told), nature="RECTIFICATIF", annonce_lie=["26-90000"])
    assert (notice.kind, notice.refers_to) == (NoticeKind.CORRECTION, ("boamp:26-90000",))
    deadline = notice.changes[0]
    assert (deadline.field, deadline.new) == ("deadline", "2027-01-08T12:00:00+01:00")
    assert deadline.old == "2026-12-18T12:00:00+01:00"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "Date limite de remise des offres : Au lieu de 06/11/2026 à 12h00, lire 13/11/2026 à 12h00",
            "2026-11-13 12:00",
        ),
        ("La date limite de réception des plis est reportée au jeudi 15 octobre 2026 à 14 heures", "2026-10-15 14:00"),
        ("Remise des offres : nouvelle date : 6/10/2026 à 12h30", "2026-10-06 12:30"),
        ("La date limite est repoussée au 1er février 2027", "2027-02-01 23:59"),
        ("Date limite de remise des offres : au lieu de lire 30/09/2026 à 12h00", None),
        ("La date limite de demande de renseignements complémentaires est reportée au 03/10/2026 à 12h00", None),
        ("La visite est reportée au 3 octobre 2026 à 10h00", None),
        ("Date limite de remise des offres initialement fixée au 30/09/2026 à 12h00", None),
        ("Date limite des offres reportée au 3/10/2026 à 12 heures locales", None),
        ("Date limite de remise des offres : lire 32/13/2026 à 12h00", None),
        ("", None),
    ],
)
def test_seule_une_nouvelle_date_limite_dite_sans_détour_est_lue(words: str, expected: str | None) -> None:
    found = new_deadline(words)
    assert (f"{found:%Y-%m-%d %H:%M}" if found else None) == expected


# ---------------------------------------------------------------- EFORMS : un seul lecteur pour le XML et le JSON


def assert_reads_alike(content: bytes) -> None:
    root = parse_xml(content)
    published = parse_notice(raw(content))
    data = {"EFORMS": {local_name(root): as_json(root)}}
    flat = {"idweb": "26-7", "nomacheteur": "x", "donnees": json.dumps(data, ensure_ascii=False)}
    notice = parse_record(flat)
    assert notice.aliases[:2] == ("boamp:26-7", f"eforms:{published.id}")
    same = {"source", "id", "version", "url", "aliases", "refers_to", "procedure_id"}
    expected = replace(published, **{name: getattr(notice, name) for name in same})
    assert notice == expected
    assert notice.procedure_id == published.procedure_id
    assert set(published.refers_to) <= set(notice.refers_to)


def test_un_avis_eforms_en_json_se_lit_comme_son_xml() -> None:
    assert_reads_alike((WRITTEN / "eforms_16_deux_lots.xml").read_bytes())


@needs_real_notices
@pytest.mark.parametrize("folder", ["eforms_real", "eforms_converted", "eforms_sdk_examples"])
def test_tous_les_avis_eforms_en_json_se_lisent_comme_leur_xml(folder: str) -> None:
    assert (REAL / folder).is_dir()
    for document in documents(folder):
        assert_reads_alike(document.content)


# ---------------------------------------------------------------- rien ne casse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-18T12:00:00", "2026-12-18T12:00:00+01:00"),
        ("2026-12-18T12:00:00.000+02:00", "2026-12-18T12:00:00+02:00"),
        ("2026-12-18T11:00:00Z", "2026-12-18T11:00:00+00:00"),
        ("2026-12-18", "2026-12-18T23:59:00+01:00"),
        ("18/12/2026 à 12h30", "2026-12-18T12:30:00+01:00"),
        ("1614596400000", "2021-03-01T12:00:00+01:00"),
        ("bientôt", None),
    ],
)
def test_les_dates_se_lisent_sous_leurs_formes(text: str, expected: str | None) -> None:
    found = boamp_terms.moment(text, "Ensemble de l'avis", [])
    assert (found.isoformat() if found else None) == expected


@pytest.mark.parametrize(("code", "expected"), [("6", "06"), ("20A", "2A"), ("2B", "2B"), ("974", "974"), ("38", "38")])
def test_un_département_s_écrit_de_plusieurs_façons(code: str, expected: str) -> None:
    assert boamp_terms.departement(code) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["organisme", "initial", "attribution", "decision", "titulaire", "lots", "lot", "codeCPV", "objetPrincipal",
             "classPrincipale", "valeurEstimee", "valeur", "@devise", "#text", "infosRectif", "lireDate", "rubDelais",
             "natureMarche", "lieuExecution", "dureeMois", "OBJET", "LOTS", "IDENTITE", "", "é è", "@", "1"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None)
@given(st.sampled_from(["FNSimple", "MAPA", "DSP", "DIVERS", "EFORMS", "IDENTITE", "RECTIF"]), JSON, JSON)
def test_aucun_enregistrement_ne_provoque_de_panne(root: str, body: Any, field: Any) -> None:
    names = ("objet", "titulaire", "annonce_lie", "annonces_anterieures", "datelimitereponse", "criteres", "nature")
    for flat in (record(data={root: body}), record() | dict.fromkeys(names, field)):
        try:
            notice = parse_record(flat)
        except NoticeError as refused:
            assert refused.message.endswith(".")
        else:
            assert notice.lots
            assert notice.title


@given(JSON)
def test_tout_json_devient_un_arbre(value: Any) -> None:
    assert etree.fromstring(etree.tostring(tree("racine", value))) is not None


def test_un_mot_sans_fin_se_lit_sans_attendre() -> None:
    """Chercher les courriels depuis chaque lettre d'un mot de 200 000 prenait plus d'une minute."""
    start = perf_counter()
    assert len(fields.tidy("x" * 200_000)) == 200_000
    assert perf_counter() - start < 5
    assert fields.tidy("écrire à jean.dupont@ville.fr.") == "écrire à [courriel retiré]."
