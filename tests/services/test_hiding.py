"""A firm that opposes diffusion is measured from its commune at once, wherever its distance is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from config.pipeline import start
from consortia.models import Outcome
from geo.domain.mercator import cell_of
from geo.domain.point import Point
from matchmaker.domain.pair import road_m
from matchmaker.domain.query import IndexedFirm, LotQuery
from matchmaker.domain.score import PARTS, Parts, total
from matchmaker.models import Firm, Lot, PendingChange, SupplyCell
from matchmaker.reference import reference
from matchmaker.rematch import rematch
from matchmaker.snapshot import current, fresh
from matchmaker.supply_cells import FINEST, refresh_supply
from tests.factories import (
    AS_OF,
    make_commune,
    make_firm,
    make_lot,
    make_outcome,
    make_proposal,
    make_run,
    point,
)
from tests.services.test_rematch import as_if_all_were_matched, state


@pytest.fixture
def quiet(reference: None) -> Lot:
    """A lot of 120 000 euros a year and twenty-two firms at the same place."""
    lot = make_lot()
    for n in range(22):
        make_firm(f"N{n:02}", capacity_eur=(122 - n) * 1_000)
    make_run(AS_OF)
    fresh(False)
    rematch()
    return lot


def masked_km(lot: Lot, firm: Firm) -> float:
    """Road distance from the commune of the firm to the lot."""
    assert firm.commune is not None
    seen = IndexedFirm(firm.pk, Point(firm.commune.point.x, firm.commune.point.y), ("T01",), 1.0, 0)
    return road_m(seen, LotQuery((), Point(lot.point.x, lot.point.y)), reference()["distance.road_factor"]) / 1000.0


@pytest.mark.django_db
class TestAFirmThatOpposesDiffusion:
    """Distances tell a place: from the moment it opposes, all that is kept of it is measured from its commune."""

    @pytest.fixture
    def firm(self, quiet: Lot) -> Firm:
        """At its own address, fifteen kilometres from the point of its commune."""
        return make_firm("Chez elle", point=point(lon=5.7245, lat=45.3235), capacity_eur=900_000)

    def oppose(self, firm: Firm) -> None:
        firm.diffusion = "P"
        firm.save()
        rematch()

    def test_in_the_matches_of_open_lots(self, quiet: Lot, firm: Firm) -> None:
        rematch()
        assert quiet.matches.get(firm=firm).distance_km > 15
        self.oppose(firm)
        assert quiet.matches.get(firm=firm).distance_km == masked_km(quiet, firm)
        assert state() == as_if_all_were_matched()

    def test_in_the_matches_of_closed_lots_which_keep_the_rest_of_their_answer(self, quiet: Lot, firm: Firm) -> None:
        rematch()
        quiet.deadline = timezone.now() - timedelta(days=400)
        quiet.save()
        rematch()
        others = list(quiet.matches.exclude(firm=firm).values_list("firm_id", "score", "distance_km"))
        exact = quiet.matches.get(firm=firm)
        self.oppose(firm)
        kept = quiet.matches.get(firm=firm)
        assert kept.distance_km == masked_km(quiet, firm)
        assert kept.distance_part == reference().formula.decay(kept.distance_km / kept.radius_km) > exact.distance_part
        assert kept.score == total(Parts(*(getattr(kept, f"{part}_part") for part in PARTS)), reference().formula)
        assert list(quiet.matches.exclude(firm=firm).values_list("firm_id", "score", "distance_km")) == others
        assert [m.rank for m in quiet.matches.order_by("-score", "firm_id")] == list(range(1, 24))

    def test_a_closed_lot_forgets_it_when_its_commune_is_out_of_reach(self, quiet: Lot, firm: Firm) -> None:
        firm.commune = make_commune("38540")
        firm.save()
        rematch()
        assert quiet.matches.filter(firm=firm).exists()
        quiet.deadline = timezone.now() - timedelta(days=400)
        quiet.save()
        rematch()
        self.oppose(firm)
        assert not quiet.matches.filter(firm=firm).exists()
        assert [m.rank for m in quiet.matches.order_by("rank")] == list(range(1, 23))

    def test_in_the_snapshot_even_where_no_lot_is_open(self, quiet: Lot, firm: Firm) -> None:
        rematch()
        Lot.objects.all().delete()
        self.oppose(firm)
        place = make_commune("38185").point
        assert current(False).firms([firm.pk])[firm.pk].point.metres() == Point(place.x, place.y).metres()

    def test_on_the_map_of_the_supply(self, quiet: Lot, firm: Firm) -> None:
        rematch()
        refresh_supply()
        exact = cell_of(firm.point.x, firm.point.y, FINEST)
        there = SupplyCell.objects.filter(zoom=FINEST, x=exact.x, y=exact.y, fictitious=False)
        assert there.exists()
        self.oppose(firm)
        assert not there.exists()

    def test_in_the_groupings_of_closed_lots(self, quiet: Lot, firm: Firm) -> None:
        rematch()
        quiet.deadline = timezone.now() - timedelta(days=400)
        quiet.save()
        rematch()
        lender = make_firm("Elle aussi", point=firm.point, trades=["T44"], inclusive_kind="AI")
        other = Firm.objects.get(name="N00")
        proposal = make_proposal(quiet, [firm, other], [0.6, 0.4])
        proposal.measures = {"km": 99.0, "farthest_km": 99.0, "apart_km": 99.0}
        proposal.save()
        told = {"siret": lender.siret, "km": 19.5}
        make_outcome(
            quiet,
            hours_suppliers=[told | {"hours": 100}],
            partners=[told | {"vacancies": 2}],
            subcontract={"members": [], "subcontractors": [told]},
        )
        Firm.objects.filter(pk=lender.pk).update(diffusion="P")
        self.oppose(firm)
        assert proposal.members.get(firm=firm).distance_km == masked_km(quiet, firm)
        assert proposal.members.get(firm=other).distance_km > 0
        outcome = Outcome.objects.get(lot=quiet)
        assert outcome.hours_suppliers == [{"siret": lender.siret, "hours": 100, "km": 0.0}]
        assert outcome.partners == [{"siret": lender.siret, "vacancies": 2, "km": 0.0}]
        assert outcome.subcontract["subcontractors"] == [{"siret": lender.siret, "km": 0.0}]
        proposal.refresh_from_db()
        members = [member.distance_km for member in proposal.members.all()]
        assert proposal.measures["km"] == pytest.approx(sum(members), abs=0.1)
        assert proposal.measures["apart_km"] < 99

    def test_when_it_is_closed_already(self, quiet: Lot, firm: Firm) -> None:
        rematch()
        quiet.deadline = timezone.now() - timedelta(days=400)
        quiet.save()
        firm.active = False
        firm.save()
        rematch()
        self.oppose(firm)
        assert quiet.matches.get(firm=firm).distance_km == masked_km(quiet, firm)

    @pytest.mark.parametrize("named", [True, False], ids=["one by one", "too many at once"])
    def test_by_a_full_run(self, quiet: Lot, firm: Firm, named: bool) -> None:
        rematch()
        quiet.deadline = timezone.now() - timedelta(days=400)
        quiet.save()
        firm.diffusion = "P"
        firm.save()
        if not named:
            PendingChange.objects.all().delete()
            PendingChange.objects.create()
        start(AS_OF, inline=True, force=True)
        assert quiet.matches.get(firm=firm).distance_km == masked_km(quiet, firm)
