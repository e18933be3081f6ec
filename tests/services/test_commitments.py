"""Awards meet firms: who won what, what it leaves them, what lots without amount may be worth."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from matchmaker.commitments import commitments_of, refresh_commitments
from matchmaker.domain.commitments import Commitments
from matchmaker.explain import capacity_of
from matchmaker.impute import impute_lots
from matchmaker.ingest import ingest_awards
from matchmaker.models import Award, AwardHolder, Firm, Lot
from tests.factories import make_buyer, make_firm, make_lot, make_tender, siret
from tests.services.conftest import checksum
from tests.sources.decp_data import NET, VITRES, contract, national

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]
ON = date(2026, 11, 23)
BRANCH = siret(950)


def won(tmp_path: Path, *contracts: Any) -> None:
    ingest_awards(national(tmp_path / "decp.json", contracts))


def firm(number: str = NET, **more: Any) -> Firm:
    facts = {"siret": number, "headcount_band": "12", "headcount_year": 2024, "declared_trades": ["T01"]}
    return make_firm(f"Net {number[-5:]}", **(facts | more))


def of(known: Firm) -> Firm:
    known.refresh_from_db()
    return known


def test_a_firms_contracts_lower_its_capacity_and_are_told(tmp_path: Path) -> None:
    net = firm()
    refresh_commitments(ON)
    before = capacity_of(net, ON).mid_eur
    won(tmp_path, contract(dateNotification="2025-03-02", montant=240000, dureeMois=24))
    assert refresh_commitments(ON) == 1
    assert (of(net).notified_eur, net.ending_eur, net.awards_known, net.experience) == (120_000, 120_000, 1, 1)
    won(
        tmp_path,
        contract(dateNotification="2025-03-02", montant=240000, dureeMois=48, datePublicationDonnees="2026-11-01"),
    )
    refresh_commitments(ON)
    assert (of(net).notified_eur, net.ending_eur) == (60_000, 0)
    assert net.capacity_mid_eur == capacity_of(net, ON).mid_eur < before
    assert any("60 000 € par an de marchés notifiés depuis" in step for step in capacity_of(net, ON).steps)


def test_refreshing_again_changes_nothing(tmp_path: Path) -> None:
    firm()
    won(tmp_path, contract())
    assert refresh_commitments(ON) == 1
    before = checksum(Firm)
    assert refresh_commitments(ON) == 0
    assert checksum(Firm) == before


def test_a_contract_over_leaves_the_figures_but_stays_a_reference(tmp_path: Path) -> None:
    net = firm()
    won(tmp_path, contract())
    refresh_commitments(ON)
    assert of(net).notified_eur == 60_000
    refresh_commitments(date(2030, 1, 1))
    assert (of(net).notified_eur, net.awards_known) == (0, 1)


def test_a_withdrawn_award_is_forgotten(tmp_path: Path) -> None:
    net = firm()
    won(tmp_path, contract())
    refresh_commitments(ON)
    Award.objects.all().delete()
    assert refresh_commitments(ON) == 1
    assert (of(net).notified_eur, net.awards_known, net.experience) == (0, 0, None)


def test_co_holders_share_equally(tmp_path: Path) -> None:
    first, second = firm(), firm(VITRES)
    won(tmp_path, contract("G", NET, VITRES, typeGroupementOperateurs="Conjoint"))
    refresh_commitments(ON)
    assert of(first).notified_eur == of(second).notified_eur == 30_000


def test_an_unknown_establishment_falls_back_on_its_head_office(tmp_path: Path) -> None:
    siren = NET[:9]
    office = firm(f"{siren}00100", head_office=True)
    firm(f"{siren}00200")
    won(tmp_path, contract())
    refresh_commitments(ON)
    assert AwardHolder.objects.get().firm == office


def test_or_on_its_only_establishment_and_never_on_one_of_several(tmp_path: Path) -> None:
    siren = NET[:9]
    only = firm(f"{siren}00100")
    won(tmp_path, contract())
    refresh_commitments(ON)
    assert AwardHolder.objects.get().firm == only
    firm(f"{siren}00200")
    refresh_commitments(ON)
    assert AwardHolder.objects.get().firm is None
    exact = firm(NET)
    refresh_commitments(ON)
    assert AwardHolder.objects.get().firm == exact


def test_real_awards_never_meet_fictitious_firms(tmp_path: Path) -> None:
    net = firm(fictitious=True)
    won(tmp_path, contract())
    refresh_commitments(ON)
    assert of(net).awards_known == 0


def test_what_a_source_says_of_references_wins_over_the_count(tmp_path: Path) -> None:
    net = firm(references=7)
    won(tmp_path, contract())
    refresh_commitments(ON)
    assert of(net).experience == 7


def test_an_award_notice_of_a_contract_in_decp_counts_once(tmp_path: Path) -> None:
    net = firm()
    won(tmp_path, contract())
    decp = Award.objects.get()
    same = {"buyer": decp.buyer, "notified_on": date(2026, 3, 20), "ends_on": decp.ends_on, "annual_eur": 60_000}
    twin = Award.objects.create(source="ted", uid="ted-1", record_hash="x", **same)
    AwardHolder.objects.create(award=twin, position=1, siret=NET, siren=NET[:9], annual_eur=60_000)
    refresh_commitments(ON)
    assert (of(net).notified_eur, net.awards_known) == (60_000, 1)


def test_for_a_given_start_the_figures_are_exact(tmp_path: Path) -> None:
    net = firm()
    won(tmp_path, contract(dateNotification="2025-03-02", dureeMois=36))  # until 2 March 2028
    refresh_commitments(ON)
    assert commitments_of(of(net), on=ON, start=date(2027, 6, 1)) == Commitments(0, 40_000)
    assert commitments_of(net, on=ON, start=date(2028, 3, 3)) == Commitments(40_000, 40_000)


# --- lots without amount --------------------------------------------------------------------------


def comparable(tmp_path: Path, count: int = 15) -> None:
    won(
        tmp_path,
        *(
            contract(f"C{n}", acheteur={"id": siret(2_000 + n)}, montant=40_000 + 10_000 * n, dureeMois=24)
            for n in range(count)
        ),
    )


def test_a_lot_without_amount_gets_a_range_and_its_basis(tmp_path: Path) -> None:
    comparable(tmp_path)
    adapted = make_tender(procedure="mapa")
    lot = make_lot(tender=adapted, amount_eur=None, cpvs=["90911200"], duration_months=24)
    known = make_lot(amount_eur=99_000, cpvs=["90911200"])
    assert impute_lots() == 1
    lot.refresh_from_db()
    assert lot.imputed_mid_eur == 110_000
    assert 40_000 < lot.imputed_low_eur < 110_000 < lot.imputed_high_eur < 180_000
    assert lot.imputed_basis.startswith("15 marchés comparables : CPV 90911200")
    assert lot.amount_eur is None
    known.refresh_from_db()
    assert known.imputed_mid_eur is None
    assert impute_lots() == 0


def test_a_published_amount_or_lost_comparables_lift_the_estimation(tmp_path: Path) -> None:
    comparable(tmp_path)
    lots = [make_lot(tender=make_tender(procedure="mapa"), amount_eur=None, cpvs=["90911200"]) for _ in range(2)]
    impute_lots()
    Lot.objects.filter(pk=lots[0].pk).update(amount_eur=50_000)
    assert impute_lots() == 1
    Award.objects.all().delete()
    assert impute_lots() == 1
    assert not Lot.objects.exclude(imputed_mid_eur=None, imputed_basis="").exists()


def test_a_european_lot_is_not_compared_with_adapted_procedures(tmp_path: Path) -> None:
    comparable(tmp_path)
    lot = make_lot(tender=make_tender(procedure="open"), amount_eur=None, cpvs=["90911200"])
    assert impute_lots() == 0
    Award.objects.update(procedure="Appel d'offres ouvert")
    assert impute_lots() == 1
    lot.refresh_from_db()
    assert "procédures formalisées ; ordre de grandeur peu sûr" in lot.imputed_basis


def test_fictitious_lots_are_compared_with_fictitious_awards_only(tmp_path: Path) -> None:
    comparable(tmp_path)
    tender = make_tender(fictitious=True, buyer=make_buyer(), procedure="mapa")
    make_lot(tender=tender, amount_eur=None, cpvs=["90911200"])
    assert impute_lots() == 0
