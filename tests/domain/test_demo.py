"""The demo territory: fictitious, lawful, in the formats of the real sources, and always the same."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from matchmaker.demo.firms import HEADER, DemoFirm, firms_csv, make_firms
from matchmaker.demo.identifiers import BLOCK, buyer_siret, firm_siret, is_luhn
from matchmaker.demo.notices import make_notices
from matchmaker.demo.places import NUTS3, Territory, km_between
from matchmaker.demo.supply import Supply
from matchmaker.demo.texts import ACTS, LABEL, THEMES
from matchmaker.demo.ubl import RESERVED_CODES, notice_xml
from matchmaker.demo.write import FolderTakenError, write_demo
from matchmaker.domain.award import AwardRecord
from matchmaker.domain.eligibility import r5_objections
from matchmaker.domain.firm import FirmRecord
from matchmaker.domain.insertion import yearly
from matchmaker.domain.notice import Notice, NoticeLot, Reservation
from matchmaker.domain.reference import Reference, build_reference
from matchmaker.domain.siret import is_valid_siret
from matchmaker.reference import shipped_tables
from matchmaker.sources.decp import read_awards
from matchmaker.sources.files import RawDocument
from matchmaker.sources.firms import read_firms
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.registers import mapping_of
from tests.domain.demo_towns import TOWNS

AS_OF = date(2026, 11, 23)
SEED = 2026
NS = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "efac": "http://data.europa.eu/p27/eforms-ubl-extension-aggregate-components/1",
}


@cache
def reference() -> Reference:
    return build_reference("shipped", shipped_tables())


@cache
def firms() -> tuple[DemoFirm, ...]:
    return tuple(make_firms(5000, SEED, Territory(TOWNS), reference(), AS_OF))


@cache
def rows() -> tuple[dict[str, str], ...]:
    return tuple(csv.DictReader(io.StringIO(firms_csv(firms()))))


@cache
def notices() -> tuple[Notice, ...]:
    return tuple(make_notices(500, SEED, Territory(TOWNS), firms(), reference(), AS_OF))


def lots() -> list[NoticeLot]:
    return [lot for notice in notices() for lot in notice.lots]


def share(values: list[bool]) -> float:
    return sum(values) / len(values)


# --- numbers nobody has --------------------------------------------------------------------------


@given(st.integers(0, 2_000_000), st.integers(1, 9))
def test_no_number_leaves_the_unused_block(rank: int, establishment: int) -> None:
    """Every firm's SIRET passes the Luhn key and sits in the 999 block, however many firms are asked."""
    siret = firm_siret(rank, establishment)
    assert siret.startswith(BLOCK)
    assert len(siret) == 14
    assert is_luhn(siret)
    assert is_luhn(siret[:9])
    assert is_valid_siret(siret)


def test_buyers_and_firms_never_share_a_number() -> None:
    """Buyers keep the first numbers of the block; past them a clear refusal."""
    numbers = {buyer_siret(rank) for rank in range(200)} | {firm_siret(rank) for rank in range(120_000)}
    assert len(numbers) == 120_200
    with pytest.raises(ValueError, match="acheteurs"):
        buyer_siret(1_000_000)


# --- firms ---------------------------------------------------------------------------------------


def test_header_is_exactly_the_agreed_one() -> None:
    assert firms_csv(firms()).splitlines()[0] == HEADER
    assert HEADER.count(",") == 29


def test_as_many_firms_as_asked_each_once() -> None:
    assert len(rows()) == 5000
    assert len({row["siret"] for row in rows()}) == 5000
    assert all(is_valid_siret(row["siret"]) for row in rows())
    assert {row["fictif"] for row in rows()} == {"1"}
    assert all("(fictif)" in row["denominationUniteLegale"] for row in rows())


def test_every_firm_is_in_a_real_commune_and_a_few_km_from_its_point() -> None:
    towns = {town.code: town for town in TOWNS}
    for firm in firms():
        town = towns[firm.town.code]
        assert firm.postcode in town.postcodes
        if firm.point:
            lons, lats = Territory([town]).lon, Territory([town]).lat
            assert km_between(*firm.point, lons, lats)[0] < 5


def test_places_follow_the_population() -> None:
    """Nantes holds a fifth of the people of the test territory, and about a fifth of the firms."""
    people = sum(town.population for town in TOWNS)
    counts = Counter(row["codeCommuneEtablissement"] for row in rows())
    assert counts["44109"] / 5000 == pytest.approx(325000 / people, abs=0.03)


