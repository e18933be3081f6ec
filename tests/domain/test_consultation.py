"""What a consultation may make public: nothing that nobody validated, nothing that gives a firm away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.consultation import (
    MINIMUM_CELL,
    MOST_OF_ONE,
    UNDO,
    Act,
    Aggregate,
    ConsultationError,
    Decision,
    Declared,
    ModerationError,
    Phase,
    Reason,
    Status,
    Window,
    aggregate,
    closed,
    decided,
    may_undo,
    opened,
    phase,
    standing,
    status,
)

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)

attempts = st.lists(
    st.tuples(
        st.sampled_from(list(Act)),
        st.integers(0, 2 * int(UNDO.total_seconds())),
        st.sampled_from([None, *Reason]),
        st.sampled_from(["", "voir la charte"]),
    ),
    max_size=12,
)


def replay(tried: list[tuple[Act, int, Reason | None, str]]) -> list[tuple[Decision, ...]]:
    """All the histories a contribution goes through when people try these acts; refused ones change nothing."""
    at, histories = NOON, [()]
    for act, seconds, reason, words in tried:
        at += timedelta(seconds=seconds)
        try:
            histories.append(decided(histories[-1], Decision(act, 1, at, reason, words)))
        except ModerationError:
            continue
    return histories


@given(attempts)
def test_whatever_is_tried_nothing_is_public_that_no_standing_decision_published(tried: list) -> None:  # type: ignore[type-arg]
    for history in replay(tried):
        public = status(history) == Status.PUBLISHED
        effective = [line for n, line in enumerate(history) if line.act != Act.UNDO and not undone(history, n)]
        assert public == (bool(effective) and effective[-1].act == Act.PUBLISH)


def undone(history: tuple[Decision, ...], position: int) -> bool:
    """An undoing always follows at once what it undoes: an oracle without a stack."""
    return position + 1 < len(history) and history[position + 1].act == Act.UNDO


@given(attempts)
def test_a_history_only_grows_and_each_refusal_in_it_has_its_reason(tried: list) -> None:  # type: ignore[type-arg]
    histories = replay(tried)
    for before, after in pairwise(histories):
        assert after[:-1] == before
    for line in histories[-1]:
        if line.act in (Act.REFUSE, Act.WITHDRAW):
            assert line.reason and (line.reason != Reason.OTHER or line.words)


@given(attempts)
def test_undoing_brings_back_exactly_what_was_before(tried: list) -> None:  # type: ignore[type-arg]
    histories = replay(tried)
    if may_undo(histories[-1], histories[-1][-1].at if histories[-1] else NOON):
        back = decided(histories[-1], Decision(Act.UNDO, 2, histories[-1][-1].at))
        assert status(back) == status(histories[-1][:-1])
        assert standing(back) == standing(histories[-1][:-1])


def test_a_decision_is_taken_back_within_the_half_hour_and_not_after() -> None:
    history = decided((), Decision(Act.PUBLISH, 1, NOON))
    assert may_undo(history, NOON + UNDO)
    assert not may_undo(history, NOON + UNDO + timedelta(seconds=1))
    with pytest.raises(ModerationError, match="30 minutes"):
        decided(history, Decision(Act.UNDO, 1, NOON + DAY))


def test_what_is_published_can_be_withdrawn_later_with_a_reason_and_no_other_way() -> None:
    history = decided((), Decision(Act.PUBLISH, 1, NOON))
    with pytest.raises(ModerationError, match="motif"):
        decided(history, Decision(Act.WITHDRAW, 1, NOON + DAY))
    with pytest.raises(ModerationError, match="déjà publiée"):
        decided(history, Decision(Act.REFUSE, 1, NOON + DAY, Reason.OFF_TOPIC))
    assert status(decided(history, Decision(Act.WITHDRAW, 1, NOON + DAY, Reason.PERSONAL))) == Status.REFUSED


def test_the_second_of_two_moderators_is_told_that_it_is_decided() -> None:
    history = decided((), Decision(Act.REFUSE, 1, NOON, Reason.ADVERTISING))
    with pytest.raises(ModerationError, match="déjà été refusée"):
        decided(history, Decision(Act.PUBLISH, 2, NOON))


# ---------------------------------------------------------------- dates


def test_a_consultation_is_announced_then_open_then_closed_by_its_dates_alone() -> None:
    window = opened(None, NOON + DAY, NOON + 15 * DAY, NOON)
    assert phase(None, NOON) == Phase.NONE
    assert phase(window, NOON) == Phase.ANNOUNCED
    assert phase(window, NOON + DAY) == Phase.OPEN
    assert phase(window, NOON + 15 * DAY) == Phase.CLOSED


def test_what_was_closed_by_hand_is_closed_until_it_is_opened_again() -> None:
    window = closed(opened(None, NOON, NOON + 15 * DAY, NOON), NOON + DAY)
    assert phase(window, NOON + DAY) == Phase.CLOSED
    with pytest.raises(ConsultationError):
        closed(window, NOON + 2 * DAY)
    again = opened(window, NOON + 3 * DAY, NOON + 30 * DAY, NOON + 2 * DAY)
    assert again == Window(NOON, NOON + 30 * DAY)  # it did open when it opened


@pytest.mark.parametrize(("opens", "closes"), [(2, 1), (1, 1), (-3, -1)])
def test_dates_that_make_no_sense_are_refused(opens: int, closes: int) -> None:
    with pytest.raises(ConsultationError):
        opened(None, NOON + opens * DAY, NOON + closes * DAY, NOON)


# ---------------------------------------------------------------- sealed capacities

answers = st.lists(
    st.builds(
        Declared,
        st.integers(1, 12),
        st.none() | st.floats(0.5, 200),
        st.none() | st.integers(1_000, 2_000_000),
    ),
    max_size=12,
    unique_by=lambda one: one.organisation,
)


@given(answers, st.booleans())
def test_no_figure_is_public_below_the_minimum_cell_nor_where_one_firm_makes_most_of_it(
    given_: list[Declared], over: bool
) -> None:
    found = aggregate(given_, over=over)
    if len(given_) < MINIMUM_CELL:
        assert found == Aggregate(None)
    for total, values in ((found.fte, [a.fte for a in given_]), (found.amount_eur, [a.amount_eur for a in given_])):
        if total is not None:
            told = [float(value) for value in values if value]
            assert over and len(told) >= MINIMUM_CELL and max(told) <= MOST_OF_ONE * total
            assert total == pytest.approx(sum(told))


def test_sums_wait_until_the_end_so_that_following_them_tells_nothing() -> None:
    five = [Declared(number, 2.0, 50_000) for number in range(5)]
    assert aggregate(five, over=False) == Aggregate(5)
    assert aggregate(five, over=True) == Aggregate(5, 10.0, 250_000.0)
