"""Contracts won become evidence: counted once, by trade and kind of buyer, for the firm that won them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from matchmaker.commitments import refresh_commitments
from matchmaker.domain.award import add_months
from matchmaker.domain.evidence import COMMUNE, DEPARTEMENT, STATE, buyer_kind
from matchmaker.evidence import refresh_evidence
from matchmaker.ingest import ingest_awards, refresh_firms
from matchmaker.ingest.rows import known_hash
from matchmaker.match import supply_version
from matchmaker.models import Award, AwardHolder, Buyer, Firm, ReferenceRow
from matchmaker.refresh import refresh_from_awards
from tests.factories import make_firm, siret
from tests.services.conftest import checksum
from tests.sources.decp_data import NET, VITRES, contract, national

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]
ON = date(2026, 11, 23)
TOWN = "21380185500015"  # a commune, by its SIREN
COUNTY = "22380001200013"
PRISONS = "11001001600018"  # the State
ROW = {"siret": NET, "kind": "EI", "name": "Net et Clair", "naf": "8121Z", "post_code": "38000", "city": "Grenoble"}


def won(tmp_path: Path, *contracts: Any, **more: Any) -> None:
    ingest_awards(national(tmp_path / "decp.json", contracts), **more)


def firm(number: str = NET, **more: Any) -> Firm:
    return make_firm(f"Net {number[-5:]}", **({"siret": number, "declared_trades": ["T01"]} | more))


def wins(known: Firm) -> dict[str, list[int]]:
    refresh_from_awards(ON)
    known.refresh_from_db()
    return known.wins


def test_contracts_won_count_by_trade_with_the_kinds_of_their_buyers(tmp_path: Path) -> None:
    net = firm()
    won(
        tmp_path,
        contract("A", acheteur={"id": TOWN}),
        contract("B", acheteur={"id": COUNTY}),
        contract("C", acheteur={"id": PRISONS}, codeCPV="45442100-8"),
    )
    assert wins(net) == {"T01": [2, COMMUNE | DEPARTEMENT], "T07": [1, STATE]}


def test_a_code_too_vague_proves_no_trade(tmp_path: Path) -> None:
    net = firm()
    won(tmp_path, contract("A", codeCPV="45000000-7"))
    assert wins(net) == {}


def test_a_contract_older_than_the_years_that_count_or_yet_to_come_is_no_evidence(tmp_path: Path) -> None:
    net = firm()
    years = round(float(ReferenceRow.objects.get(table="parameter", key="evidence.years").values["value"]))
    first = add_months(ON, -12 * years)
    won(
        tmp_path,
        contract("OLD", dateNotification=first.replace(day=first.day - 1).isoformat()),
        contract("FIRST", dateNotification=first.isoformat()),
        contract("LATER", dateNotification="2026-11-24"),
    )
    assert wins(net)["T01"][0] == 1


def test_each_member_of_a_grouping_has_won(tmp_path: Path) -> None:
    first, second = firm(), firm(VITRES)
    won(tmp_path, contract("G", NET, VITRES, typeGroupementOperateurs="Conjoint"))
    assert wins(first) == wins(second) == {"T01": [1, buyer_kind(siret(901))]}


def test_an_award_notice_of_a_contract_in_decp_counts_once(tmp_path: Path) -> None:
    net = firm()
    won(tmp_path, contract())
    decp = Award.objects.get()
    twin = Award.objects.create(
        source="ted", uid="t", record_hash="x", buyer=decp.buyer, notified_on=date(2026, 3, 20), trades=["T01"]
    )
    AwardHolder.objects.create(award=twin, position=1, siret=NET, siren=NET[:9])
    assert wins(net)["T01"][0] == 1
    Award.objects.filter(pk=twin.pk).update(notified_on=date(2025, 3, 20))  # another contract, a year before
    assert wins(net)["T01"][0] == 2


def test_two_holders_of_one_contract_that_are_one_firm_count_once(tmp_path: Path) -> None:
    net = firm()
    won(tmp_path, contract("A", NET, f"{NET[:9]}00100"))
    assert wins(net)["T01"][0] == 1


def test_a_buyer_without_number_leaves_the_kind_unknown(tmp_path: Path) -> None:
    net = firm()
    won(tmp_path, contract())
    Buyer.objects.update(siret="")
    assert wins(net) == {"T01": [1, 0]}


def test_the_kinds_counted_in_the_database_are_those_of_the_domain(tmp_path: Path) -> None:
    """Every first digit pair a SIREN may have."""
    numbers = [f"{prefix:02d}{'0' * 12}" for prefix in range(100)]
    firms = []
    for place, number in enumerate(numbers):
        buyer = Buyer.objects.create(key=number, name=number, siret=number)
        award = Award.objects.create(
            source="decp", uid=number, record_hash="x", buyer=buyer, notified_on=ON, trades=["T01"]
        )
        firms.append(make_firm(f"Firme {place}"))
        AwardHolder.objects.create(award=award, position=1, siret=firms[-1].siret, siren=firms[-1].siren)
    refresh_from_awards(ON)
    kept = dict(Firm.objects.values_list("pk", "wins"))
    assert [kept[one.pk]["T01"][1] for one in firms] == [buyer_kind(number) for number in numbers]


def test_fictitious_firms_and_real_awards_never_meet(tmp_path: Path) -> None:
    net = firm(fictitious=True)
    won(tmp_path, contract())
    assert wins(net) == {}
    Award.objects.all().delete()
    won(tmp_path, contract(), fictitious=True)
    assert wins(net)["T01"][0] == 1


def test_a_withdrawn_award_is_forgotten(tmp_path: Path) -> None:
    net = firm()
    won(tmp_path, contract())
    assert wins(net)
    Award.objects.all().delete()
    assert wins(net) == {}


def test_a_change_makes_another_supply_and_no_change_costs_two_queries(
    tmp_path: Path, django_assert_num_queries: CaptureQueriesContext
) -> None:
    firm()
    won(tmp_path, contract())
    refresh_commitments(ON)
    before = supply_version(False)
    assert refresh_evidence(ON) == 1
    after = supply_version(False)
    assert after != before
    content = checksum(Firm)
    with django_assert_num_queries(2):
        assert refresh_evidence(ON) == 0
    assert supply_version(False) == after
    assert checksum(Firm) == content


def test_wins_survive_another_import_and_a_new_deduction(tmp_path: Path, table: Any) -> None:
    net = firm()
    won(tmp_path, contract())
    kept = wins(net)
    table(ROW)
    ReferenceRow.objects.filter(table="parameter", key="capacity.growth").update(values={"value": "0.25"}, edited=True)
    refresh_firms(ON)
    net.refresh_from_db()
    assert net.name == "Net et Clair"
    assert net.wins == kept
    assert refresh_evidence(ON) == 0


def test_wins_alone_make_no_row_differ_from_its_source(tmp_path: Path, table: Any) -> None:
    """A table imported again after contracts were won changes nothing."""
    table(ROW)
    won(tmp_path, contract())
    refresh_from_awards(ON)
    net = Firm.objects.get()
    assert net.wins
    mark = known_hash(net)
    assert table(ROW).changed == 0
    net.refresh_from_db()
    assert known_hash(net) == mark
