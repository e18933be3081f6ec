"""All that is stored of groupings is checked again by the rules; a row that breaks one is told."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from consortia.build import build_lots
from consortia.models import Member, Outcome, Proposal
from consortia.verify import verify
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot
from tests.factories import make_firm, make_lot

pytestmark = pytest.mark.django_db
TOWNS = ("38185", "38421", "38151", "38169", "38229", "38382")


@pytest.fixture
def stored(places: None) -> None:
    """Lots of every end: groupings of one and two trades, reserved with a sub-contractor, none, without amount."""
    for n in range(6):
        make_firm(f"Propreté {n}", commune_code=TOWNS[n], capacity_eur=65_000 + n, references=3, trades=["T01", "T04"])
        make_firm(f"Tremplin {n}", commune_code=TOWNS[n], capacity_eur=32_000, references=3, inclusive_kind="EI")
    make_lot()
    make_lot(cpvs=["90911200", "77310000"], amount_eur=300_000)
    make_lot(reservation="siae", amount_eur=240_000)
    make_lot(amount_eur=4_000_000)
    make_lot(amount_eur=None)
    ids = list(Lot.objects.values_list("pk", flat=True))
    match_lots(ids)
    build_lots(ids)


@pytest.mark.usefixtures("stored")
def test_what_a_run_stores_breaks_no_rule() -> None:
    found = verify()
    assert found.faults == []
    assert (found.lots, found.proposals, found.members) == (5, Proposal.objects.count(), Member.objects.count())
    assert found.proposals > 20
    out = StringIO()
    call_command("check_groupings", stdout=out)
    assert "aucun n'enfreint une règle" in out.getvalue()


def stolen_share() -> None:
    member = Member.objects.filter(position=1)[0]
    Member.objects.filter(pk=member.pk).update(by_trade={next(iter(member.by_trade)): member.amount_eur - 1})


def ineligible_holder() -> None:
    outcome = Outcome.objects.exclude(subcontract={})[0]
    outcome.subcontract["members"][0]["siret"] = Firm.objects.filter(inclusive_kind="")[0].siret
    outcome.save()


CHANGES: dict[str, tuple[Callable[[], object], str]] = {
    "a euro less": (stolen_share, "répartis pour"),
    "less capacity": (lambda: Firm.objects.update(capacity_low_eur=0, capacity_mid_eur=1_000), "capacité libre"),
    "no mandataire": (lambda: Member.objects.update(mandataire=False), "un mandataire"),
    "not the best first": (lambda: Proposal.objects.filter(rank=1).update(names=[]), "noms inattendus"),
    "ess in name only": (lambda: Proposal.objects.filter(rank=1).update(names=["best", "ess"]), "dit de l'ESS"),
    "no trial": (lambda: Proposal.objects.update(replay=[]), "mis à l'épreuve"),
    "a proposal too few": (lambda: Proposal.objects.all().delete(), "0 groupements pour un lot conclu"),
    "not eligible": (ineligible_holder, "R6"),
}


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("change", CHANGES)
def test_a_row_that_breaks_a_rule_is_told(change: str) -> None:
    spoil, words = CHANGES[change]
    spoil()
    assert any(words in fault for fault in verify().faults)
    with pytest.raises(CommandError, match="défauts"):
        call_command("check_groupings", stdout=StringIO())


@pytest.mark.usefixtures("stored")
def test_lots_whose_groupings_are_being_sought_again_are_not_judged() -> None:
    Proposal.objects.all().delete()
    Outcome.objects.update(matched_at=None)
    assert verify().lots == 0
