"""Attributions, rectificatifs et renvois d'un avis à l'autre, dans les deux formats européens."""

from __future__ import annotations

from datetime import date

import pytest

from matchmaker.domain.notice import AwardOutcome, Change, LotAward, Notice, Place, Winner
from tests.sources.notice_data import needs_real_notices, real, written
from tests.sources.test_eforms import PAIRS

TED = "ted_fr_r209.tar.gz"
F02, CN = "ted_f02_deux_lots.xml", "eforms_16_deux_lots.xml"

GROUP = """<AWARD_CONTRACT ITEM="1"><CONTRACT_NO>M-1</CONTRACT_NO><LOT_NO>{lot}</LOT_NO><TITLE><P>Parcs</P></TITLE>
<AWARDED_CONTRACT><DATE_CONCLUSION_CONTRACT>2020-05-04</DATE_CONCLUSION_CONTRACT>
<TENDERS><NB_TENDERS_RECEIVED>3</NB_TENDERS_RECEIVED></TENDERS>
<CONTRACTORS><AWARDED_TO_GROUP/>
<CONTRACTOR><ADDRESS_CONTRACTOR><OFFICIALNAME>Jardins de Loire</OFFICIALNAME>
<NATIONALID>356 000 000 00048</NATIONALID><ADDRESS>1 rue Cachée</ADDRESS><TOWN>Nantes</TOWN>
<POSTAL_CODE>44200</POSTAL_CODE><COUNTRY VALUE="FR"/><E_MAIL>p@example.org</E_MAIL></ADDRESS_CONTRACTOR>
<SME/></CONTRACTOR>
<CONTRACTOR><ADDRESS_CONTRACTOR><OFFICIALNAME>Les Mains Vertes</OFFICIALNAME></ADDRESS_CONTRACTOR></CONTRACTOR>
</CONTRACTORS><VALUES><VAL_TOTAL CURRENCY="EUR">80000</VAL_TOTAL></VALUES></AWARDED_CONTRACT></AWARD_CONTRACT>"""
NOBODY = """<AWARD_CONTRACT><LOT_NO>2</LOT_NO>
<NO_AWARDED_CONTRACT><PROCUREMENT_{}/></NO_AWARDED_CONTRACT></AWARD_CONTRACT>"""


def f03(*blocks: str) -> Notice:
    """The written call, made an award notice."""
    awards = ("<COMPLEMENTARY_INFO>", "".join(blocks) + "<COMPLEMENTARY_INFO>")
    return written(F02, ('FORM="F02"', 'FORM="F03"'), awards)


# --- TED -----------------------------------------------------------------------------------------


def test_un_groupement_garde_ses_membres_leur_ville_et_leur_siret() -> None:
    notice = f03(GROUP.format(lot="1"))
    assert notice.awards == (
        LotAward(
            lot_ids=("1",),
            contract_id="M-1",
            title="Parcs",
            awarded_on=date(2020, 5, 4),
            amount_eur=80_000,
            offers=3,
            winners=(
                Winner("Jardins de Loire", "35600000000048", Place("", "44200", "Nantes", "FR"), sme=True),
                Winner("Les Mains Vertes"),
            ),
            group=True,
        ),
    )
    assert not any(trace in repr(notice) for trace in ("Cachée", "@"))


@pytest.mark.parametrize(
    ("tag", "outcome"),
    [("UNSUCCESSFUL", AwardOutcome.UNSUCCESSFUL), ("DISCONTINUED", AwardOutcome.CANCELLED)],
    ids=["infructueux", "sans suite"],
)
def test_un_lot_que_personne_ne_gagne_dit_pourquoi(tag: str, outcome: AwardOutcome) -> None:
    assert f03(NOBODY.format(tag)).awards == (LotAward(("2",), outcome),)


@pytest.mark.parametrize(
    ("published", "lots"),
    [("Lot 02", ("2",)), ("1, 2", ("1", "2")), ("1 et 2", ("1", "2")), ("9", ()), ("", ())],
)
def test_le_numéro_de_lot_de_l_attribution_désigne_les_lots_de_l_avis(published: str, lots: tuple[str, ...]) -> None:
    assert f03(GROUP.format(lot=published)).awards[0].lot_ids == lots


def test_un_contrat_sur_deux_lots_n_est_pas_réparti() -> None:
    assert [lot.amount_eur for lot in f03(GROUP.format(lot="1, 2")).lots] != [80_000, 80_000]


