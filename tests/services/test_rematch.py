"""After any change, re-matching what it touches leaves exactly what matching every open lot would."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from matchmaker.changes import waiting
from matchmaker.match import match_lots
from matchmaker.models import Firm, Lot, Match, MatchNews, PendingChange, ReferenceRow
from matchmaker.news import purge
from matchmaker.queries import open_lots
from matchmaker.rematch import rematch, rematch_lots
from matchmaker.rewrite import COLUMNS
from matchmaker.snapshot import fresh
from tests.factories import (
    AS_OF,
    COMMUNES,
    make_commune,
    make_departement,
    make_firm,
    make_lot,
    make_run,
    make_tender,
    point,
)

TRADES = ("T01", "T07", "T38")
CPVS = {"T01": "90911200", "T07": "45442100", "T38": "79714000"}
AREAS = ([], [], [], ["38"], ["26"], ["26", "38"], ["974"])
KINDS = ("", "", "", "EI", "ACI", "ESAT", "ETTI")


def state() -> list[object]:
    """Every match and every count, as stored."""
    rows = Match.objects.order_by("lot_id", "rank").values_list("lot_id", *COLUMNS)
    lots = Lot.objects.order_by("pk").values_list("pk", "supply_count", "solo_count", "match_state", "trades")
    return [list(rows), list(lots)]


def as_if_all_were_matched() -> list[object]:
    match_lots(open_lots(AS_OF).values_list("pk", flat=True))
    return state()


def some_firm(dice: random.Random, **more: Any) -> Firm:
    facts = {
        "commune_code": dice.choice(list(COMMUNES)),
        "trades": dice.sample(TRADES, dice.randint(1, 2)),
        "inclusive_kind": dice.choice(KINDS),
        "ess": dice.choice(("yes", "no", "verify")),
        "capacity_eur": dice.randrange(0, 300_000, 5_000),
        "declared_radius_km": dice.choice((None, None, 5.0, 60.0)),
        "declared_departements": dice.choice(AREAS),
        "diffusion": dice.choice("OOOP"),
    }
    return make_firm("Firme", **(facts | more))


def some_lot(dice: random.Random, **more: Any) -> Lot:
    trade = dice.choice(TRADES)
    facts = {
        "commune": make_commune(dice.choice(list(COMMUNES))),
        "cpvs": [CPVS[trade]],
        "trades": [trade],
        "amount_eur": dice.choice((None, 30_000, 240_000, 900_000)),
        "reservation": dice.choice(("none", "none", "siae", "ess")),
        "uncertainty_km": dice.choice((0.0, 3.0, 12.0)),
        "departement": dice.choice((None, make_departement(), make_departement(), make_departement("26", "Drôme"))),
        "insertion_hours": dice.choice((None, 500)),
    }
    return make_lot("Lot", **(facts | more))


@pytest.fixture
def dice(reference: None, settings: Any) -> random.Random:
    """A territory of thirty firms and a dozen open lots, matched once; only five firms a lot are kept."""
    settings.MATCHES_PER_LOT = 5
    dice = random.Random(4)
    for _ in range(30):
        some_firm(dice)
    for _ in range(12):
        some_lot(dice)
    make_run(AS_OF)
    fresh(False)
    rematch()
    return dice


def declare(dice: random.Random, firm: Firm) -> None:
    middle = dice.randrange(0, 400_000, 1_000)
    firm.capacity_low_eur, firm.capacity_mid_eur, firm.capacity_high_eur = middle // 2, middle, middle * 2
    firm.save()


def close_or_open(dice: random.Random, firm: Firm) -> None:
    firm.active = not firm.active
    firm.save()


def move(dice: random.Random, firm: Firm) -> None:
    _, lon, lat, _ = COMMUNES[dice.choice(list(COMMUNES))]
    firm.point = point(lon=lon + dice.uniform(-0.2, 0.2), lat=lat + dice.uniform(-0.2, 0.2))
    firm.save()


def change_trades(dice: random.Random, firm: Firm) -> None:
    firm.trades = dice.sample(TRADES, dice.randint(0, 3))
    firm.save()


def become(dice: random.Random, firm: Firm) -> None:
    firm.ess, firm.inclusive_kind = dice.choice(("yes", "no")), dice.choice(KINDS)
    firm.save()


def declare_area(dice: random.Random, firm: Firm) -> None:
    firm.declared_departements = dice.choice(AREAS)
    firm.save()


def move_a_lot(dice: random.Random, firm: Firm) -> None:
    """To another département, were its place the same."""
    lot = dice.choice(list(Lot.objects.all()))
    lot.departement_id = dice.choice((None, "26", "38"))
    lot.save()


def hide(dice: random.Random, firm: Firm) -> None:
    firm.diffusion = "P" if firm.diffusion == "O" else "O"
    firm.save()


def win(dice: random.Random, firm: Firm) -> None:
    Firm.objects.filter(pk=firm.pk).update(
        wins={dice.choice(TRADES): [dice.randint(1, 9), 1]}, updated_at=timezone.now()
    )


def found(dice: random.Random, firm: Firm) -> None:
    some_firm(dice)


def delete(dice: random.Random, firm: Firm) -> None:
    firm.delete()


def correct_a_lot(dice: random.Random, firm: Firm) -> None:
    lot = dice.choice(list(Lot.objects.all()))
    lot.amount_eur, lot.cpvs = dice.choice((None, 50_000, 500_000)), [CPVS[dice.choice(TRADES)]]
    lot.match_state = Lot.MatchState.PENDING
    lot.save()


def publish_a_lot(dice: random.Random, firm: Firm) -> None:
    some_lot(dice, trades=[], needs=[], match_state="pending")


def withdraw_a_lot(dice: random.Random, firm: Firm) -> None:
    dice.choice(list(Lot.objects.all())).delete()


CHANGES: list[Callable[[random.Random, Firm], None]] = [
    declare, declare_area, move_a_lot, close_or_open, move, change_trades, become, hide, win, found, delete,
    correct_a_lot, publish_a_lot, withdraw_a_lot,
]  # fmt: skip


@pytest.mark.django_db
class TestTheSameAsAFullMatching:
    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
    def test_after_one_change(self, dice: random.Random, change: Callable[[random.Random, Firm], None]) -> None:
        for _ in range(2):
            change(dice, dice.choice(list(Firm.objects.all())))
            rematch()
            assert state() == as_if_all_were_matched()

    @pytest.mark.parametrize("seed", range(4))
    def test_after_many_changes_taken_together_or_apart(self, dice: random.Random, seed: int) -> None:
        dice.seed(seed)
        for _ in range(6):
            for _ in range(dice.randint(1, 5)):
                dice.choice(CHANGES)(dice, dice.choice(list(Firm.objects.all())))
                if dice.random() < 0.3:  # a lot matched in between has seen a version that is no more
                    match_lots([dice.choice(list(Lot.objects.values_list("pk", flat=True)))])
            rematch()
            assert state() == as_if_all_were_matched()
            assert not waiting().exists()

    def test_after_two_hundred_changes_in_a_row(self, dice: random.Random) -> None:
        for number in range(200):
            dice.choice((declare_area, move_a_lot, declare_area, *CHANGES))(dice, dice.choice(list(Firm.objects.all())))
            if number % 5 == 4:
                rematch()
                assert state() == as_if_all_were_matched()

    def test_lots_far_away_in_a_declared_departement_are_found(self, dice: random.Random) -> None:
        firm = some_firm(dice, trades=["T01"], diffusion="O", capacity_eur=900_000, ess="yes", inclusive_kind="EI")
        far = make_commune("38540")  # Vienne, beyond every usual radius from Grenoble
        firm.point = make_commune("38185").point
        lot = some_lot(dice, cpvs=[CPVS["T01"]], commune=far, departement=make_departement(), uncertainty_km=0)
        for area, met in ((["73"], False), (["38", "73"], True), ([], False)):
            firm.declared_radius_km, firm.declared_departements = 10.0, area
            firm.save()
            rematch()
            assert lot.matches.filter(firm=firm).exists() == met
            assert state() == as_if_all_were_matched()

    def test_a_firm_that_moved_twice_leaves_the_place_between_too(self, dice: random.Random) -> None:
        known = {"trades": ["T01"], "diffusion": "O", "capacity_eur": 900_000, "ess": "yes", "inclusive_kind": ""}
        firm = some_firm(dice, **known, declared_radius_km=8.0, declared_departements=[])
        lot = some_lot(dice, cpvs=[CPVS["T01"]], commune=make_commune("38540"), reservation="none", uncertainty_km=0)
        rematch()
        for code in ("38540", "38185"):
            firm.point = make_commune(code).point
            firm.save()
            match_lots([lot.pk])
            if code == "38540":
                assert lot.matches.filter(firm=firm).exists()
        match_lots([lot.pk])
        rematch()
        assert not lot.matches.filter(firm=firm).exists()


@pytest.mark.django_db
class TestOnlyWhatIsTouched:
    def test_a_change_that_matters_to_no_match_is_not_even_noted(self, dice: random.Random) -> None:
        firm = Firm.objects.all()[0]
        firm.website = "https://exemple.fr"
        firm.save()
        assert not PendingChange.objects.exists()

    def test_a_lot_out_of_reach_is_not_asked_again(self, dice: random.Random) -> None:
        Lot.objects.all().delete()
        near = some_lot(dice, cpvs=[CPVS["T01"]], reservation="none", commune=make_commune("38185"))
        far = some_lot(dice, cpvs=[CPVS["T01"]], reservation="none", commune=make_commune("38540"), uncertainty_km=0)
        rematch()
        before = {lot.pk: lot.matched_at for lot in Lot.objects.all()}
        known = {"commune_code": "38185", "declared_radius_km": 10, "declared_departements": []}
        some_firm(dice, trades=["T01"], inclusive_kind="", **known)
        assert rematch().asked == 1
        assert Lot.objects.get(pk=far.pk).matched_at == before[far.pk]
        assert Lot.objects.get(pk=near.pk).matched_at > before[near.pk]

    def test_rows_that_stay_true_are_not_written_again(self, dice: random.Random) -> None:
        before = set(Match.objects.values_list("pk", flat=True))
        declare(dice, Match.objects.filter(rank=5)[0].firm)
        rematch()
        kept = before & set(Match.objects.values_list("pk", flat=True))
        assert len(kept) > len(before) / 2

    def test_nothing_waits_is_nothing_done(self, dice: random.Random) -> None:
        assert (rematch().changes, rematch().asked) == (0, 0)

    def test_lots_can_be_matched_by_their_numbers(self, dice: random.Random) -> None:
        lot = some_lot(dice, trades=[], needs=[])
        other = some_lot(dice)
        assert rematch_lots([lot.pk]).asked == 1
        lot.refresh_from_db()
        other.refresh_from_db()
        assert lot.matched_at is not None
        assert other.matched_at is None
        assert waiting().filter(lot_id=other.pk).exists()

    def test_a_closed_lot_keeps_the_answer_it_had(self, dice: random.Random) -> None:
        lot = Lot.objects.filter(match_state="matched")[0]
        lot.deadline = timezone.now() - timedelta(days=400)
        lot.save()
        rematch()
        before = list(lot.matches.values_list("pk", *COLUMNS))
        Firm.objects.update(capacity_low_eur=0, capacity_mid_eur=0, updated_at=timezone.now())
        rematch()
        assert list(lot.matches.values_list("pk", *COLUMNS)) == before

    def test_a_lot_open_again_is_brought_up_to_date(self, dice: random.Random) -> None:
        tender = make_tender(cancelled=True)
        lot = some_lot(dice, tender=tender)
        rematch()
        assert not lot.matches.exists()
        tender.cancelled = False
        tender.save()
        rematch()
        assert state() == as_if_all_were_matched()


def news_of(lot: Lot) -> set[tuple[str, str, int | None]]:
    return set(MatchNews.objects.filter(lot=lot).values_list("firm__name", "kind", "rank"))


@pytest.fixture
def quiet(reference: None) -> Lot:
    """A lot of 120 000 euros a year and twenty-two firms at the same place, the first ones able alone."""
    lot = make_lot()
    for n in range(22):
        make_firm(f"N{n:02}", capacity_eur=(122 - n) * 1_000)
    make_run(AS_OF)
    fresh(False)
    rematch()
    MatchNews.objects.all().delete()
    return lot


@pytest.mark.django_db
class TestWhatIsTold:
    def test_a_firm_that_can_now_do_it_alone_enters_and_pushes_another_out(self, quiet: Lot) -> None:
        declare_at(Firm.objects.get(name="N21"), 200_000)
        rematch()
        assert {("N21", "entered", 1), ("N21", "solo", 1), ("N19", "left", 21)} <= news_of(quiet)

    def test_a_firm_that_closes_leaves_and_lets_another_in(self, quiet: Lot) -> None:
        firm = Firm.objects.get(name="N00")
        firm.active = False
        firm.save()
        rematch()
        assert news_of(quiet) == {("N00", "left", None), ("N20", "entered", 20)}

    def test_the_firms_of_a_new_lot_learn_of_it(self, quiet: Lot) -> None:
        lot = make_lot("Un de plus", match_state="pending")
        rematch()
        told = news_of(lot)
        assert {kind for _, kind, _ in told} == {"new_lot"}
        assert len(told) == 22

    def test_nothing_is_told_twice(self, quiet: Lot) -> None:
        declare_at(Firm.objects.get(name="N21"), 200_000)
        kept = list(PendingChange.objects.all())
        rematch()
        told = list(MatchNews.objects.values_list("pk"))
        PendingChange.objects.bulk_create(kept)  # the pass was killed before it could forget them
        assert rematch().asked == 1
        assert list(MatchNews.objects.values_list("pk")) == told

    def test_a_flood_is_not_told_one_by_one(self, quiet: Lot) -> None:
        row = ReferenceRow.objects.get(table="parameter", key="news.max_changes")
        row.values |= {"value": "5"}
        row.save()
        for firm in Firm.objects.all()[:6]:
            declare_at(firm, 1_000)
        assert rematch().written > 0
        assert not MatchNews.objects.exists()

    def test_a_full_run_tells_nothing(self, quiet: Lot) -> None:
        declare_at(Firm.objects.get(name="N21"), 200_000)
        match_lots([quiet.pk])
        assert not MatchNews.objects.exists()

    def test_old_news_are_forgotten(self, quiet: Lot) -> None:
        declare_at(Firm.objects.get(name="N21"), 200_000)
        rematch()
        assert purge() == 0
        MatchNews.objects.update(at=timezone.now() - timedelta(days=91))
        assert purge() > 0
        assert not MatchNews.objects.exists()


def declare_at(firm: Firm, middle: int) -> None:
    firm.capacity_low_eur, firm.capacity_mid_eur, firm.capacity_high_eur = middle // 2, middle, middle * 2
    firm.save()
