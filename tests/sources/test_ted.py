"""Les formulaires TED R2.0.9 et R2.0.8, compris."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from matchmaker.domain.notice import Notice, NoticeKind, Place, Reservation
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import NoticeError
from tests.sources.notice_data import WRITTEN, needs_real_notices, raw, real, written

F02 = "ted_f02_deux_lots.xml"
PARIS = ZoneInfo("Europe/Paris")
TED = "ted_fr_r209.tar.gz"


def f02(*changes: tuple[str, str]) -> Notice:
    return written(F02, *changes)


# --- l'avis --------------------------------------------------------------------------------------


def test_l_avis_dit_qui_quoi_quand() -> None:
    notice = f02()
    assert (notice.source, notice.id, notice.form, notice.kind) == ("ted", "000123-2020", "F02", "contract")
    assert (notice.title, notice.nature, notice.procedure) == ("Entretien des espaces verts", "services", "open")
    assert (notice.published_on, notice.dispatched_on) == (date(2020, 1, 2), date(2019, 12, 30))
    assert notice.url == "https://ted.europa.eu/fr/notice/-/detail/123-2020"
    assert (notice.country, notice.language) == ("FR", "fr")


def test_l_acheteur_garde_son_siret_et_son_lieu() -> None:
    buyer = f02().buyer
    assert (buyer.name, buyer.national_id) == ("Commune de Fictive-sur-Loire", "35600000000048")
    assert buyer.place == Place(nuts="FRG01", postcode="44000", city="Fictive-sur-Loire", country="FR")


def test_un_numéro_national_qui_n_est_pas_un_siret_est_oublié() -> None:
    assert f02(("356 000 000 00048", "356 000 000 00049")).buyer.national_id == ""


def test_aucune_personne_n_est_gardée() -> None:
    kept = repr(f02())
    assert not any(trace in kept for trace in ("Camille", 'example.org"', "@", "02 40", "+33"))


def test_les_limites_de_lots_et_l_exclusivité_des_groupements_sont_lues() -> None:
    notice = f02()
    assert (notice.max_lots_bid, notice.max_lots_won, notice.exclusive_grouping) == (2, 1, True)


def test_un_lot_au_plus_se_lit_aussi_sans_nombre() -> None:
    assert f02(("<LOT_MAX_NUMBER>2</LOT_MAX_NUMBER>", "<LOT_ONE_ONLY/>")).max_lots_bid == 1


def test_la_traduction_française_l_emporte_sur_l_original() -> None:
    german = (
        '<F02_2014 CATEGORY="ORIGINAL" FORM="F02" LG="DE"><OBJECT_CONTRACT>'
        "<TITLE><P>Grünpflege</P></TITLE></OBJECT_CONTRACT></F02_2014>"
    )
    notice = f02(
        ("<FORM_SECTION>", f"<FORM_SECTION>{german}"),
        ('"ORIGINAL" FORM="F02" LG="FR"', '"TRANSLATION" FORM="F02" LG="FR"'),
    )
    assert (notice.title, notice.language) == ("Entretien des espaces verts", "fr")


# --- la nature de l'avis -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "announced", "kind"),
    [
        ("F01", "PRI_ONLY", "prior_information"),
        ("F01", "PRI_CALL_COMPETITION", "contract"),
        ("F04", "PER_CALL_COMPETITION", "contract"),
        ("F05", "", "contract"),
        ("F03", "", "award"),
        ("F07", "QSU_CALL_COMPETITION", "other"),
        ("F08", "", "prior_information"),
        ("F12", "", "contract"),
        ("F13", "", "award"),
        ("F14", "", "correction"),
        ("F15", "", "award"),
        ("F20", "", "modification"),
        ("F21", "CONTRACT", "contract"),
        ("F21", "AWARD_CONTRACT", "award"),
        ("F22", "PRI_ONLY", "prior_information"),
        ("F23", "PRI", "contract"),
        ("F23", "CONCESSION_AWARD_CONTRACT", "award"),
        ("F24", "", "contract"),
        ("F25", "", "award"),
        ("T01", "", "prior_information"),
        ("T02", "", "award"),
    ],
)
def test_le_formulaire_et_son_type_disent_si_l_on_peut_répondre(form: str, announced: str, kind: str) -> None:
    head = f'FORM="{form}" LG="FR">' + (f'<NOTICE TYPE="{announced}"/>' if announced else "")
    assert f02(('FORM="F02" LG="FR">', head)).kind == kind


def test_un_formulaire_inconnu_est_refusé_par_son_nom() -> None:
    with pytest.raises(NoticeError, match="F02_2014") as refusal:
        f02(('FORM="F02"', 'FORM="F99"'))
    assert refusal.value.reason_code == "formulaire_inconnu"


def test_un_avis_sans_formulaire_est_refusé() -> None:
    with pytest.raises(NoticeError) as refusal:
        parse_notice(raw('<TED_EXPORT DOC_ID="1-2020"><FORM_SECTION/></TED_EXPORT>'))
    assert refusal.value.reason_code == "formulaire_absent"


def test_un_avis_sans_numéro_est_refusé() -> None:
    with pytest.raises(NoticeError) as refusal:
        parse_notice(raw("<TED_EXPORT/>"))
    assert refusal.value.reason_code == "sans_numero"


def test_une_attribution_rejoint_la_procédure_de_son_avis_de_marché() -> None:
    reference = "<REF_NOTICE><NO_DOC_OJS>2019/S 106-213473</NO_DOC_OJS></REF_NOTICE><ISO_COUNTRY"
    award = f02(('FORM="F02"', 'FORM="F03"'), ("<ISO_COUNTRY", reference))
    assert (award.procedure_id, f02().procedure_id) == ("213473-2019", "000123-2020")


# --- les lots ------------------------------------------------------------------------------------


def test_les_lots_portent_le_numéro_que_l_on_emploie() -> None:
    assert [lot.id for lot in f02().lots] == ["1", "2"]


def test_deux_lots_de_même_numéro_restent_distincts() -> None:
    assert [lot.id for lot in f02(("Lot 2</LOT_NO>", "1</LOT_NO>")).lots] == ["1", "1-2"]


def test_un_avis_sans_description_de_lot_a_un_seul_lot() -> None:
    content = f02_without_lots()
    [lot] = parse_notice(raw(content)).lots
    assert (lot.id, lot.title, lot.cpvs, lot.amount_eur) == ("1", "Entretien des espaces verts", ("77310000",), 300_000)


def f02_without_lots() -> str:
    content = (WRITTEN / F02).read_text(encoding="utf-8")
    start, end = content.index("<OBJECT_DESCR "), content.rindex("</OBJECT_DESCR>") + len("</OBJECT_DESCR>")
    return content[:start] + content[end:]


def test_les_codes_du_lot_précèdent_ceux_de_l_avis_divisé() -> None:
    assert [lot.cpvs for lot in f02().lots] == [("77313000", "77310000"), ("77310000",)]


def test_un_cpv_inconnu_est_écarté_avec_un_avertissement() -> None:
    notice = f02(('CODE="77313000"', 'CODE="7731300"'))
    assert notice.lots[0].cpvs == ("77310000",)
    assert any("« 7731300 »" in warning for warning in notice.warnings)


def test_les_montants_sont_des_euros_entiers_par_lot() -> None:
    assert [lot.amount_eur for lot in f02().lots] == [120_001, 180_000]


@pytest.mark.parametrize(
    ("published", "told"),
    [
        ('CURRENCY="EUR">-5', "négatif"),
        ('CURRENCY="EUR">0', "nul"),
        ('CURRENCY="EUR">1', "symbolique"),
        ('CURRENCY="EUR">9999999999999', "invraisemblable"),
        ('CURRENCY="GBP">500000', "GBP"),
        ('CURRENCY="EUR">beaucoup', "illisible"),
        ('CURRENCY="EUR">NaN', "illisible"),
    ],
)
def test_un_montant_inutilisable_est_laissé_vide_et_dit(published: str, told: str) -> None:
    notice = f02(('CURRENCY="EUR">180000', published))
    assert notice.lots[1].amount_eur is None
    assert any(warning.startswith("Lot 2 : montant") and told in warning for warning in notice.warnings)


def test_un_total_n_est_jamais_réparti_entre_les_lots() -> None:
    notice = f02(
        ('<VAL_OBJECT CURRENCY="EUR">120000.50</VAL_OBJECT>', ""),
        ('<VAL_OBJECT CURRENCY="EUR">180000</VAL_OBJECT>', ""),
    )
    assert [(lot.amount_eur, lot.amount_shared) for lot in notice.lots] == [(None, True)] * 2
    assert any("300 000 €" in warning for warning in notice.warnings)


def test_une_attribution_donne_le_montant_attribué_de_chaque_lot() -> None:
    awards = "".join(
        f"<AWARD_CONTRACT><LOT_NO>{lot}</LOT_NO><AWARDED_CONTRACT><VALUES>"
        f'<VAL_TOTAL CURRENCY="EUR">{amount}</VAL_TOTAL></VALUES></AWARDED_CONTRACT></AWARD_CONTRACT>'
        for lot, amount in ((1, 50_000), (1, 60_000), (2, 70_000), (2, 70_000))
    )
    notice = f02(('FORM="F02"', 'FORM="F03"'), ("<COMPLEMENTARY_INFO>", f"{awards}<COMPLEMENTARY_INFO>"))
    assert [lot.amount_eur for lot in notice.lots] == [110_000, 70_000]  # equal figures: one ceiling repeated


def test_une_modification_donne_le_nouveau_montant() -> None:
    change = (
        "<MODIFICATIONS_CONTRACT><INFO_MODIFICATIONS><VALUES>"
        '<VAL_TOTAL_BEFORE CURRENCY="EUR">1000</VAL_TOTAL_BEFORE><VAL_TOTAL_AFTER CURRENCY="EUR">2000</VAL_TOTAL_AFTER>'
        "</VALUES></INFO_MODIFICATIONS></MODIFICATIONS_CONTRACT>"
    )
    content = (
        f02_without_lots()
        .replace('FORM="F02"', 'FORM="F20"')
        .replace("<COMPLEMENTARY_INFO>", f"{change}<COMPLEMENTARY_INFO>")
    )
    assert parse_notice(raw(content)).lots[0].amount_eur == 2000


def test_une_durée_se_lit_en_mois_ou_entre_deux_dates() -> None:
    assert [lot.duration_months for lot in f02().lots] == [48, 24]


@pytest.mark.parametrize(
    ("unit", "value", "months"),
    [
        ("DAY", 10, 1),
        ("DAY", 31, 1),
        ("DAY", 45, 2),
        ("DAY", 366, 12),
        ("WEEK", 10, 3),
        ("MONTH", 1, 1),
        ("YEAR", 4, 48),
        ("ANN", 2, 24),
    ],
)
def test_jours_semaines_et_années_deviennent_des_mois_entiers(unit: str, value: int, months: int) -> None:
    assert f02(('TYPE="MONTH">48', f'TYPE="{unit}">{value}')).lots[0].duration_months == months


@pytest.mark.parametrize("published", ['TYPE="MONTH">0', 'TYPE="MONTH">-3', 'TYPE="LUNE">3', 'TYPE="YEAR">500'])
def test_une_durée_impossible_est_laissée_vide_et_dite(published: str) -> None:
    notice = f02(('TYPE="MONTH">48', published))
    assert notice.lots[0].duration_months is None
    assert any("durée" in warning for warning in notice.warnings)


def test_des_dates_à_l_envers_ne_font_pas_une_durée() -> None:
    notice = f02(("2022-04-30", "2019-04-30"))
    assert notice.lots[1].duration_months is None and any("précède" in warning for warning in notice.warnings)


def test_l_heure_limite_est_celle_de_paris() -> None:
    assert {lot.deadline for lot in f02().lots} == {datetime(2020, 2, 10, 12, tzinfo=PARIS)}


def test_sans_heure_le_délai_court_jusqu_au_soir() -> None:
    notice = f02(("<TIME_RECEIPT_TENDERS>12:00</TIME_RECEIPT_TENDERS>", ""))
    assert notice.lots[0].deadline == datetime(2020, 2, 10, 23, 59, tzinfo=PARIS)


def test_un_rectificatif_porte_la_nouvelle_date_limite() -> None:
    change = (
        "<CHANGES><CHANGE><WHERE><SECTION>IV.2.2)</SECTION></WHERE>"
        "<NEW_VALUE><DATE>2020-03-02</DATE><TIME>17:00</TIME></NEW_VALUE></CHANGE></CHANGES>"
    )
    notice = f02(('FORM="F02"', 'FORM="F14"'), ("<COMPLEMENTARY_INFO>", f"{change}<COMPLEMENTARY_INFO>"))
    assert notice.lots[0].deadline == datetime(2020, 3, 2, 17, tzinfo=PARIS)


def test_le_lieu_est_précisé_par_l_adresse_du_site() -> None:
    assert f02().lots[0].places == (Place(nuts="FRG01", postcode="44200", city="Nantes", country="FR"),)


@pytest.mark.parametrize(
    ("site", "postcode", "city"),
    [
        ("85500 — Les Herbiers.", "85500", "Les Herbiers"),
        ("Commune de Lafrançaise 82130.", "82130", ""),
        ("Ville de Saint-Cyprien.", "", "Saint-Cyprien"),
        ("Bordeaux.", "", "Bordeaux"),
        ("Région Nouvelle-Aquitaine.", "", ""),
        ("Position: X=703832.0626 et Y=119417.9623.", "", ""),
        ("Une surface de 35000 m².", "", ""),
    ],
)
def test_seul_un_code_postal_ou_une_ville_isolée_précise_le_lieu(site: str, postcode: str, city: str) -> None:
    [place] = f02(("3 rue des Lilas — 44200 Nantes Cedex 2.", site)).lots[0].places
    assert (place.nuts, place.postcode, place.city) == ("FRG01", postcode, city)


def test_un_code_postal_allemand_n_est_pas_pris_pour_français() -> None:
    notice = f02(
        ('<n2016:NUTS CODE="FRG01"/>\n          <MAIN_SITE>', '<n2016:NUTS CODE="DE121"/>\n          <MAIN_SITE>'),
        ("44200 Nantes", "76530 Baden-Baden"),
    )
    assert notice.lots[0].places == (Place(nuts="DE121", country="DE"),)


def test_une_adresse_de_documents_qui_n_est_pas_une_page_est_oubliée() -> None:
    assert f02(("https://marches.example.org/dce", "javascript:alert(1)")).lots[0].documents_url == ""


# --- réservations et clauses ---------------------------------------------------------------------


def test_la_réservation_est_précisée_lot_par_lot_quand_le_texte_le_dit() -> None:
    assert [lot.reservation for lot in f02().lots] == [Reservation.EA_ESAT, Reservation.SIAE]


def test_sans_texte_la_réservation_reste_large() -> None:
    notice = f02(("entreprises adaptées mentionnées à l'article L. 5213-13 du code du travail", "voir le règlement"))
    assert notice.lots[0].reservation is Reservation.EA_ESAT_SIAE


def test_un_texte_ne_réserve_pas_un_lot_que_l_acheteur_n_a_pas_réservé() -> None:
    assert {lot.reservation for lot in f02(("<RESTRICTED_SHELTERED_WORKSHOP/>", "")).lots} == {Reservation.NONE}


def test_une_réservation_aux_missions_de_service_public_vise_l_ess() -> None:
    notice = f02(("RESTRICTED_SHELTERED_WORKSHOP", "RESERVED_ORGANISATIONS_SERVICE_MISSION"))
    assert {lot.reservation for lot in notice.lots} == {Reservation.ESS}


def test_une_exécution_protégée_n_est_pas_une_réservation() -> None:
    [first, _] = f02(("RESTRICTED_SHELTERED_WORKSHOP", "RESTRICTED_SHELTERED_PROGRAM")).lots
    assert first.reserved_execution and first.reservation is Reservation.NONE


def test_les_heures_d_insertion_sont_celles_de_chaque_lot() -> None:
    assert [(lot.insertion_hours, lot.social) for lot in f02().lots] == [(175, ("clause",)), (70, ("clause",))]


# --- les vrais avis ------------------------------------------------------------------------------


@needs_real_notices
def test_les_523_avis_français_sont_tous_compris() -> None:
    assert len(real(TED)) == 523


@needs_real_notices
def test_les_avis_français_se_répartissent_par_nature() -> None:
    kinds = Counter(notice.kind for notice in real(TED).values())
    assert kinds == {
        NoticeKind.CONTRACT: 255,
        NoticeKind.AWARD: 217,
        NoticeKind.PRIOR_INFORMATION: 22,
        NoticeKind.MODIFICATION: 19,
        NoticeKind.OTHER: 9,
        NoticeKind.CORRECTION: 1,
    }


@needs_real_notices
def test_tout_lot_réel_a_un_titre_un_numéro_unique_et_un_acheteur() -> None:
    for notice in real(TED).values():
        assert notice.buyer.name and all(lot.title for lot in notice.lots)
        assert len({lot.id for lot in notice.lots}) == len(notice.lots)


@needs_real_notices
def test_aucune_coordonnée_de_personne_ne_subsiste_dans_les_vrais_avis() -> None:
    assert not [notice.id for notice in real(TED).values() if "@" in repr(notice)]


@needs_real_notices
def test_pornic_réserve_un_lot_à_l_insertion_et_un_lot_au_handicap() -> None:
    notice = real(TED)["460696-2019"]
    assert (notice.buyer.name, notice.max_lots_bid) == ("Commune de Pornic", 1)
    assert [(lot.id, lot.reservation, lot.duration_months) for lot in notice.lots] == [
        ("1", Reservation.SIAE, 48),
        ("2", Reservation.EA_ESAT, 48),
    ]
    assert notice.lots[0].cpvs == ("75231240", "77314000")
    assert notice.lots[0].deadline == datetime(2019, 10, 21, 12, tzinfo=PARIS)


@needs_real_notices
def test_grand_lyon_habitat_demande_de_l_insertion_sur_le_macro_lot() -> None:
    notice = real(TED)["153432-2019"]
    assert (notice.buyer.national_id, notice.nature, notice.procedure) == ("39989834500018", "works", "open")
    assert [(lot.id, lot.duration_months, lot.social) for lot in notice.lots] == [("1", 57, ("clause",)), ("2", 57, ())]
    assert notice.lots[1].cpvs == ("42416100", "45210000")


@needs_real_notices
def test_un_marché_de_défense_r208_donne_ses_six_lots_et_leurs_montants() -> None:
    notice = real(TED)["029213-2021"]
    assert (notice.form, notice.kind, notice.nature) == ("F17", "contract", "works")
    assert [lot.amount_eur for lot in notice.lots] == [8_000_000] + [400_000] * 5
    assert {lot.duration_months for lot in notice.lots} == {84}


def test_une_date_limite_illisible_est_signalee_une_fois() -> None:
    notice = written("ted_f02_deux_lots.xml", ("<DATE_RECEIPT_TENDERS>2020-02-10", "<DATE_RECEIPT_TENDERS>bientôt"))
    assert [lot.deadline for lot in notice.lots] == [None] * len(notice.lots)
    assert sum("date limite illisible" in warning for warning in notice.warnings) == 1