CHANGES = """<CHANGES><CHANGE><WHERE><SECTION>IV.2.2)</SECTION></WHERE>
<OLD_VALUE><DATE>2020-02-10</DATE><TIME>12:00</TIME></OLD_VALUE>
<NEW_VALUE><DATE>2020-02-24</DATE><TIME>12:00</TIME></NEW_VALUE></CHANGE>
<CHANGE><WHERE><SECTION>II.2.4)</SECTION><LABEL>Description</LABEL><LOT_NO>2</LOT_NO></WHERE>
<OLD_VALUE><TEXT><P>Tonte</P></TEXT></OLD_VALUE>
<NEW_VALUE><TEXT><P>Tonte et taille</P></TEXT></NEW_VALUE></CHANGE></CHANGES>"""


def test_un_rectificatif_dit_la_nouvelle_date_et_le_reste_en_mots() -> None:
    reference = "<NOTICE_NUMBER_OJ>2020/S 001-000123</NOTICE_NUMBER_OJ>"
    notice = written(
        F02,
        ('FORM="F02"', 'FORM="F14"'),
        ('DOC_ID="000123-2020"', 'DOC_ID="000456-2020"'),
        ("</COMPLEMENTARY_INFO>", f"{reference}</COMPLEMENTARY_INFO>{CHANGES}"),
    )
    assert notice.kind == "correction"
    assert notice.changes == (
        Change("deadline", "2020-02-24T12:00:00+01:00", "2020-02-10T12:00:00+01:00"),
        Change("", "Description : Tonte et taille", "Tonte", "2"),
    )
    assert notice.refers_to == ("ted-oj:2020/S 001-000123",)


# --- eForms --------------------------------------------------------------------------------------

RESULT = """<efac:NoticeResult>
<efac:LotResult><cbc:ID>RES-1</cbc:ID><cbc:TenderResultCode>selec-w</cbc:TenderResultCode>
<efac:LotTender><cbc:ID>TEN-1</cbc:ID></efac:LotTender><efac:LotTender><cbc:ID>TEN-9</cbc:ID></efac:LotTender>
<efac:ReceivedSubmissionsStatistics><efbc:StatisticsCode>tenders</efbc:StatisticsCode>
<efbc:StatisticsNumeric>4</efbc:StatisticsNumeric></efac:ReceivedSubmissionsStatistics>
<efac:TenderLot><cbc:ID>LOT-0001</cbc:ID></efac:TenderLot></efac:LotResult>
<efac:LotResult><cbc:ID>RES-2</cbc:ID><cbc:TenderResultCode>clos-nw</cbc:TenderResultCode>
<efac:DecisionReason><efbc:DecisionReasonCode>{reason}</efbc:DecisionReasonCode></efac:DecisionReason>
<efac:TenderLot><cbc:ID>LOT-0002</cbc:ID></efac:TenderLot></efac:LotResult>
<efac:LotTender><cbc:ID>TEN-1</cbc:ID>
<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">75000</cbc:PayableAmount>
</cac:LegalMonetaryTotal><efac:TenderingParty><cbc:ID>TPA-1</cbc:ID></efac:TenderingParty>
<efac:TenderLot><cbc:ID>LOT-0001</cbc:ID></efac:TenderLot></efac:LotTender>
<efac:LotTender><cbc:ID>TEN-9</cbc:ID></efac:LotTender>
<efac:SettledContract><cbc:ID>CON-1</cbc:ID><cbc:IssueDate>2024-05-04+02:00</cbc:IssueDate>
<efac:ContractReference><cbc:ID>M-1</cbc:ID></efac:ContractReference>
<efac:LotTender><cbc:ID>TEN-1</cbc:ID></efac:LotTender></efac:SettledContract>
<efac:TenderingParty><cbc:ID>TPA-1</cbc:ID>
<efac:Tenderer><cbc:ID>ORG-0003</cbc:ID></efac:Tenderer>
<efac:Tenderer><cbc:ID>ORG-0002</cbc:ID><efbc:GroupLeadIndicator>true</efbc:GroupLeadIndicator></efac:Tenderer>
<efac:SubContractor><cbc:ID>ORG-0004</cbc:ID></efac:SubContractor></efac:TenderingParty></efac:NoticeResult>"""


def company(number: str, name: str, siret: str = "") -> str:
    return (
        f"<efac:Organization><efac:Company><cbc:CompanySizeCode>small</cbc:CompanySizeCode>"
        f"<cac:PartyIdentification><cbc:ID>{number}</cbc:ID></cac:PartyIdentification>"
        f"<cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName>"
        f"<cac:PartyLegalEntity><cbc:CompanyID>{siret}</cbc:CompanyID></cac:PartyLegalEntity>"
        "</efac:Company></efac:Organization></efac:Organizations>"
    )


def can(reason: str = "no-rece") -> Notice:
    members = company("ORG-0002", "Mandataire", "35600000000048"), company("ORG-0003", "Cotraitant")
    return written(
        CN,
        ("</efac:Organizations>", members[0]),
        ("</efac:Organizations>", members[1]),
        ("</efac:Organizations>", company("ORG-0004", "Sous-traitant")),
        ("<efac:NoticeSubType>", f"{RESULT.format(reason=reason)}<efac:NoticeSubType>"),
        (">cn-standard<", ">can-standard<"),
    )