def test_proportions_of_firms() -> None:
    social = [firm for firm in firms() if firm.profile != "ordinary"]
    assert share([firm.profile != "ordinary" for firm in firms()]) == pytest.approx(0.18, abs=0.025)
    assert share([bool(firm.declaration.trades) for firm in social]) == pytest.approx(0.5, abs=0.08)
    assert share([row["statutDiffusionEtablissement"] == "P" for row in rows()]) == pytest.approx(0.06, abs=0.015)
    assert share([row["etatAdministratifEtablissement"] == "F" for row in rows()]) == pytest.approx(0.02, abs=0.01)
    assert share([not row["longitude"] for row in rows()]) == pytest.approx(0.03, abs=0.01)
    small = {"NN", "00", "01", "02", "03"}
    assert share([row["trancheEffectifsEtablissement"] in small for row in rows()]) > 0.7
    kinds = Counter(row["typeInclusif"] for row in rows())
    assert {"EI", "ACI", "AI", "ETTI", "EA", "ESAT", "EATT", "GEIQ"} < set(kinds)
    assert kinds["ACI"] > kinds["AI"] > kinds["EATT"]


def test_codes_are_those_of_the_tables() -> None:
    nafs = {naf for trade in reference().trades.values() for naf in trade.nafs} | {"94.99Z", "88.99B", "88.10C"}
    for row in rows():
        assert row["activitePrincipaleEtablissement"] in nafs
        assert row["trancheEffectifsEtablissement"] in reference().bands
        assert set(filter(None, row["metiersDeclares"].split("|"))) <= set(reference().trades)
        assert not row["typeInclusif"] or row["typeInclusif"] in reference().kinds
        assert bool(row["placesAutorisees"]) == (row["typeInclusif"] == "ESAT")
        assert bool(row["dateDeclaration"]) == bool(row["metiersDeclares"])


def test_vague_associations_often_declare_what_they_do() -> None:
    vague = [firm for firm in firms() if firm.naf in ("94.99Z", "88.99B") and firm.trade != "T39"]
    assert len(vague) > 80
    assert share([bool(firm.declaration.trades) for firm in vague]) > 0.5


def test_some_legal_units_have_several_establishments() -> None:
    units = Counter(row["siret"][:9] for row in rows())
    assert 50 < sum(count > 1 for count in units.values()) < 400


def test_our_reader_gives_back_what_was_generated(tmp_path: Path) -> None:
    """No row refused, no warning, and every declared fact comes back."""
    file = tmp_path / "firms.csv"
    file.write_text(firms_csv(firms()), encoding="utf-8", newline="")
    for record, firm in zip(read_firms(file, mapping_of(file)), firms(), strict=True):
        assert isinstance(record, FirmRecord)
        assert record.warnings == ()
        assert record.fictitious
        assert (record.siret, record.name, record.naf) == (firm.siret, firm.name, firm.naf)
        assert (record.inclusive_kind, record.places) == (firm.kind, firm.places)
        assert (record.partial_diffusion, record.active) == (firm.partial, not firm.closed)
        said = firm.declaration
        assert record.declared_trades == said.trades
        assert (record.declared_free_fte, record.declared_on) == (said.free_fte, said.on)
        assert (record.declared_radius_km, record.references) == (said.radius_km, firm.references)
        assert (record.commune_code, record.turnover_eur) == (firm.town.code, firm.turnover_eur)
        assert (record.point is None) == (firm.point is None)


# --- notices -------------------------------------------------------------------------------------


def test_exactly_the_lots_asked_in_consultations_of_one_to_eight() -> None:
    assert len(lots()) == 500
    assert {len(notice.lots) for notice in notices()} == set(range(1, 9))
    assert len({notice.id for notice in notices()}) == len(notices())
    assert all(notice.version == "01" and is_valid_siret(notice.buyer.national_id) for notice in notices())


def test_everything_says_that_it_is_fictitious() -> None:
    for notice in notices():
        assert notice.description.startswith(LABEL)
        assert notice.buyer.name.endswith("(acheteur fictif)")
        assert notice.buyer.national_id.startswith(BLOCK)
        assert all(lot.description.startswith(LABEL) for lot in notice.lots)


def test_proportions_of_lots() -> None:
    assert share([lot.amount_eur is None for lot in lots()]) == pytest.approx(0.12, abs=0.05)
    assert share([len(lot.cpvs) > 1 for lot in lots()]) == pytest.approx(0.15, abs=0.05)
    assert share([bool(lot.social) for lot in lots()]) == pytest.approx(0.3, abs=0.07)
    assert share([bool(lot.green) for lot in lots()]) == pytest.approx(0.5, abs=0.07)
    kinds = Counter(lot.reservation for lot in lots())
    assert kinds[Reservation.EA_ESAT_SIAE] / 500 == pytest.approx(0.12, abs=0.04)
    assert 3 <= kinds[Reservation.ESS] <= 25
    assert sum(lot.insertion_hours is not None for lot in lots()) > 30


