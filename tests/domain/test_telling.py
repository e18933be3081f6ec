"""A score told in French: a line a part, figures in it, points that add up to the score."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.domain.point import Point
from matchmaker.domain.pair import pair
from matchmaker.domain.query import IndexedFirm, LotQuery, Wins
from matchmaker.domain.score import PARTS
from matchmaker.domain.telling import BY_WORDS, Context, Told, explain, tell, tenths
from matchmaker.domain.trade import LotTrade
from tests.domain.tables import shipped

R = shipped()
NANTES = Point(-1.5534, 47.2173)
REZE = Point(-1.55, 47.31)
LOT = LotQuery((LotTrade((("T07", 1.0),), 1.0),), NANTES, yearly_eur=120_000, buyer=2, terms=((3, 0.5), (7, 0.5)))
FIRM = IndexedFirm(
    id=1,
    point=REZE,
    trades=("T07",),
    trust=0.8,
    capacity_eur=60_000,
    low_eur=36_000,
    high_eur=102_000,
    ess="yes",
    wins={"T07": Wins(3, 2)},
    terms=((2, 0.6), (7, 0.8)),
)
CONTEXT = Context(cpvs=("45000000", "45442100"), trade_source="naf", words={7: "peinture"})


def told(firm: IndexedFirm = FIRM, lot: LotQuery = LOT, context: Context | None = CONTEXT) -> dict[str, Told]:
    found = pair(firm, lot, R)
    assert found is not None
    return {line.part: line for line in tell(found, firm, lot, R, context)}


def test_each_part_is_one_sentence_with_its_figures_and_points() -> None:
    found = pair(FIRM, LOT, R)
    assert found is not None
    assert explain(found, FIRM, LOT, R, CONTEXT) == (
        "Métier : « Peinture », nommé par le code CPV 45442100 (adéquation 100 %) ; métier déduit du code NAF "
        "(confiance 80 %). 33,6 points sur 42.",
        "Mots communs : peinture (ressemblance 40 %). 2,4 points sur 6.",
        "Distance : 13,4 km par la route, sur un rayon habituel de ce métier de 40 km. 24 points sur 24.",
        "Capacité : capacité libre de 60 000 € par an (entre 36 000 € et 102 000 €) pour un lot de 120 000 € par an, "
        "couvert à 53,8 % ; trop grand pour elle seule : en groupement. 8,6 points sur 16.",
        "Références : 3 marchés gagnés dans ce métier, dont au moins un pour des communes. 2,9 points sur 4.",
        "ESS : entreprise de l'économie sociale et solidaire. 8 points sur 8.",
    )


@pytest.mark.parametrize(
    ("firm", "part", "expected"),
    [
        (replace(FIRM, terms=()), "text", "aucun entre le nom"),
        (replace(FIRM, declared_radius_km=55.0), "distance", "sur un rayon déclaré de 55 km"),
        (replace(FIRM, capacity_eur=120_000, high_eur=150_000), "capacity", "couvert à 82,5 %"),
        (replace(FIRM, wins={}), "evidence", "aucun marché public gagné"),
        (replace(FIRM, wins={"T07": Wins(1, 8)}), "evidence", "1 marché gagné dans ce métier, aucun pour des communes"),
        (replace(FIRM, ess="verify"), "ess", "statut à vérifier"),
        (replace(FIRM, ess="no"), "ess", "hors de l'économie sociale"),
    ],
)
def test_a_firm_otherwise_is_told_otherwise(firm: IndexedFirm, part: str, expected: str) -> None:
    assert expected in told(firm)[part].text


@pytest.mark.parametrize(
    ("lot", "part", "expected"),
    [
        (replace(LOT, yearly_eur=None), "capacity", "montant du lot inconnu"),
        (replace(LOT, buyer=0), "evidence", "3 marchés gagnés dans ce métier"),
        (replace(LOT, uncertainty_km=5.0), "distance", "de 40 km élargi de 5 km, le lieu étant incertain"),
        (
            replace(LOT, yearly_eur=10, trades=(*LOT.trades, LotTrade((("T01", 1.0),), 0.5))),
            "capacity",
            "elle ne fait pas tous les métiers du lot : en groupement",
        ),
    ],
)
def test_a_lot_otherwise_is_told_otherwise(lot: LotQuery, part: str, expected: str) -> None:
    assert expected in told(lot=lot)[part].text


def test_a_firm_large_enough_is_not_sent_to_a_grouping() -> None:
    assert "groupement" not in told(replace(FIRM, capacity_eur=120_000, high_eur=150_000))["capacity"].text


def test_a_trade_deduced_from_words_and_an_estimated_amount_are_told_as_such() -> None:
    lines = told(context=replace(CONTEXT, by_words=True, estimated=True))
    assert BY_WORDS in lines["trade"].text
    assert "(montant estimé)" in lines["capacity"].text


def test_a_vague_code_is_not_given_as_the_one_that_named_the_trade() -> None:
    assert "nommé par les codes CPV (" in told(context=replace(CONTEXT, cpvs=("45000000",)))["trade"].text


@given(
    st.integers(0, 10**6),
    st.sampled_from([1.0, 0.8, 0.35]),
    st.sampled_from(["yes", "no", "verify"]),
    st.integers(0, 300),
    st.floats(0, 0.4),
    st.sampled_from([None, 1, 99_999]),
)
def test_points_add_up_to_the_score_to_the_last_bit_and_so_do_the_tenths_shown(
    room: int, trust: float, ess: str, won: int, north: float, yearly: int | None
) -> None:
    firm = replace(
        FIRM,
        point=Point(NANTES.lon, NANTES.lat + north),
        trust=trust,
        capacity_eur=room,
        low_eur=room // 2,
        high_eur=2 * room,
        ess=ess,
        wins={"T07": Wins(won, 2)},
    )
    lot = replace(LOT, yearly_eur=yearly)
    found = pair(firm, lot, R)
    if found is None:
        return
    lines = tell(found, firm, lot, R)
    assert tuple(line.part for line in lines) == PARTS
    points = 0.0
    for line in lines:
        points += line.points
        assert 0 <= line.points <= line.most
        assert abs(line.shown - line.points) < 0.1
    assert points == found.score
    assert round(10 * sum(line.shown for line in lines)) == round(10 * found.score)


@given(st.lists(st.floats(0, 50), min_size=1, max_size=8))
def test_tenths_add_up_to_the_rounded_sum_and_stay_within_one(points: list[float]) -> None:
    shown = tenths(points)
    assert round(10 * sum(shown)) == round(10 * sum(points))
    assert all(abs(a - b) <= 0.1 + 1e-9 for a, b in zip(shown, points, strict=True))