def test_l_offre_retenue_d_un_groupement_donne_ses_membres_mandataire_en_tête() -> None:
    won, nobody = can().awards
    assert (won.lot_ids, won.outcome, won.group, won.offers) == (("1",), "awarded", True, 4)
    assert (won.contract_id, won.awarded_on, won.amount_eur) == ("M-1", date(2024, 5, 4), 75_000)
    assert [(firm.name, firm.national_id, firm.sme) for firm in won.winners] == [
        ("Mandataire", "35600000000048", True),
        ("Cotraitant", "", True),
    ]
    assert (nobody.lot_ids, nobody.outcome, nobody.winners) == (("2",), "unsuccessful", ())


def test_un_lot_abandonné_par_l_acheteur_est_sans_suite() -> None:
    assert can("chan-need").awards[1].outcome is AwardOutcome.CANCELLED


def test_un_avis_modificatif_nomme_l_avis_qu_il_change() -> None:
    changed = "00000000-0000-4000-8000-0000000000ff-01"
    block = f"<efac:Changes><efbc:ChangedNoticeIdentifier>{changed}</efbc:ChangedNoticeIdentifier></efac:Changes>"
    notice = written(CN, ("<efac:NoticeSubType>", f"{block}<efac:NoticeSubType>"))
    assert notice.refers_to == (f"eforms:{changed}",)
    assert notice.aliases == ("ted:123-2024",)


# --- les vrais avis ------------------------------------------------------------------------------


@needs_real_notices
def test_les_715_attributions_du_ted_dont_79_à_des_groupements() -> None:
    """The counts of the index that goes with the data; prizes of design contests and defence apart."""
    awards = [award for notice in real(TED).values() if notice.form not in ("F13", "F18") for award in notice.awards]
    assert len(awards) == 715
    assert sum(award.group for award in awards) == 79
    assert sum(bool(award.winners) for award in awards) == 581
    assert sum(award.outcome is not AwardOutcome.AWARDED for award in awards) == 65
    assert sum(bool(award.lot_ids) for award in awards) > 0.9 * len(awards)


@needs_real_notices
def test_aucun_courriel_ni_téléphone_n_est_gardé_d_un_titulaire() -> None:
    notices = [*real(TED).values(), *real("eforms_sdk_examples").values(), *real("eforms_real").values()]
    assert not any("@" in repr(notice.awards) for notice in notices)


@needs_real_notices
@pytest.mark.parametrize(("converted", "ted"), PAIRS.items())
def test_les_deux_formats_disent_les_mêmes_attributions(converted: str, ted: str) -> None:
    """The converter drops the title of each contract of a divided notice: it repeats them all."""
    new, old = real("eforms_converted")[converted], real(TED)[ted]
    assert len(new.awards) == len(old.awards)
    for one, other in zip(new.awards, old.awards, strict=True):
        for name in ("lot_ids", "outcome", "contract_id", "awarded_on", "amount_eur", "offers", "winners", "group"):
            assert getattr(one, name) == getattr(other, name), name


@needs_real_notices
@pytest.mark.parametrize(("converted", "ted"), PAIRS.items())
def test_les_deux_formats_disent_les_mêmes_lots(converted: str, ted: str) -> None:
    """Every field but what the converter drops: towns told in words, line breaks, the offset in summer; and
    but the sheltered execution it sets by itself."""
    new, old = real("eforms_converted")[converted], real(TED)[ted]
    for one, other in zip(new.lots, old.lots, strict=True):
        assert " ".join(one.description.split()) == " ".join(other.description.split())
        assert {place.nuts for place in one.places} <= {place.nuts for place in other.places}
        for name in ("amount_shared", "social", "green", "sme_suitable", "insertion_hours", "documents_url"):
            assert getattr(one, name) == getattr(other, name), name
    for name in ("procedure", "max_lots_bid", "max_lots_won", "exclusive_grouping"):
        assert getattr(new, name) == getattr(old, name), name


@needs_real_notices
def test_le_rectificatif_réel_dit_les_codes_en_mots() -> None:
    [notice] = [notice for notice in real(TED).values() if notice.form == "F14"]
    assert [(change.field, change.new, change.old) for change in notice.changes] == [
        ("", "Code(s) CPV additionnel(s) : 66000000", "79812000"),
        ("", "Code(s) CPV additionnel(s) : 79810000", "79631000"),
    ]


def test_un_avis_sans_résultat_n_a_pas_d_attribution() -> None:
    assert written(CN).awards == written(F02).awards == ()
