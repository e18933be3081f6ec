"""Why not that firm: the change told suffices, one unit less does not, and none smaller would have done."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.domain.point import Point
from matchmaker.domain.index import FirmIndex
from matchmaker.domain.notice import Reservation
from matchmaker.domain.pair import pair
from matchmaker.domain.query import IndexedFirm, LotQuery, Wins
from matchmaker.domain.reference import Reference, build_reference
from matchmaker.domain.trade import LotTrade
from matchmaker.domain.whynot import KINDS, Change, WhyNot, why_not
from tests.domain.tables import shipped, tables

R = shipped()
NANTES = Point(-1.5534, 47.2173)
PAINTING = LotQuery((LotTrade((("T07", 1.0),), 1.0),), NANTES, yearly_eur=100_000, buyer=2)


def painter(number: int, **more: object) -> IndexedFirm:
    facts = {"id": number, "point": NANTES, "trades": ("T07",), "trust": 0.8, "capacity_eur": 50_000}
    return IndexedFirm(**(facts | more))  # type: ignore[arg-type]


def rank_among(firm: IndexedFirm, others: list[IndexedFirm], lot: LotQuery, rules: Reference = R) -> int | None:
    """By scoring everyone: no index."""
    mine = pair(firm, lot, rules)
    rivals = [found for other in others if (found := pair(other, lot, rules))]
    return None if mine is None else 1 + sum((-one.score, one.id) < (-mine.score, mine.id) for one in rivals)


def ask(firm: IndexedFirm, others: list[IndexedFirm], lot: LotQuery, top: int = 20, rules: Reference = R) -> WhyNot:
    answer = FirmIndex([*others, firm], rules).ask(lot, top + 1)
    return why_not(firm, lot, answer, rank_among(firm, others, lot, rules), rules, top)


def changed(firm: IndexedFirm, change: Change, lot: LotQuery) -> IndexedFirm:
    """The firm after a change, written anew for the tests."""
    if change.kind == "capacity":
        room = (firm.capacity_eur + change.amount, firm.low + change.amount, firm.high + change.amount)
        return replace(firm, capacity_eur=room[0], low_eur=room[1], high_eur=room[2])
    if change.kind == "radius":
        return replace(firm, declared_radius_km=float(change.amount))
    if change.kind == "area":
        return replace(firm, departements=(*firm.departements, lot.departement))
    if change.kind == "trade":
        return replace(firm, trades=tuple(dict.fromkeys((*firm.trades, change.trade))), trust=1.0)
    if change.kind == "ess":
        return replace(firm, ess="yes")
    won = firm.wins.get(change.trade, Wins())
    return replace(firm, wins={**firm.wins, change.trade: Wins(won.count + change.amount, won.buyers | lot.buyer)})


def all_changed(firm: IndexedFirm, changes: tuple[Change, ...], lot: LotQuery) -> IndexedFirm:
    for change in changes:
        firm = changed(firm, change, lot)
    return firm


# ---------------------------------------------------------------- laws


def small() -> Reference:
    """The shipped tables with a short radius, so that every change can be tried."""
    rows = tables()
    rows["parameter"]["whynot.max_radius_km"]["value"] = "60"
    return build_reference("petit", rows)


S = small()
TRADES = ("T01", "T07")


@st.composite
def firms(draw: st.DrawFn, number: int) -> IndexedFirm:
    room = draw(st.integers(0, 30))
    return IndexedFirm(
        id=number,
        point=Point(NANTES.lon, NANTES.lat + draw(st.sampled_from([0.0, 0.0, 0.1, 0.25, 0.35, 0.6]))),
        trades=tuple(draw(st.lists(st.sampled_from(TRADES), min_size=1, max_size=2, unique=True))),
        trust=draw(st.sampled_from([1.0, 0.8, 0.35])),
        capacity_eur=room,
        low_eur=room - draw(st.integers(0, room)),
        high_eur=room + draw(st.integers(0, 10)),
        ess=draw(st.sampled_from(["yes", "no", "verify"])),
        inclusive_kind=draw(st.sampled_from(["", "", "EI", "ETTI"])),
        declared_radius_km=draw(st.sampled_from([None, None, 12.5, 30.0])),
        departements=draw(st.sampled_from([(), (), ("44",), ("49", "85")])),
        wins=draw(st.sampled_from([{}, {"T07": Wins(2, 2)}, {"T01": Wins(1, 4)}])),
    )


@st.composite
def races(draw: st.DrawFn) -> tuple[IndexedFirm, list[IndexedFirm], LotQuery, int]:
    numbers = draw(st.permutations(range(1, 6)))
    firm, *others = (draw(firms(number)) for number in numbers[: draw(st.integers(2, 5))])
    lot = LotQuery(
        trades=(LotTrade(draw(st.sampled_from([(("T07", 1.0),), (("T07", 0.9), ("T01", 0.4))])), 1.0),),
        point=NANTES,
        uncertainty_km=draw(st.sampled_from([0.0, 5.0])),
        yearly_eur=draw(st.sampled_from([None, 25, 40])),
        reservation=draw(st.sampled_from([Reservation.NONE] * 4 + [Reservation.ESS, Reservation.SIAE])),
        buyer=draw(st.sampled_from([0, 2])),
        departement=draw(st.sampled_from(["44", "44", ""])),
    )
    return firm, others, lot, draw(st.integers(1, 2))


def less(change: Change, radius_now: float) -> Change | None:
    """One unit less of it; None when that is no change any more."""
    fewer = replace(change, amount=change.amount - 1)
    if change.kind == "radius":
        return fewer if fewer.amount > radius_now else None
    return fewer if fewer.amount >= 1 else None


@given(races())
@settings(max_examples=150, deadline=None)
def test_what_is_told_suffices_and_one_unit_less_does_not(
    race: tuple[IndexedFirm, list[IndexedFirm], LotQuery, int],
) -> None:
    firm, others, lot, top = race
    told = ask(firm, others, lot, top, S)
    radius = firm.declared_radius_km or 0.0
    for way in filter(None, (told.best, *told.others)):
        after = all_changed(firm, way.changes, lot)
        assert rank_among(after, others, lot, S) == way.rank <= top
        for place, change in enumerate(way.changes):
            fewer = less(change, radius)
            kept = (*way.changes[:place], *((fewer,) if fewer else ()), *way.changes[place + 1 :])
            rank = rank_among(all_changed(firm, kept, lot), others, lot, S)
            assert rank is None or rank > top


def every_change(firm: IndexedFirm, lot: LotQuery) -> list[Change]:
    """Each change there is, with its effort as documented."""
    asked = [trade for trade, _ in lot.trades[0].options]
    done = [trade for trade in asked if trade in firm.trades]
    least = min(S.trades[trade].radius_km for trade in done or asked)
    radius = firm.declared_radius_km or least
    free = max(firm.capacity_eur, 1000 * S.trades[(done or asked)[0]].keur_per_fte)
    found = [Change("radius", km, (km - radius) / radius, "") for km in range(int(radius) + 1, 61)]
    found += [Change("capacity", eur, eur / free, "") for eur in range(1, 45) if lot.yearly_eur]
    if firm.departements and lot.departement and lot.departement not in firm.departements:
        found.append(Change("area", 1, 0.5, ""))
    found += [Change("trade", 1, 0.15, "", trade) for trade in asked]
    found += [Change("ess", 1, 0.1, "")] if firm.ess == "verify" else []
    return found + [Change("references", n, 2 * n / 5, "", trade) for n in range(1, 6) for trade in asked]


@given(races())
@settings(max_examples=40, deadline=None)
def test_nothing_smaller_would_have_done_and_nothing_is_overlooked(
    race: tuple[IndexedFirm, list[IndexedFirm], LotQuery, int],
) -> None:
    """Against every change tried in turn, then every pair of changes."""
    firm, others, lot, top = race
    told = ask(firm, others, lot, top, S)

    rivals = [found for other in others if (found := pair(other, lot, S))]

    def enters(*changes: Change) -> bool:
        mine = pair(all_changed(firm, changes, lot), lot, S)
        return mine is not None and sum((-one.score, one.id) < (-mine.score, mine.id) for one in rivals) < top

    if told.inside:
        assert enters() and told.best is None
        return
    assert not enters()
    changes = every_change(firm, lot) if firm.inclusive_kind != "ETTI" else []
    singles = [change.effort for change in changes if enters(change)]
    if singles:
        assert told.best is not None and len(told.best.changes) == 1
        assert told.best.effort == pytest.approx(min(singles), abs=1e-12)
        return
    coarse = [change for change in changes if change.kind != "radius" or change.amount % 3 == 0]
    pairs = [a.effort + b.effort for a, b in combinations(coarse, 2) if a.kind != b.kind and enters(a, b)]
    if pairs:
        assert told.best is not None and len(told.best.changes) == 2
        assert told.best.effort <= min(pairs) + 1e-12
    if told.best is None:
        assert not pairs


@given(races())
@settings(max_examples=50, deadline=None)
def test_ways_come_by_effort_and_end_in_a_sentence(
    race: tuple[IndexedFirm, list[IndexedFirm], LotQuery, int],
) -> None:
    told = ask(*race, rules=S)
    efforts = [way.effort for way in filter(None, (told.best, *told.others))]
    assert efforts == sorted(efforts)
    assert told.sentence.endswith(".") and told.sentence[0].isupper()
    assert all(change.kind in KINDS for way in told.others for change in way.changes)


# ---------------------------------------------------------------- named cases

ROOMY = [painter(number, capacity_eur=90_000) for number in range(1, 37)]


def test_more_room_is_told_in_full_time_jobs_and_euros() -> None:
    firm = painter(99, capacity_eur=58_000)
    told = ask(firm, ROOMY, PAINTING)
    assert told.rank == 37
    room = next(way for way in (told.best, *told.others) if way and way.changes[0].kind == "capacity")
    assert room.changes[0].amount == 32_001  # 90 000 would tie, and smaller numbers go first
    assert room.changes[0].fte == 0.4
    assert room.sentence == "Avec 0,4 ETP libre de plus (32 001 € par an), elle passerait du rang 37 au rang 1."


def test_a_firm_among_the_first_is_told_so() -> None:
    told = ask(painter(0, capacity_eur=90_000), ROOMY, PAINTING)
    assert (told.rank, told.inside, told.obstacles, told.best) == (1, True, (), None)
    assert told.sentence == "Elle est au rang 1 : parmi les 20 premières."


def test_of_equal_scores_the_smaller_number_goes_first() -> None:
    others = [painter(number, capacity_eur=90_000) for number in range(10, 40)]
    room = {
        number: next(
            way.changes[0].amount
            for way in (lambda told: (told.best, *told.others))(ask(painter(number), others, PAINTING))
            if way and way.changes[0].kind == "capacity"
        )
        for number in (1, 99)
    }
    assert room == {1: 40_000, 99: 40_001}


def test_the_bar_is_the_score_of_the_last_of_the_top() -> None:
    told = ask(painter(99, capacity_eur=0), ROOMY, PAINTING)
    answer = FirmIndex(ROOMY, R).ask(PAINTING, 20)
    assert told.bar == answer.top[-1].score
    assert told.score is not None and told.score < told.bar


def test_a_firm_too_far_is_told_how_far_it_should_go() -> None:
    angers = painter(99, point=Point(-0.5518, 47.4736))
    told = ask(angers, [], PAINTING)
    assert (told.rank, told.score, told.bar) == (None, None, None)
    assert told.obstacles == ("Elle est trop loin : 104,9 km par la route, pour un rayon de 40 km (au plus 1,5 fois).",)
    assert told.best is not None
    assert told.best.changes[0].amount == 70
    assert told.sentence == (
        "Avec un rayon d'intervention de 70 km (au lieu de 40 km, habituel), elle entrerait au rang 1."
    )


def test_a_firm_outside_the_departements_it_declares_is_told_which_to_add() -> None:
    told = ask(painter(99, departements=("49", "85")), [], replace(PAINTING, departement="44"))
    assert told.obstacles == (
        "Elle a déclaré n'intervenir que dans les départements 49 et 85 ; ce lot est dans le 44.",
    )
    assert told.sentence == ("En ajoutant le 44 aux départements où elle déclare intervenir, elle entrerait au rang 1.")


def test_a_firm_of_another_trade_is_told_which_to_declare() -> None:
    told = ask(painter(99, trades=("T01",)), [], PAINTING)
    assert told.obstacles == ("Elle ne fait aucun des métiers demandés : Peinture.",)
    assert told.sentence == "En déclarant le métier « Peinture », elle entrerait au rang 1."


def test_a_reserved_lot_is_out_of_reach_whatever_is_declared() -> None:
    told = ask(painter(99), [], replace(PAINTING, reservation=Reservation.SIAE))
    assert told.best is None
    assert told.sentence == (
        "Ce lot est réservé aux structures d'insertion par l'activité économique (art. L2113-13) : elle n'en est pas. "
        "Aucune déclaration n'y changerait rien."
    )


def test_an_agency_that_lends_staff_is_told_so() -> None:
    told = ask(painter(99, inclusive_kind="ETTI"), [], PAINTING)
    assert told.best is None
    assert "met du personnel à disposition" in told.sentence
    assert told.sentence.endswith("Aucune déclaration n'y changerait rien.")


def test_a_status_to_be_verified_opens_a_lot_reserved_to_the_ess() -> None:
    reserved = replace(PAINTING, reservation=Reservation.ESS)
    told = ask(painter(99, ess="verify"), [], reserved)
    assert [change.kind for change in told.best.changes] == ["ess"] if told.best else False
    assert told.sentence == "Avec un statut ESS confirmé, elle entrerait au rang 1."
    assert ask(painter(99, ess="no"), [], reserved).best is None


def test_references_are_told_with_the_kind_of_buyer() -> None:
    winners = [painter(number, wins={"T07": Wins(4, 2)}, trust=1.0, capacity_eur=100_000) for number in range(1, 21)]
    told = ask(painter(99, trust=1.0, capacity_eur=100_000), winners, PAINTING)
    assert told.sentence == (
        "Avec 5 marchés gagnés de plus en « Peinture » pour des communes, elle passerait du rang 21 au rang 1."
    )


def test_when_no_single_change_suffices_two_are_told_together() -> None:
    rivals = [painter(number, trust=1.0, capacity_eur=100_000) for number in range(101, 121)]
    told = ask(painter(99, trades=("T01",), capacity_eur=10_000), rivals, PAINTING)
    assert told.sentence == (
        "Avec 1,1 ETP libre de plus (90 000 € par an) et en déclarant le métier « Peinture », elle entrerait au rang 1."
    )


def test_a_firm_that_can_do_nothing_is_told_so() -> None:
    rivals = [
        painter(number, trust=1.0, capacity_eur=100_000, ess="yes", wins={"T07": Wins(9, 2)}) for number in range(1, 30)
    ]
    told = ask(painter(99), rivals, PAINTING)
    assert (told.rank, told.best, told.others) == (30, None, ())
    assert told.sentence.startswith("Ni capacité, ni rayon")


def test_every_kind_of_change_has_its_weight_in_the_tables() -> None:
    assert all(R[f"whynot.effort_{kind}"] > 0 for kind in KINDS)
