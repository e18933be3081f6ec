"""What the database keeps of a publication gives it back exactly."""

from __future__ import annotations

import json

from hypothesis import given

from matchmaker.domain.canonical import digest, from_json, text_of, to_json
from matchmaker.domain.notice import Notice
from tests.domain.made_notices import call, notices


@given(notices)
def test_any_notice_comes_back_as_it_went(notice: Notice) -> None:
    assert from_json(json.loads(json.dumps(to_json(notice)))) == notice


@given(notices, notices)
def test_two_notices_spelled_alike_are_equal(one: Notice, other: Notice) -> None:
    assert one == other or text_of(one) != text_of(other)


def test_a_field_unknown_to_this_version_is_passed_over() -> None:
    assert from_json({**to_json(call()), "champ_futur": 1}) == call()


def test_the_digest_changes_with_what_goes_beside_the_notice() -> None:
    assert digest(call(), True) != digest(call(), False)
