"""Measures of likeness between what is sought and a firm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.linkage import FEATURES, Side, add_context, first_score, measure

_RARE = {"collecterie": 9.0, "voironnai": 8.0, "nettoyage": 3.0, "grenoble": 4.0, "36": 5.0, "18": 5.0}
_KM = {("38185", "38563"): 22.0}


def weight(word: str) -> float:
    return _RARE.get(word, 6.0)


def distance(one: str, other: str) -> float | None:
    return _KM.get((one, other), _KM.get((other, one)))


def said(name: str, **more: object) -> Side:
    return Side((name,), **more)  # type: ignore[arg-type]


def of(sought: Side, firm: Side) -> dict[str, float]:
    return dict(zip(FEATURES, measure([(sought, firm)], weight, distance)[0].tolist(), strict=True))


words = st.sampled_from(["collecterie", "nettoyage", "grenoble", "36", "dupont", "dupond", "regie", "luth"])
names = st.lists(words, min_size=1, max_size=4, unique=True).map(" ".join)
sides = st.builds(
    Side,
    st.lists(names, min_size=1, max_size=2).map(tuple),
    communes=st.sampled_from([(), ("38185",), ("38563",)]),
    departement=st.sampled_from(["", "38", "44"]),
)


def test_one_name_is_wholly_shared() -> None:
    same = of(said("collecterie grenoble"), said("collecterie grenoble"))
    assert [same[name] for name in ("set", "ratio", "shared", "exact", "missing", "extra")] == [1, 1, 1, 1, 0, 0]


def test_a_rare_word_in_common_tells_more_than_a_common_one() -> None:
    rare = of(said("collecterie dupont"), said("collecterie martin"))
    common = of(said("nettoyage dupont"), said("nettoyage martin"))
    assert rare["shared"] > common["shared"]


def test_a_word_misspelt_is_shared_all_the_same() -> None:
    assert of(said("colecterie"), said("collecterie"))["shared"] > 0.9


def test_the_town_in_a_name_is_no_difference_worth_the_name() -> None:
    town = frozenset({"grenoble"})
    assert (
        of(said("collecterie grenoble", town=town), said("collecterie"))["shared"]
        > of(said("collecterie grenoble"), said("collecterie"))["shared"]
    )


def test_other_numbers_are_other_people() -> None:
    assert of(said("agir 36"), said("agir 18"))["numbers"] == -1
    assert of(said("agir 36"), said("agir 36"))["numbers"] == 1
    assert of(said("agir 36"), said("agir"))["numbers"] == 0


def test_glued_words_are_the_same_words() -> None:
    assert of(said("gesco loisir"), said("gescoloisir"))["exact"] == 1


def test_distance_counts_only_between_two_known_towns() -> None:
    here, there, nowhere = (said("x", communes=c) for c in (("38185",), ("38563",), ()))
    assert of(here, there)["distance"] == pytest.approx(np.log1p(22))
    assert of(here, nowhere)["distance"] == of(here, here)["distance"] == 0


def test_of_several_communes_a_postcode_may_mean_any_agrees() -> None:
    assert of(said("x", communes=("38185", "38563")), said("x", communes=("38563",)))["commune"] == 1


@pytest.mark.parametrize(("mine", "other", "agree"), [("A", "A", 1), ("A", "B", -1), ("", "B", 0), ("A", "", 0)])
def test_what_one_side_does_not_say_neither_helps_nor_harms(mine: str, other: str, agree: int) -> None:
    assert of(said("x", kind=mine), said("x", kind=other))["kind"] == agree
    assert of(said("x", form=mine), said("x", form=other))["form"] == agree


def test_the_lead_is_over_the_best_of_the_other_units() -> None:
    block = np.zeros((3, len(FEATURES)))
    add_context(block, np.array([0.9, 0.8, 0.5]), ["a", "a", "b"])
    lead = block[:, FEATURES.index("lead")]
    assert lead == pytest.approx([0.4, 0.3, -0.4])


def test_a_candidate_alone_leads_by_all_it_has() -> None:
    block = np.zeros((1, len(FEATURES)))
    add_context(block, np.array([0.7]), ["a"])
    assert block[0, FEATURES.index("lead")] == pytest.approx(0.7)


@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=6))
def test_a_pair_measures_the_same_in_any_company(pairs: list[tuple[Side, Side]]) -> None:
    alone = np.vstack([measure([pair], weight, distance) for pair in pairs])
    assert np.array_equal(measure(pairs, weight, distance), alone)


@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=6))
def test_measures_stay_in_their_bounds(pairs: list[tuple[Side, Side]]) -> None:
    rows = measure(pairs, weight, distance)
    assert np.isfinite(rows).all()
    assert (rows[:, :6] >= 0).all()
    assert (rows[:, :6] <= 1 + 1e-9).all()
    assert (first_score(rows) <= 1.1).all()


@given(sides)
def test_nothing_is_more_alike_than_itself(side: Side) -> None:
    own = of(side, side)
    assert (own["set"], own["shared"], own["exact"]) == (1, 1, 1)


def test_the_only_unit_of_the_commune_with_all_the_words_stands_alone() -> None:
    """EUROVIA: of the group's firms, the one of the town; nobody stands alone where two are there."""
    column = {name: FEATURES.index(name) for name in ("covered", "commune", "departement", "alone")}
    block = np.zeros((3, len(FEATURES)))
    block[:, [column["covered"], column["departement"]]] = 1
    block[0, column["commune"]] = 1
    add_context(block, np.array([0.6, 0.5, 0.5]), ["a", "b", "c"])
    assert block[:, column["alone"]].tolist() == [1, 0, 0]
    block[1, column["commune"]] = 1
    add_context(block, np.array([0.6, 0.5, 0.5]), ["a", "b", "c"])
    assert not block[:, column["alone"]].any()
