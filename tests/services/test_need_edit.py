"""What a buyer does to a need, and the demo's buyer: nothing lost, nothing overwritten, nothing public deleted."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from allotment.edit import KEPT_DAYS, PublicNeedError, aside, set_aside, share, stop_sharing, take_back
from allotment.models import Need
from allotment.queries import visible
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import make_commune, make_departement, make_firm

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer() -> User:
    return make_user("acheteuse")


@pytest.fixture
def need(buyer: User) -> Need:
    return make_need(organisation=make_organisation(members=[buyer]))


def test_a_need_set_aside_is_seen_no_more_and_comes_back_whole(buyer: User, need: Need) -> None:
    set_aside(need)
    assert not visible(buyer).exists() and list(aside(buyer)) == [need]
    assert take_back(buyer, need.pk) == need
    assert visible(buyer).get().trades.count() == 2


def test_after_the_delay_it_is_deleted_for_good(buyer: User, need: Need) -> None:
    set_aside(need)
    Need.objects.update(deleted_at=timezone.now() - timedelta(days=KEPT_DAYS, minutes=1))
    assert take_back(buyer, need.pk) is None
    assert not Need.objects.exists()


@pytest.mark.parametrize("state", [Need.State.CONSULTATION, Need.State.CLOSED])
def test_what_the_public_was_told_is_never_deleted(buyer: User, need: Need, state: str) -> None:
    Need.objects.update(state=state)
    with pytest.raises(PublicNeedError):
        set_aside(need)
    assert visible(buyer).exists()


def test_sharing_twice_keeps_the_address_and_stopping_makes_it_private_again(need: Need) -> None:
    key = share(need)
    assert len(key) == 43 and share(need) == key
    stop_sharing(need)
    need.refresh_from_db()
    assert (need.state, need.share_key) == (Need.State.DRAFT, "")


def test_stopping_to_share_does_not_close_a_consultation(need: Need) -> None:
    share(need)
    Need.objects.update(state=Need.State.CONSULTATION)
    stop_sharing(need)
    need.refresh_from_db()
    assert (need.state, need.share_key) == (Need.State.CONSULTATION, "")


def test_the_demo_has_one_buyer_with_one_need_however_often_it_is_made() -> None:
    mayenne = make_departement("53", "Mayenne")
    for code in ("53130", "53137", "53034"):
        make_commune(code, departement=mayenne)
    make_firm(fictitious=True)
    for _ in range(2):
        said = StringIO()
        call_command("demo_needs", stdout=said)
        password = said.getvalue().split()[-1]
        assert User.objects.get(username="acheteur").check_password(password)
    need = Need.objects.get()
    assert need.fictitious and (need.trades.count(), need.places.count()) == (4, 3)
    assert list(visible(User.objects.get(username="acheteur"))) == [need]


def test_the_demo_buyer_is_refused_where_no_firm_is_fictitious() -> None:
    make_firm()
    with pytest.raises(CommandError, match="territoire fictif"):
        call_command("demo_needs", stdout=StringIO())
    assert not User.objects.exists()
