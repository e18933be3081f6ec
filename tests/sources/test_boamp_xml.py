"""BOAMP XML 2.3.0 et JSON de l'ancienne API : les avis réels, champ par champ, relus à la main dans les fichiers."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from matchmaker.domain.notice import (
    AwardOutcome,
    Buyer,
    LotAward,
    Notice,
    NoticeKind,
    Place,
    Reservation,
    Winner,
)
from matchmaker.sources.fields import PARIS
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import NoticeError
from tests.sources.notice_data import WRITTEN, documents, needs_real_notices, raw, real

WINTER = timezone(timedelta(hours=1))


def annonce(data: str = "", *, nature: str = "<APPEL_OFFRE/>", state: str = "INITIAL", index: str = "") -> str:
    """Une annonce inventée, à compléter."""
    return f"""<ANNONCE><GESTION><REFERENCE><IDWEB>17-1</IDWEB><TYPE_AVIS><FAMILLE><MAPA/></FAMILLE>
        <NATURE>{nature}</NATURE><STATUT><{state}/></STATUT></TYPE_AVIS></REFERENCE>
        <INDEXATION><DATE_PUBLICATION>2017-01-02</DATE_PUBLICATION><RESUME_OBJET>nettoyage</RESUME_OBJET>{index}</INDEXATION>
        </GESTION><DONNEES><IDENTITE><DENOMINATION>Commune de Fictive</DENOMINATION><CP>38000</CP>
        <VILLE>Grenoble cedex 9</VILLE><TEL>0476000000</TEL><MEL>a@example.org</MEL></IDENTITE>{data}</DONNEES>
        </ANNONCE>"""


def read(data: str = "", **more: str) -> Notice:
    return parse_notice(raw(annonce(data, **more)))


OBJECT = "<OBJET><OBJET_COMPLET>Nettoyage</OBJET_COMPLET><CPV><PRINCIPAL>90910000</PRINCIPAL></CPV></OBJET>"


# ---------------------------------------------------------------- les neuf avis de 2016 et 2017


def notices() -> dict[str, Notice]:
    return real("boamp_xml_2017")


@needs_real_notices
def test_les_neuf_avis_sont_lus_et_datés() -> None:
    assert {name: (notice.kind.value, str(notice.published_on)) for name, notice in notices().items()} == {
        "16-138580": ("award", "2017-02-14"),
        "16-185754": ("award", "2017-01-13"),
        "16-186173": ("contract", "2017-01-01"),
        "16-186394": ("contract", "2017-01-01"),
        "16-652": ("contract", "2016-01-05"),
        "17-1028": ("award", "2017-01-04"),
        "17-2599": ("award", "2017-01-08"),
        "17-29167": ("award", "2017-03-01"),
        "17-5219": ("award", "2017-01-12"),
    }
    for name, notice in notices().items():
        assert (notice.source, notice.id, notice.aliases) == ("boamp", name, (f"boamp:{name}",))


@needs_real_notices
def test_aucune_coordonnée_de_personne_n_est_gardée() -> None:
    told = repr([*notices().values(), *real("boamp_json_2020").values()])
    for contact in ("@", "CLASSIQUE", "Vétard", "04-77-12", "hayere", "Monsieur le Maire"):
        assert contact not in told


@needs_real_notices
def test_un_appel_d_offres_de_deux_lots() -> None:
    notice = notices()["16-186394"]
    assert notice.title == "2016 DFA 167 - Prestations de remorquage pour les véhicules de la ville de Paris"
    assert notice.buyer == Buyer("Ville de Paris", place=Place("FR101", "75639", "Paris", "FR"))
    assert (notice.procedure, notice.nature, notice.form) == ("open", "services", "joue/appeloffre")
    light, heavy = notice.lots
    assert (light.id, light.title) == ("1", "Prestations de remorquage pour les véhicules légers de la ville de Paris")
    assert (light.cpvs, light.duration_months) == (("50118110",), 12)
    assert light.deadline == datetime(2017, 2, 7, 12, 0, tzinfo=WINTER)
    assert (light.reservation, light.social, light.green) == (Reservation.NONE, (), ("clause",))
    assert light.documents_url == "https://marches.maximilien.fr"
    assert [place.nuts for place in heavy.places] == ["FR10"]


@needs_real_notices
def test_une_concession_qui_n_est_pas_divisée() -> None:
    [lot] = notices()["16-186173"].lots
    assert (lot.id, lot.title) == ("1", "Ville des andelys")
    assert (lot.cpvs, lot.duration_months) == (("65110000", "65100000"), 120)
    assert lot.deadline == datetime(2017, 2, 28, 12, 0, tzinfo=WINTER)
    assert lot.description.startswith("le droit exclusif pour le fermier")


@needs_real_notices
def test_un_avis_national_sans_lot() -> None:
    notice = notices()["16-652"]
    assert notice.buyer.place == Place("", "42055", "St etienne", "FR")
    [lot] = notice.lots
    assert (lot.cpvs, lot.duration_months) == (("79625000",), 34)
    assert lot.places == (Place("FR715", "42055", "Saint etienne", "FR"),)
    assert lot.deadline == datetime(2016, 1, 25, 16, 0, tzinfo=WINTER)
    assert notice.procedure == "mapa"


@needs_real_notices
def test_vingt_et_un_lots_dont_dix_huit_attribués() -> None:
    notice = notices()["17-2599"]
    assert notice.buyer.national_id == "26830066200015"
    assert notice.refers_to == ("boamp:16-107438", "ted-oj:2016/S 140-252708")
    assert [lot.id for lot in notice.lots] == [str(number) for number in range(1, 22)]
    assert (notice.lots[0].amount_eur, notice.lots[8].amount_eur, notice.lots[20].amount_eur) == (130_000, None, 4_500)
    outcomes = [award.outcome for award in notice.awards]
    assert (outcomes.count(AwardOutcome.AWARDED), outcomes.count(AwardOutcome.UNSUCCESSFUL)) == (18, 3)
    assert [award.lot_ids for award in notice.awards if award.outcome is AwardOutcome.UNSUCCESSFUL] == [
        ("9",),
        ("13",),
        ("19",),
    ]
    assert notice.awards[3] == LotAward(
        lot_ids=("4",),
        title="viande fraîche volaille et lapin",
        awarded_on=date(2016, 10, 20),
        amount_eur=45_000,
        offers=5,
        winners=(
            Winner("Société de Distribution Avicole Sda", place=Place("FR511", "44154", "Ancenis", "FR"), sme=True),
        ),
    )
    assert sum(award.amount_eur or 0 for award in notice.awards) == 791_500


@needs_real_notices
def test_un_groupement_mandataire_et_cotraitants() -> None:
    [award] = notices()["16-185754"].awards
    assert award.group
    assert [winner.name for winner in award.winners] == [
        "CONCRETE WAVES SKATE PARKS",
        "SPORT DES VILLES",
        "LAURENCE CREMEL PAYSAGISTE",
    ]
    assert (award.amount_eur, award.offers, award.contract_id, award.lot_ids) == (348_852, 3, "2016-52", ("1",))


@needs_real_notices
def test_plusieurs_titulaires_ayant_chacun_leur_marché_ne_sont_pas_un_groupement() -> None:
    framework = notices()["17-29167"]
    assert [(award.amount_eur, len(award.winners), award.group) for award in framework.awards] == [
        (60_000, 1, False)
    ] * 3
    assert "Lot 1 : montant maximal de l'accord-cadre retenu, faute de montant attribué." in framework.warnings
    both = notices()["17-5219"].awards
    assert [(award.winners[0].name, award.amount_eur) for award in both] == [
        ("ROIRET Energies", 150_000),
        ("SCARA & Cie", 150_000),
    ]


@needs_real_notices
def test_un_montant_publié_pour_l_ensemble_est_celui_du_seul_marché() -> None:
    [award] = notices()["16-138580"].awards
    assert (award.amount_eur, award.awarded_on) == (38_820, date(2017, 2, 6))
    assert notices()["16-138580"].lots[0].amount_eur == 38_820


@needs_real_notices
def test_sans_cpv_un_descripteur_parlant_sert_d_estimation() -> None:
    notice = notices()["17-1028"]
    assert notice.lots[0].cpvs == ("45112500",)
    assert notice.warnings == ("Aucun code CPV publié : déduit du descripteur « Terrassement » (estimation).",)
    assert notices()["16-138580"].lots[0].cpvs == ()  # « Etude » ne dit aucun métier


@needs_real_notices
def test_le_json_de_l_ancienne_api_se_lit_comme_le_xml() -> None:
    [document] = documents("boamp_json_2020")
    assert document.name == "boamp_json_2020/20-152081.json::20-152081"
    notice = parse_notice(document)
    assert (notice.id, notice.kind, notice.form) == ("20-152081", NoticeKind.CONTRACT, "mapa/appeloffre")
    assert notice.published_on == date(2020, 12, 14)
    assert notice.buyer == Buyer("Commune de Berre l'Etang", place=Place("", "13130", "Berre-l'etang", "FR"))
    [lot] = notice.lots
    assert lot.title.startswith("Services de spectacles musicaux, de théâtre, de cirque")
    assert lot.deadline == datetime(2021, 3, 1, 12, 0, tzinfo=PARIS)
    assert (lot.start, lot.cpvs) == (date(2021, 3, 26), ("92312000",))  # descripteur « Spectacle »
    assert lot.documents_url == "http://laprovencemarchespublics.com"


# ---------------------------------------------------------------- ce que les neuf n'ont pas


def test_une_annonce_minimale_tient_de_sa_fiche_ce_que_le_corps_ne_dit_pas() -> None:
    notice = read(index="<DEP_PRESTATION>38</DEP_PRESTATION><DATE_LIMITE_REPONSE>2017-02-01</DATE_LIMITE_REPONSE>")
    [lot] = notice.lots
    assert (notice.title, lot.title, lot.places) == ("nettoyage", "nettoyage", (Place("FRK24", country="FR"),))
    assert lot.deadline == datetime(2017, 2, 1, 23, 59, tzinfo=PARIS)


@pytest.mark.parametrize(
    ("words", "reservation"),
    [
        ("<MARCHE_RESERVE_NON/>", Reservation.NONE),
        ("<MARCHE_RESERVE_OUI/>", Reservation.EA_ESAT_SIAE),
        (
            "<MARCHE_RESERVE_OUI>Marché réservé aux ESAT et entreprises adaptées</MARCHE_RESERVE_OUI>",
            Reservation.EA_ESAT,
        ),
        ("<MARCHE_RESERVE_OUI>ateliers et chantiers d'insertion</MARCHE_RESERVE_OUI>", Reservation.SIAE),
    ],
)
def test_une_réservation_est_lue_dans_sa_case_et_précisée_par_le_texte(words: str, reservation: Reservation) -> None:
    notice = read(f"{OBJECT}<CONDITION_PARTICIPATION>{words}</CONDITION_PARTICIPATION>")
    assert notice.lots[0].reservation is reservation


def test_les_clauses_et_les_heures_d_insertion_viennent_des_conditions_d_exécution() -> None:
    condition = "Clause obligatoire d'insertion : 350 heures d'insertion. Démarche environnementale exigée."
    notice = read(
        f"{OBJECT}<CONDITION_PARTICIPATION><CONDITION_PARTICULIERE_EXECUTION>{condition}"
        "</CONDITION_PARTICULIERE_EXECUTION></CONDITION_PARTICIPATION>"
    )
    [lot] = notice.lots
    assert (lot.insertion_hours, lot.social, lot.green) == (350, ("clause",), ("clause",))


def test_une_limite_de_lots_et_une_durée_en_jours_sont_lues() -> None:
    notice = read(
        "<OBJET><DIV_EN_LOTS><OUI/><OFFRE_UN/></DIV_EN_LOTS><NB_LOT_ATTRIB_MAX>2</NB_LOT_ATTRIB_MAX>"
        "<LOTS><LOT><NUM>1</NUM><DUREE_JOURS>90</DUREE_JOURS><VALEUR DEVISE='EUR'>1 500,50</VALEUR></LOT></LOTS>"
        "</OBJET>"
    )
    assert (notice.max_lots_bid, notice.max_lots_won) == (1, 2)
    assert (notice.lots[0].duration_months, notice.lots[0].amount_eur) == (3, 1_501)


def test_un_rectificatif_dit_la_nouvelle_date_limite() -> None:
    notice = read(
        f"{OBJECT}<RECTIF><INFORMATIONS>Date limite de réception des offres : au lieu de 07/02/2017 à 12h00, "
        "lire 14/02/2017 à 16 h 30.</INFORMATIONS></RECTIF>",
        state="RECTIFICATIF",
    )
    assert notice.kind is NoticeKind.CORRECTION
    deadline, words = notice.changes
    assert (deadline.field, deadline.new) == ("deadline", "2017-02-14T16:30:00+01:00")
    assert words.field == ""
    assert words.new.startswith("Date limite de réception")


def test_une_annulation_annule() -> None:
    notice = read(OBJECT, state="ANNULATION")
    assert (notice.kind, notice.cancelled) == (NoticeKind.CONTRACT, True)
    told = read(
        "<ANNULATION><MOTIF>Sans suite pour motif d'intérêt général</MOTIF></ANNULATION>", nature="<ANNULATION/>"
    )
    assert (told.kind, told.cancelled) == (NoticeKind.CORRECTION, True)
    assert [change.new for change in told.changes] == ["Sans suite pour motif d'intérêt général"]


def test_des_décisions_par_lot_disent_les_lots_quand_rien_d_autre_ne_les_dit() -> None:
    decided = "".join(
        f"<DECISION><ATTRIBUE/><NUM_LOT>{number}</NUM_LOT><INTITULE>Lot {number}</INTITULE><TITULAIRE>"
        f"<DENOMINATION>Firme {number}</DENOMINATION></TITULAIRE><RENSEIGNEMENT><MONTANT>1000</MONTANT></RENSEIGNEMENT>"
        "</DECISION>"
        for number in (1, 2)
    )
    notice = read(f"{OBJECT}<ATTRIBUTION>{decided}</ATTRIBUTION>", nature="<ATTRIBUTION/>")
    assert [(lot.id, lot.title, lot.amount_eur) for lot in notice.lots] == [
        ("1", "Lot 1", 1_000),
        ("2", "Lot 2", 1_000),
    ]
    assert [award.lot_ids for award in notice.awards] == [("1",), ("2",)]


def test_un_marché_sans_suite_est_dit_tel() -> None:
    notice = read(f"{OBJECT}<ATTRIBUTION><DECISION><SANS_SUITE/></DECISION></ATTRIBUTION>", nature="<ATTRIBUTION/>")
    [award] = notice.awards
    assert (award.outcome, award.winners) == (AwardOutcome.CANCELLED, ())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<ANNONCE/>", "sans_contenu"),
        ("<ANNONCE><GESTION/><DONNEES/></ANNONCE>", "sans_numero"),
        (annonce("<EFORMS/>"), "format_inconnu"),
    ],
)
def test_une_annonce_sans_corps_ou_sans_numéro_est_refusée(content: str, reason: str) -> None:
    with pytest.raises(NoticeError) as caught:
        parse_notice(raw(content))
    assert caught.value.reason_code == reason


def test_un_avis_eforms_dans_une_annonce_se_lit_comme_seul() -> None:
    content = (WRITTEN / "eforms_16_deux_lots.xml").read_text("utf-8")
    body = content[content.index("<", content.index("?>")) :]
    alone = parse_notice(raw(content))
    notice = parse_notice(raw(annonce().replace("<DONNEES>", f"<DONNEES><EFORMS>{body}</EFORMS>")))
    assert (notice.source, notice.id) == ("boamp", "17-1")
    assert notice.lots == alone.lots
    assert notice.aliases[:2] == ("boamp:17-1", f"eforms:{alone.id}")
