"""Who may see a need, and the need as the simulations see it, from the communes of the database."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from allotment.domain.need import NeedError
from allotment.models import Need
from allotment.queries import MOST_PLACES, may_edit, need_of, visible
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import make_commune

pytestmark = pytest.mark.django_db


def test_a_need_is_seen_by_the_members_of_its_organisation_and_nobody_else() -> None:
    member, other = make_user("membre"), make_user("autre", is_staff=True, is_superuser=True)
    need = make_need(organisation=make_organisation(members=[member]))
    make_organisation("Voironnais", members=[other])
    assert list(visible(member)) == [need] and may_edit(member, need)
    for stranger in (other, AnonymousUser()):
        assert not visible(stranger).exists() and not may_edit(stranger, need)


def test_a_secret_key_opens_a_shared_need_to_read_only_and_no_other() -> None:
    need = make_need(share_key="une-clef-secrete", state=Need.State.SHARED)
    make_need("Un autre", share_key="", state=Need.State.SHARED)
    assert list(visible(AnonymousUser(), "une-clef-secrete")) == [need]
    assert not visible(AnonymousUser(), "").exists()
    assert not visible(AnonymousUser(), "une-clef-secret").exists()
    assert not visible(AnonymousUser(), "une\x00clef").exists()
    assert not may_edit(AnonymousUser(), need)


def test_a_key_left_on_a_draft_opens_nothing() -> None:
    make_need(share_key="une-clef-secrete", state=Need.State.DRAFT)
    assert not visible(AnonymousUser(), "une-clef-secrete").exists()


def test_communes_whose_outlines_meet_are_neighbours_and_the_others_are_tied_to_the_nearest() -> None:
    need = need_of(make_need(communes=["38185", "38169", "38563"]))  # Voiron is 20 km away from both
    near = {place.commune: place.near for place in need.places}
    assert "38169" in near["38185"]
    assert near["38563"] == {"38169"}


def test_a_need_without_trade_or_commune_says_what_lacks() -> None:
    with pytest.raises(NeedError, match="commune"):
        need_of(make_need(communes=[]))
    with pytest.raises(NeedError, match="métier"):
        need_of(make_need(trades={}))


def test_a_need_of_too_many_communes_is_refused_with_the_limit() -> None:
    need = make_need(communes=[])
    communes = [make_commune(f"38{number:03d}") for number in range(MOST_PLACES + 1)]
    from allotment.models import NeedPlace

    NeedPlace.objects.bulk_create(NeedPlace(need=need, commune=commune) for commune in communes)
    with pytest.raises(NeedError, match=str(MOST_PLACES)):
        need_of(need)
