"""Figures and dates are said as people say them."""

from datetime import UTC, date, datetime

import pytest
from django.utils.translation import override

from frontend import words

AS_OF = date(2026, 11, 20)
NOON = datetime(2026, 12, 2, 11, 0, tzinfo=UTC)  # 12 h in Paris


def plain(text: str) -> str:
    return text.replace(words.THIN, " ")


def test_a_deadline_is_days_left_then_the_day_and_hour() -> None:
    assert words.time_left(NOON, AS_OF) == "dans 12 jours"
    assert plain(words.moment_in_words(NOON, AS_OF)) == "mercredi 2 décembre, 12 h"


def test_another_year_is_said() -> None:
    assert "2027" in words.moment_in_words(NOON.replace(year=2027), AS_OF)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(20, "aujourd'hui"), (21, "demain"), (22, "dans 2 jours"), (19, "clos depuis 1 jour")],
)
def test_near_days_have_their_own_words(day: int, expected: str) -> None:
    assert words.time_left(datetime(2026, 11, day, 12, tzinfo=UTC), AS_OF) == expected


def test_the_day_of_a_deadline_is_the_one_in_paris() -> None:
    just_before_midnight_utc = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert words.time_left(just_before_midnight_utc, AS_OF) == "demain"


def test_a_published_amount_keeps_every_digit() -> None:
    assert plain(words.euros(1_234_567)) == "1 234 567 €"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(34_400, "34 k€"), (1_260_000, "1,3 M€"), (2_000_000, "2 M€"), (9_470, "9 500 €"), (0, "0 €")],
)
def test_an_estimate_never_shows_more_than_two_digits(value: int, expected: str) -> None:
    assert plain(words.about_euros(value)) == expected


def test_english_numbers_are_english() -> None:
    with override("en"):
        assert words.grouped(12345) == "12,345"
        assert words.percent(0.5) == "50%"


def test_names_are_joined_in_a_sentence() -> None:
    assert words.joined(["a"]) == "a"
    assert words.joined(["a", "b", "c"]) == "a, b et c"


def test_a_day_that_is_past_is_a_replay() -> None:
    day = date(2026, 11, 23)
    assert words.situation(day, day) == "Situation au 23 novembre 2026."
    assert words.situation(day, date(2026, 11, 24)).startswith("Rejeu au 23 novembre 2026")
