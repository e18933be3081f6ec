"""Les avis eForms (UBL, SDK 1.x), compris ; et d'accord avec TED quand les deux disent le même avis."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from matchmaker.domain.notice import Notice, NoticeLot, Place, Reservation
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import NoticeError
from tests.sources.notice_data import WRITTEN, needs_real_notices, raw, real, written

CN = "eforms_16_deux_lots.xml"


def cn(*changes: tuple[str, str]) -> Notice:
    return written(CN, *changes)


# --- l'avis --------------------------------------------------------------------------------------


def test_l_avis_dit_qui_quoi_quand() -> None:
    notice = cn()
    assert (notice.source, notice.version, notice.form, notice.kind) == ("eforms", "01", "16", "contract")
    assert (notice.id[-1], notice.procedure_id[-1]) == ("1", "2")
    assert (notice.nature, notice.procedure, notice.language, notice.country) == ("services", "open", "fr", "FR")
    assert (notice.published_on, notice.dispatched_on) == (date(2024, 1, 24), date(2024, 1, 22))
    assert notice.url == "https://ted.europa.eu/fr/notice/-/detail/123-2024"
    assert (notice.max_lots_bid, notice.max_lots_won) == (2, 1)


def test_le_français_l_emporte_sur_les_autres_langues() -> None:
    assert cn().title == "Entretien des espaces verts"


def test_sans_français_la_langue_de_l_avis_l_emporte() -> None:
    notice = cn(
        ('languageID="FRA">Entretien des espaces verts', 'languageID="DEU">Grünpflege'),
        ("Code>FRA</cbc:NoticeLanguageCode", "Code>DEU</cbc:NoticeLanguageCode"),
    )
    assert (notice.title, notice.language) == ("Grünpflege", "de")


def test_l_acheteur_est_retrouvé_parmi_les_organisations() -> None:
    buyer = cn().buyer
    assert (buyer.name, buyer.national_id) == ("Commune de Fictive-sur-Loire", "35600000000048")
    assert buyer.place == Place(nuts="FRG01", postcode="44000", city="Fictive-sur-Loire", country="FR")


def test_un_acheteur_introuvable_est_dit_et_l_avis_gardé() -> None:
    notice = cn(
        (
            "<cac:ContractingParty><cac:Party><cac:PartyIdentification><cbc:ID>ORG-0001",
            "<cac:ContractingParty><cac:Party><cac:PartyIdentification><cbc:ID>ORG-0009",
        )
    )
    assert notice.buyer.name == "Acheteur non précisé" and "Acheteur introuvable dans l'avis." in notice.warnings


def test_aucune_personne_n_est_gardée() -> None:
    assert not any(trace in repr(cn()) for trace in ("Camille", "@"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("pin-only", "prior_information"),
        ("pin-cfc-standard", "contract"),
        ("pin-cfc-social", "contract"),
        ("cn-social", "contract"),
        ("cn-desg", "contract"),
        ("subco", "contract"),
        ("qu-sy", "other"),
        ("veat", "award"),
        ("can-social", "award"),
        ("can-modif", "modification"),
        ("inconnu", "contract"),
    ],
)
def test_le_type_d_avis_dit_si_l_on_peut_répondre(code: str, kind: str) -> None:
    assert cn((">cn-standard<", f">{code}<")).kind == kind


def test_un_avis_annulé_n_ouvre_plus_de_concurrence() -> None:
    cancelled = (
        "<efac:Changes><efac:ChangeReason><cbc:ReasonCode>cancel</cbc:ReasonCode></efac:ChangeReason></efac:Changes>"
    )
    notice = cn(("<efac:NoticeSubType>", f"{cancelled}<efac:NoticeSubType>"))
    assert notice.cancelled and "Avis annulé par l'acheteur." in notice.warnings


def test_un_avis_sans_lot_est_refusé() -> None:
    with pytest.raises(NoticeError) as refusal:
        cn(("cac:ProcurementProjectLot>", "cac:Autre>"))
    assert refusal.value.reason_code == "sans_lot"


def test_un_avis_sans_identifiant_est_refusé() -> None:
    with pytest.raises(NoticeError) as refusal:
        parse_notice(raw("<ContractNotice/>"))
    assert refusal.value.reason_code == "sans_numero"


# --- les lots ------------------------------------------------------------------------------------


def first(*changes: tuple[str, str]) -> NoticeLot:
    return cn(*changes).lots[0]


def test_le_lot_1_est_compris_en_entier() -> None:
    lot = first()
    assert (lot.id, lot.title, lot.description) == ("1", "Parcs", "Tonte des parcs.")
    assert (lot.cpvs, lot.amount_eur, lot.duration_months) == (("77310000", "77313000"), 120_001, 48)
    assert lot.places == (Place(nuts="FRG01", postcode="44200", city="Nantes", country="FR"),)
    assert (lot.social, lot.green, lot.insertion_hours) == (("opp",), ("circ-econ",), 630)
    assert (lot.sme_suitable, lot.documents_url) == (True, "https://marches.example.org/dce")


def test_un_avis_non_divisé_a_un_lot_numéro_1() -> None:
    content = cn_with_one_lot().replace("LOT-0001", "LOT-0000")
    assert [lot.id for lot in parse_notice(raw(content)).lots] == ["1"]


def cn_with_one_lot() -> str:
    content = (WRITTEN / CN).read_text(encoding="utf-8")
    start, end = content.rindex("<cac:ProcurementProjectLot>"), content.rindex("</ContractNotice>")
    return content[:start] + content[end:]


def test_un_groupe_de_lots_n_est_pas_un_lot() -> None:
    assert [lot.id for lot in cn(('"Lot">LOT-0002', '"LotsGroup">GLO-0001')).lots] == ["1"]


def test_le_lieu_de_l_avis_vaut_pour_le_lot_qui_n_en_a_pas() -> None:
    assert cn().lots[1].places == (Place(nuts="FRG01", country="FR"),)


def test_la_date_limite_garde_le_décalage_publié() -> None:
    assert first().deadline == datetime(2024, 2, 28, 12, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("date_zone", "time_zone", "offset"),
    [
        ("Z", "", timedelta(0)),
        ("", "", timedelta(hours=1)),
        ("+02:00", "Z", timedelta(0)),
        ("+99:00", "+99:00", timedelta(hours=1)),
    ],
)
def test_sans_décalage_publié_l_heure_est_celle_de_paris(date_zone: str, time_zone: str, offset: timedelta) -> None:
    lot = first(("2024-02-28+02:00", f"2024-02-28{date_zone}"), ("12:00:00+02:00", f"12:00:00{time_zone}"))
    assert lot.deadline is not None and lot.deadline.utcoffset() == offset


def test_la_candidature_précède_l_offre() -> None:
    deadline = cn().lots[1].deadline
    assert deadline is not None and deadline.astimezone(UTC).date() == date(2024, 2, 12)


@pytest.mark.parametrize("published", ["2024-02-31", "0218-02-28", "9999-12-31", "demain"])
def test_une_date_impossible_laisse_le_délai_vide(published: str) -> None:
    assert first(("2024-02-28+02:00", published)).deadline is None


def test_le_plafond_d_un_accord_cadre_sert_faute_d_estimation_et_le_dit() -> None:
    notice = cn(("EstimatedOverallContractAmount", "FrameworkMaximumAmount"))
    assert notice.lots[0].amount_eur == 120_001
    assert any("montant maximal de l'accord-cadre" in warning for warning in notice.warnings)


@pytest.mark.parametrize(("published", "told"), [('"EUR">-120000.50', "négatif"), ('"CHF">120000.50', "CHF")])
def test_un_montant_inutilisable_est_laissé_vide_et_dit(published: str, told: str) -> None:
    notice = cn(('"EUR">120000.50', published))
    assert notice.lots[0].amount_eur is None and any(told in warning for warning in notice.warnings)


def test_le_total_revient_au_seul_lot() -> None:
    amount = '<cbc:EstimatedOverallContractAmount currencyID="EUR">90000</cbc:EstimatedOverallContractAmount>'
    total = f"<cac:RequestedTenderTotal>{amount}</cac:RequestedTenderTotal>"
    content = cn_with_one_lot().replace('currencyID="EUR">120000.50', 'currencyID="EUR">')
    content = content.replace("<cac:MainCommodity", f"{total}<cac:MainCommodity", 1)
    assert parse_notice(raw(content)).lots[0].amount_eur == 90_000


@pytest.mark.parametrize(
    ("code", "reservation"),
    [("res-ws", Reservation.EA_ESAT_SIAE), ("res-pub-ser", Reservation.ESS), ("none", Reservation.NONE)],
)
def test_la_réservation_suit_le_code(code: str, reservation: Reservation) -> None:
    assert first((">res-ws<", f">{code}<")).reservation is reservation


def test_le_texte_du_lot_précise_la_réservation() -> None:
    assert (
        first(("Tonte des parcs.", "Lot réservé aux ESAT et entreprises adaptées.")).reservation is Reservation.EA_ESAT
    )


def test_une_exécution_protégée_est_lue() -> None:
    assert [lot.reserved_execution for lot in cn().lots] == [True, False]


def test_un_objectif_inconnu_reste_une_clause() -> None:
    assert first((">opp<", ">other<")).social == ("clause",)


# --- les vrais avis ------------------------------------------------------------------------------

PAIRS = {  # name of the converted file: number of the TED notice
    "19-090974-001-EXP": "091489-2019",
    "19-318420-001-EXP": "315003-2019",
    "20-179994-001-EXP": "176972-2020",
    "20-271232-001-EXP": "265664-2020",
    "21-158592-001-EXP": "155727-2021",
    "21-298854-001-EXP": "295428-2021",
    "21-363118-001-EXP": "354626-2021",
    "22-073124-001-EXP": "078165-2022",
}


@needs_real_notices
@pytest.mark.parametrize(
    ("folder", "count"), [("eforms_real", 8), ("eforms_converted", 8), ("eforms_sdk_examples", 43)]
)
def test_tous_les_avis_d_un_dossier_sont_compris(folder: str, count: int) -> None:
    assert len(real(folder)) == count


@needs_real_notices
@pytest.mark.parametrize(("converted", "ted"), PAIRS.items())
def test_les_deux_formats_d_un_même_avis_disent_la_même_chose(converted: str, ted: str) -> None:
    new, old = real("eforms_converted")[converted], real("ted_fr_r209.tar.gz")[ted]
    for name in ("kind", "title", "buyer", "published_on", "dispatched_on", "language", "country", "url"):
        assert getattr(new, name) == getattr(old, name), name
    assert [lot.id for lot in new.lots] == [lot.id for lot in old.lots]
    for one, other in zip(new.lots, old.lots, strict=True):
        assert set(one.cpvs) == set(other.cpvs)
        for name in ("title", "amount_eur", "duration_months", "start", "reservation"):
            assert getattr(one, name) == getattr(other, name), name
        assert _wall_clock(one) == _wall_clock(other)


def _wall_clock(lot: NoticeLot) -> datetime | None:
    """The hour on the clock: the converter writes +01:00 even in summer."""
    return lot.deadline.replace(tzinfo=None) if lot.deadline else None


@needs_real_notices
def test_le_piémont_cévenol_interdit_les_candidatures_multiples() -> None:
    notice = real("eforms_real")["2024-OJS017-00047522"]
    assert (notice.buyer.name, notice.buyer.national_id) == (
        "Communauté de Communes du Piémont Cévenol",
        "20003441100013",
    )
    assert (notice.exclusive_grouping, notice.published_on) == (True, date(2024, 1, 24))
    assert [(lot.id, lot.cpvs, lot.places[0].nuts) for lot in notice.lots] == [
        ("1", ("90511100",), "FRJ12"),
        ("2", ("90511400",), "FRJ12"),
    ]
    assert {lot.deadline for lot in notice.lots} == {datetime(2024, 2, 28, 12, tzinfo=timezone(timedelta(hours=2)))}


@needs_real_notices
def test_l_exemple_aux_cent_lots_a_cent_lots() -> None:
    [hundred] = [notice for name, notice in real("eforms_sdk_examples").items() if "100_lots" in name]
    assert [lot.id for lot in hundred.lots] == [str(number) for number in range(1, 101)]


def test_une_date_limite_illisible_est_signalee() -> None:
    """A deadline lost in silence would make a lot look open for months."""
    notice = written("eforms_16_deux_lots.xml", ("<cbc:EndDate>2024-02-28+02:00", "<cbc:EndDate>2026-13-45"))
    assert any("date limite illisible (« 2026-13-45 »)" in warning for warning in notice.warnings)
