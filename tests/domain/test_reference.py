"""The reference tables: coherent when shipped, refused with the row named when they are not."""

from __future__ import annotations

import pytest

from matchmaker.domain.reference import InvalidReferenceError, Reference, build_reference
from matchmaker.domain.segment import trade_numbers
from matchmaker.domain.trade import normalise_naf
from tests.domain.tables import tables


def test_the_46_trades_of_the_guide_are_shipped_then_ours(reference: Reference) -> None:
    assert list(reference.trades) == [f"T{number:02d}" for number in range(1, 64)]


def test_the_trades_fit_in_the_masks_of_the_index_with_one_to_spare(reference: Reference) -> None:
    assert max(trade_numbers(reference).values()) == 62


def test_every_trade_says_where_its_codes_come_from_and_ours_how_sure_they_are() -> None:
    for code, row in tables()["trade"].items():
        assert str(row["source"]).startswith("Guide métier" if code <= "T46" else "Table de Maillage"), code
        assert code <= "T46" or "confiance" in str(row["source"]), code


def test_a_whole_work_lists_known_trades_and_its_own_first(reference: Reference) -> None:
    assert reference.whole_works
    for cpv, trades in reference.whole_works.items():
        assert set(trades) <= set(reference.trades)
        assert cpv in reference.trades[trades[0]].cpvs
    assert reference["cpv.whole_work"] < reference["text.trade_fit"] < reference["cpv.match_4"]


def test_turnover_per_fte_follows_from_the_hourly_cost_and_the_labour_share(reference: Reference) -> None:
    """Identity to check on load: kEUR/FTE = 1.6 * EUR/h / LS."""
    for trade in reference.trades.values():
        assert trade.keur_per_fte == pytest.approx(1.6 * trade.hourly_eur / trade.labour_share, abs=1)


@pytest.mark.parametrize(
    ("code", "labour", "hourly", "radius", "keur"),
    [("T01", 0.80, 24, 25, 48), ("T07", 0.65, 34, 40, 84), ("T22", 0.72, 50, 300, 111), ("T44", 0.90, 25, 40, 44)],
)
def test_trades_carry_the_figures_of_the_guide(
    reference: Reference, code: str, labour: float, hourly: float, radius: float, keur: float
) -> None:
    trade = reference.trades[code]
    assert (trade.labour_share, trade.hourly_eur, trade.radius_km, trade.keur_per_fte) == (labour, hourly, radius, keur)


@pytest.mark.parametrize(("code", "factor"), [("T01", 0.65), ("T40", 0.65), ("T07", 1.0)])
def test_part_time_weighs_on_cleaning_and_home_help_only(reference: Reference, code: str, factor: float) -> None:
    assert reference.trades[code].part_time == factor


def test_every_code_of_a_trade_has_its_official_shape(reference: Reference) -> None:
    for trade in reference.trades.values():
        assert trade.cpvs
        assert trade.nafs
        assert all(len(cpv) == 8 and cpv.isdigit() for cpv in trade.cpvs)
        assert all(normalise_naf(naf) == naf for naf in trade.nafs)


@pytest.mark.parametrize(
    ("band", "mid"),
    list(
        zip(
            ["NN", "00", "01", "02", "03", "11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53"],
            (0, 0.5, 1.5, 4, 7.5, 14, 32, 70, 140, 225, 350, 700, 1400, 3200, 7000, 12000),
            strict=True,
        )
    ),
)
def test_headcount_midpoints_are_those_of_the_guide(reference: Reference, band: str, mid: float) -> None:
    known = reference.bands[band]
    assert known.mid == mid
    assert known.low <= mid <= known.high


def test_mise_a_disposition_is_etti_ai_eatt_and_geiq(reference: Reference) -> None:
    lenders = {code for code, kind in reference.kinds.items() if kind.delivery == "mise_a_disposition"}
    assert lenders == {"ETTI", "AI", "EATT", "GEIQ"}


def test_kinds_presume_trades_that_exist(reference: Reference) -> None:
    for kind in reference.kinds.values():
        assert set(kind.presumed_trades) <= set(reference.trades)
        assert kind.fte[0] <= kind.fte[1] <= kind.fte[2]


def test_the_weights_of_the_score_sum_to_a_hundred(reference: Reference) -> None:
    assert all(sum(formula.weights.values()) == 100 for formula in reference.formulas.values())


def test_confidence_falls_with_the_length_of_the_cpv_match(reference: Reference) -> None:
    values = [reference[f"cpv.match_{length}"] for length in range(2, 9)]
    assert values == sorted(set(values))
    assert values[-1] == 1


def test_every_parameter_has_a_source_and_says_whether_it_is_an_estimate() -> None:
    for key, row in tables()["parameter"].items():
        assert row["source"], key
        assert row["is_estimate"] in ("0", "1"), key


def test_a_missing_parameter_is_named_with_what_to_do(reference: Reference) -> None:
    with pytest.raises(InvalidReferenceError, match=r"« distance.moon » manque.*lancez load_reference"):
        reference["distance.moon"]


def test_a_trade_whose_figures_disagree_is_refused_by_name() -> None:
    spoilt = tables()
    spoilt["trade"]["T07"]["keur_per_fte"] = "120"
    with pytest.raises(InvalidReferenceError, match="Métier T07 : 120 kEUR par ETP annoncés, 84 attendus"):
        build_reference("test", spoilt)


@pytest.mark.parametrize(("column", "value"), [("labour_share", "1.2"), ("hourly_eur", "0"), ("radius_km", "-5")])
def test_impossible_figures_of_a_trade_are_refused_by_name(column: str, value: str) -> None:
    spoilt = tables()
    spoilt["trade"]["T04"][column] = value
    with pytest.raises(InvalidReferenceError, match="Métier T04"):
        build_reference("test", spoilt)


def test_a_word_where_a_number_belongs_is_refused_with_its_row() -> None:
    spoilt = tables()
    spoilt["trade"]["T04"]["radius_km"] = "trente"
    with pytest.raises(InvalidReferenceError, match=r"« radius_km » absente ou non numérique.*Espaces verts"):
        build_reference("test", spoilt)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
@pytest.mark.parametrize(
    ("table", "key", "column"),
    [
        ("score", "1", "trade"),
        ("score", "1", "wins_full"),
        ("score", "1", "distance_curve"),
        ("trade", "T04", "radius_km"),
        ("parameter", "distance.road_factor", "value"),
    ],
)
def test_what_is_not_a_finite_number_is_refused(table: str, key: str, column: str, value: str) -> None:
    """A weight that is not a number would compare with nothing: every ranking would be without order."""
    spoilt = tables()
    spoilt[table][key][column] = value
    with pytest.raises(InvalidReferenceError):
        build_reference("test", spoilt)


def test_tables_cannot_be_changed_once_built(reference: Reference) -> None:
    with pytest.raises(TypeError):
        reference.parameters["score.trade"] = 0  # type: ignore[index]