def test_many_trades_are_asked_for() -> None:
    mains = {cpv for lot in lots() for cpv in lot.cpvs}
    asked = {code for code, trade in reference().trades.items() if mains & set(trade.cpvs)}
    assert len(asked) >= 42
    staged = {code for code in reference().trades if code <= "T46"}  # those of the guide, where the ESS works
    assert {code for theme in THEMES for code in theme.trades} == staged == set(ACTS)


def test_dates_and_durations() -> None:
    for notice in notices():
        assert notice.dispatched_on is not None
        assert notice.published_on is not None
        assert notice.dispatched_on < notice.published_on < AS_OF
        for lot in notice.lots:
            assert lot.deadline is not None
            assert lot.deadline.utcoffset() is not None
            assert timedelta(days=6) <= lot.deadline.date() - AS_OF <= timedelta(days=75)
            assert 6 <= (lot.duration_months or 0) <= 48


def test_lots_reserved_to_the_ess_are_lawful() -> None:
    """R5: whitelisted code and three years at most."""
    for lot in lots():
        if lot.reservation is Reservation.ESS:
            assert r5_objections(lot.cpvs, lot.duration_months) == ()


def test_lots_are_within_one_firm_within_several_or_within_none() -> None:
    """About a third alone, a third to a half together, the rest too large, at the product's own capacities."""
    supply = Supply(firms(), reference(), AS_OF)
    towns = {town.name: town for town in TOWNS} | {code: town for town in TOWNS for code in town.postcodes}
    classes: Counter[str] = Counter()
    for lot in lots():
        town = towns.get(lot.places[0].city or lot.places[0].postcode)
        if town is None or lot.amount_eur is None:
            continue
        reach = supply.reach(lot.cpvs, (town.lon, town.lat), 0.0, lot.reservation)
        year = yearly(lot.amount_eur, lot.duration_months)
        solo, group = year <= reach.alone_eur, year <= reach.together_eur
        classes["alone" if solo else "together" if group else "none"] += 1
    total = sum(classes.values())
    assert 0.25 < classes["alone"] / total < 0.55
    assert 0.28 < classes["together"] / total < 0.6
    assert 0.05 < classes["none"] / total < 0.35


def test_amounts_are_skewed_like_public_contracts() -> None:
    amounts = sorted(lot.amount_eur for lot in lots() if lot.amount_eur)
    assert amounts[0] >= 5_000
    assert 100_000 < amounts[len(amounts) // 2] < 1_000_000
    assert sum(amounts) / len(amounts) > 1.2 * amounts[len(amounts) // 2]


def test_places_are_published_more_or_less_precisely() -> None:
    only_nuts = [not (lot.places[0].city or lot.places[0].postcode) for lot in lots()]
    assert share(only_nuts) == pytest.approx(0.18, abs=0.06)
    assert {notice.buyer.place.nuts for notice in notices()} <= set(NUTS3.values())
    assert len({lot.places[0].nuts for lot in lots()}) >= 5


# --- eForms --------------------------------------------------------------------------------------


def test_xml_answers_the_xpaths_of_the_domain_guide() -> None:
    """Section 8 of the guide, read with lxml and nothing of ours."""
    for notice in notices():
        root = etree.fromstring(notice_xml(notice))
        assert _texts(root, "cbc:ID") == [notice.id]
        found = root.xpath("/*/cac:ProcurementProjectLot[cbc:ID/@schemeName='Lot']", namespaces=NS)
        assert len(found) == len(notice.lots)
        limits = "cac:TenderingTerms/cac:LotDistribution/cbc:MaximumLots"
        assert _texts(root, limits + "SubmittedNumeric") == _one(notice.max_lots_bid)
        assert _texts(root, limits + "AwardedNumeric") == _one(notice.max_lots_won)
        for element, lot in zip(found, notice.lots, strict=True):
            _same(element, lot)


def _same(element: etree._Element, lot: NoticeLot) -> None:
    project, terms = "cac:ProcurementProject/", "cac:TenderingTerms/"
    address = project + "cac:RealizedLocation/cac:Address/"
    place = lot.places[0]
    assert _texts(element, "cbc:ID") == [f"LOT-{int(lot.id):04d}"]
    assert _texts(element, project + "cbc:Name") == [lot.title]
    assert _texts(element, project + "cbc:Description") == [lot.description]
    main = _texts(element, project + "cac:MainCommodityClassification/cbc:ItemClassificationCode")
    others = _texts(element, project + "cac:AdditionalCommodityClassification/cbc:ItemClassificationCode")
    assert (*main, *others) == lot.cpvs
    amounts = _texts(element, project + "cac:RequestedTenderTotal/cbc:EstimatedOverallContractAmount")
    assert [int(float(amount)) for amount in amounts] == ([lot.amount_eur] if lot.amount_eur else [])
    assert _texts(element, address + "cbc:CountrySubentityCode") == [place.nuts]
    assert _texts(element, address + "cbc:PostalZone") == _one(place.postcode or None)
    assert _texts(element, address + "cbc:CityName") == _one(place.city or None)
    assert _texts(element, project + "cac:PlannedPeriod/cbc:DurationMeasure") == [str(lot.duration_months)]
    period = "cac:TenderingProcess/cac:TenderSubmissionDeadlinePeriod/"
    (day,), (hour,) = _texts(element, period + "cbc:EndDate"), _texts(element, period + "cbc:EndTime")
    assert datetime.fromisoformat(f"{day[:10]}T{hour}") == lot.deadline
    reserved = (
        "cac:TendererQualificationRequest/cac:SpecificTendererRequirement"
        "[cbc:TendererRequirementTypeCode/@listName='reserved-procurement']/cbc:TendererRequirementTypeCode"
    )
    assert _texts(element, terms + reserved) == [RESERVED_CODES[lot.reservation]]
    for name, codes in (("environmental-impact", lot.green), ("social-objective", lot.social)):
        kind = f"cac:ProcurementAdditionalType[cbc:ProcurementTypeCode/@listName='{name}']/cbc:ProcurementTypeCode"
        assert tuple(_texts(element, project + kind)) == codes
    assert _texts(element, project + "cbc:SMESuitableIndicator") == [str(lot.sme_suitable).lower()]
    documents = "cac:CallForTendersDocumentReference/cac:Attachment/cac:ExternalReference/cbc:URI"
    assert _texts(element, terms + documents) == [lot.documents_url]


def _texts(element: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in element.findall(path, NS)] if "[" not in path else _xpath(element, path)


def _xpath(element: etree._Element, path: str) -> list[str]:
    return [found.text or "" for found in element.xpath(path, namespaces=NS)]


def _one(value: object) -> list[str]:
    return [] if value is None else [str(value)]


def test_our_parser_gives_back_what_was_generated() -> None:
    """Title, CPVs, amount, deadline, reservation, clauses, hours, buyer: the whole notice, field by field."""
    for notice in notices():
        content = notice_xml(notice)
        raw = RawDocument(name=f"{notice.id}.xml", content=content, sha256=sha256(content).hexdigest())
        assert parse_notice(raw) == notice


# --- files ---------------------------------------------------------------------------------------


def _write(folder: Path, seed: int = SEED) -> dict[str, bytes]:
    write_demo(folder, TOWNS, reference(), firms=300, lots=40, seed=seed, as_of=AS_OF)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_seed_and_date_give_the_same_bytes(tmp_path: Path) -> None:
    first, again, other = _write(tmp_path / "a"), _write(tmp_path / "b"), _write(tmp_path / "c", seed=7)
    assert first == again
    assert first["firms.csv"] != other["firms.csv"]
    assert first["awards.json"] != other["awards.json"]
    assert not set(first) & set(other) - {"firms.csv", "awards.json"}


def test_awards_are_contracts_of_demo_firms_and_read_without_a_warning(tmp_path: Path) -> None:
    _write(tmp_path)
    numbers = {row["siret"] for row in csv.DictReader(io.StringIO((tmp_path / "firms.csv").read_text("utf-8")))}
    awards = list(read_awards(tmp_path / "awards.json", amendment_ratio=1.5, facts=Counter()))
    assert len(awards) == 105
    for award in awards:
        assert isinstance(award, AwardRecord)
        assert award.warnings == ()
        assert {holder.siret for holder in award.holders} <= numbers
    assert any(len(award.holders) > 1 for award in awards)
    assert any(award.changes for award in awards)


def test_a_former_demo_is_replaced_whole_and_nothing_is_left_beside(tmp_path: Path) -> None:
    _write(tmp_path / "demo", seed=7)
    again = _write(tmp_path / "demo")
    assert again == _write(tmp_path / "fresh")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["demo", "fresh"]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thèse.odt").write_text("dix ans de travail", encoding="utf-8")
    with pytest.raises(FolderTakenError, match="autre chose"):
        _write(tmp_path)
    assert (tmp_path / "thèse.odt").read_text(encoding="utf-8") == "dix ans de travail"


def test_more_firms_leave_the_first_ones_as_they_were() -> None:
    """Streams are apart: asking for more never changes what was there."""
    few = make_firms(50, SEED, Territory(TOWNS), reference(), AS_OF)
    assert tuple(few) == firms()[:50]


def test_no_known_town_is_a_clear_refusal() -> None:
    with pytest.raises(ValueError, match="Aucune commune"):
        Territory([])
