"""A consultation as its verbs and its tables keep it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import Organisation, User
from allotment import consult, consult_queries
from allotment.consult import ContributionError, LotInterest, Terms, Words
from allotment.domain.consultation import Act, ConsultationError, ModerationError, Reason
from allotment.models import BuyerWord, Consultation, Contribution, Interest, ModerationDecision, Need
from allotment.models.consultation import HistoryIsAppendOnlyError
from tests.buyers import make_consultation, make_need, make_organisation, make_split, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]
TEXT = "Un lot par vallée laisserait une chance aux petites structures."


@pytest.fixture
def moderator() -> User:
    return make_user("moderatrice")


@pytest.fixture
def debate(moderator: User) -> Consultation:
    need = make_need(organisation=make_organisation(members=[moderator]))
    return make_consultation(need, opened_by=moderator)


def said(debate: Consultation, body: str = TEXT, **more: object) -> Contribution:
    return consult.contribute(debate, Words(body, **more))[0]  # type: ignore[arg-type]


def public(debate: Consultation) -> list[str]:
    found = consult_queries.threads(debate)
    tops = [thread.first.body for thread in found if thread.first]
    return tops + [reply.body for thread in found for reply in thread.replies]


# ---------------------------------------------------------------- opening


def terms(**more: object) -> Terms:
    now = timezone.now()
    defaults = {"question": "Qu'en pensez-vous ?", "opens_at": now, "closes_at": now + timedelta(days=21)}
    return Terms(**defaults | more)  # type: ignore[arg-type]


def test_opening_makes_a_private_draft_public_with_the_versions_chosen(moderator: User) -> None:
    need = make_need()
    shown, kept = make_split(need), make_split(need)
    elsewhere = make_split(make_need("Un autre besoin"))
    opened = consult.open_consultation(need, terms(splits=[shown, elsewhere]), moderator)
    need.refresh_from_db()
    assert need.state == Need.State.CONSULTATION
    assert list(opened.splits.all()) == [shown]
    assert kept not in opened.splits.all()
    assert list(consult_queries.consultations()) == [opened]


def test_what_changes_once_open_is_told_to_all(debate: Consultation, moderator: User) -> None:
    later = debate.closes_at + timedelta(days=7)
    consult.open_consultation(
        debate.need, terms(closes_at=later, question=debate.question, splits=list(debate.splits.all())), moderator
    )
    (word,) = consult_queries.buyer_words(debate)
    assert word.kind == BuyerWord.Kind.CHANGE
    assert f"{timezone.localtime(later):%d/%m/%Y}" in word.body


def test_closed_by_hand_it_receives_nothing_and_stays_readable(debate: Consultation) -> None:
    consult.close_consultation(debate)
    debate = consult_queries.consultations().get()
    assert debate.need.state == Need.State.CLOSED
    with pytest.raises(ConsultationError, match="close"):
        said(debate)


def test_past_its_date_it_receives_nothing_though_nobody_closed_it(debate: Consultation) -> None:
    debate.opens_at, debate.closes_at = (timezone.now() - timedelta(days=n) for n in (9, 2))
    debate.save()
    with pytest.raises(ConsultationError, match="close"):
        said(debate)


def test_a_need_set_aside_takes_its_consultation_with_it(debate: Consultation) -> None:
    debate.need.deleted_at = timezone.now()
    debate.need.save()
    assert not consult_queries.consultations().exists()


# ---------------------------------------------------------------- the debate


def test_a_contribution_is_public_once_validated_and_not_before(debate: Consultation, moderator: User) -> None:
    row = said(debate)
    assert public(debate) == []
    consult.decide(row.pk, Act.PUBLISH, moderator)
    assert public(debate) == [TEXT]
    consult.decide(row.pk, Act.UNDO, moderator)
    assert public(debate) == []


def test_a_refusal_keeps_who_when_and_why(debate: Consultation, moderator: User) -> None:
    row, token = consult.contribute(debate, Words(TEXT))
    consult.decide(row.pk, Act.REFUSE, moderator, reason=Reason.OTHER, words="Hors du territoire")
    followed = consult_queries.followed(token)
    assert followed is not None
    assert (followed.status, followed.reason, followed.reason_words) == ("refused", "other", "Hors du territoire")
    (line,) = followed.decisions.all()
    assert (line.by, line.act) == (moderator, "refuse")
    assert consult_queries.refused_by_reason(debate) == {"other": 1}


def test_the_second_moderator_is_told_and_changes_nothing(debate: Consultation, moderator: User) -> None:
    row = said(debate)
    consult.decide(row.pk, Act.REFUSE, moderator, reason=Reason.OFF_TOPIC)
    with pytest.raises(ModerationError):
        consult.decide(row.pk, Act.PUBLISH, make_user("second"))
    assert ModerationDecision.objects.count() == 1


def test_one_replies_to_what_is_public_and_one_level_deep(debate: Consultation, moderator: User) -> None:
    top = said(debate)
    with pytest.raises(ContributionError):
        said(debate, parent=top.pk)
    consult.decide(top.pk, Act.PUBLISH, moderator)
    reply = said(debate, "Tout à fait d'accord avec vous.", parent=top.pk)
    consult.decide(reply.pk, Act.PUBLISH, moderator)
    with pytest.raises(ContributionError):
        said(debate, parent=reply.pk)
    consult.decide(top.pk, Act.WITHDRAW, moderator, reason=Reason.PERSONAL)
    assert public(debate) == ["Tout à fait d'accord avec vous."]


def test_a_contribution_is_about_the_need_a_trade_or_a_lot_that_is_shown(debate: Consultation) -> None:
    lot = consult_queries.lots(debate)[1]
    assert said(debate).about == ""
    assert "Espaces verts" in said(debate, subject=f"lot:{lot.pk}").about
    assert said(debate, subject="trade:T01").trade == "T01"
    other = make_split(debate.need).lots.first()
    assert other is not None
    for absurd in (f"lot:{other.pk}", "lot:", "trade:T99", "x"):
        with pytest.raises(ContributionError, match="liste"):
            said(debate, subject=absurd)


@pytest.mark.parametrize("body", ["", "   \n", "court", "x" * (consult.LONGEST + 1)])
def test_an_empty_or_endless_message_is_refused(debate: Consultation, body: str) -> None:
    with pytest.raises(ContributionError):
        said(debate, body)


def test_the_secret_address_is_not_kept_where_it_could_be_read(debate: Consultation) -> None:
    row, token = consult.contribute(debate, Words(TEXT))
    assert token not in str(Contribution.objects.filter(pk=row.pk).values())
    assert consult_queries.followed(token + "x") is None


# ---------------------------------------------------------------- guards of the database, whoever writes


def refused(write: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            write()
    except DatabaseError:
        return True
    return False


def test_the_database_publishes_nothing_that_nobody_validated(debate: Consultation) -> None:
    row = said(debate)
    now = timezone.now()
    rows = Contribution.objects.filter(pk=row.pk)
    assert refused(lambda: rows.update(status="published", decided_at=now))
    assert refused(
        lambda: Contribution.objects.create(
            consultation=debate, body=TEXT, token_hash="x", status="published", decided_at=now
        )
    )


def test_what_was_said_and_decided_never_changes(debate: Consultation, moderator: User) -> None:
    row = said(debate)
    consult.decide(row.pk, Act.PUBLISH, moderator)
    word = consult.tell(debate, "Oui, trois lots.", moderator, answers=row.pk)
    assert refused(lambda: Contribution.objects.filter(pk=row.pk).update(body="autre chose"))
    assert refused(lambda: BuyerWord.objects.filter(pk=word.pk).update(body="autre chose"))
    line = row.decisions.get()
    for change in (line.save, line.delete, row.decisions.all().delete, lambda: row.decisions.all().update(words="x")):
        with pytest.raises(HistoryIsAppendOnlyError):
            change()


def test_a_need_that_was_opened_can_still_be_deleted_with_all_it_holds(debate: Consultation, moderator: User) -> None:
    row = said(debate)
    consult.decide(row.pk, Act.PUBLISH, moderator)
    said(debate, parent=row.pk)
    consult.tell(debate, "Oui.", moderator, answers=row.pk)
    debate.need.delete()
    assert not Contribution.objects.exists() and not ModerationDecision.objects.exists()


# ---------------------------------------------------------------- the buyer's words (S1)


def test_an_answer_to_one_is_public_for_all_at_once(debate: Consultation, moderator: User) -> None:
    row = said(debate)
    with pytest.raises(ConsultationError, match="publiée"):
        consult.tell(debate, "Réponse en privé", moderator, answers=row.pk)
    consult.decide(row.pk, Act.PUBLISH, moderator)
    consult.tell(debate, "Le marché aura quatre lots.", moderator, answers=row.pk)
    assert [word.body for word in consult_queries.buyer_words(debate)] == ["Le marché aura quatre lots."]
    assert consult_queries.threads(debate)[0].answers[0].body == "Le marché aura quatre lots."


def test_what_the_buyer_told_stays_told_though_the_question_is_withdrawn(debate: Consultation, moderator: User) -> None:
    row = said(debate)
    consult.decide(row.pk, Act.PUBLISH, moderator)
    consult.tell(debate, "Le marché aura quatre lots.", moderator, answers=row.pk)
    consult.decide(row.pk, Act.WITHDRAW, moderator, reason=Reason.SECRET)
    assert public(debate) == []
    assert [word.body for word in consult_queries.buyer_words(debate)] == ["Le marché aura quatre lots."]


@pytest.mark.parametrize(("name", "content"), [("a.exe", b"x"), ("a", b"x"), ("a.pdf", b"")])
def test_only_documents_are_joined(debate: Consultation, moderator: User, name: str, content: bytes) -> None:
    with pytest.raises(ConsultationError):
        consult.tell(debate, "Voici le plan.", moderator, document=(name, content))


# ---------------------------------------------------------------- sealed capacities


def firm(number: int) -> Organisation:
    return make_organisation(f"Entreprise {number}", kind=Organisation.Kind.FIRM)


def test_capacities_come_out_as_sums_of_five_firms_once_it_is_over(debate: Consultation, moderator: User) -> None:
    lot = consult_queries.lots(debate)[0].pk
    for number in range(5):
        line = LotInterest(lot, "together", Decimal(2), 40_000)
        consult.declare(debate, firm(number), [line], moderator)
    now = consult_queries.aggregates(debate, timezone.now())[lot]
    assert (now.organisations, now.fte, now.amount_eur) == (5, None, None)
    end = consult_queries.aggregates(debate, debate.closes_at)[lot]
    assert (end.organisations, end.fte, end.amount_eur) == (5, 10.0, 200_000)


def test_answering_again_replaces_what_was_declared(debate: Consultation, moderator: User) -> None:
    one, lot = firm(1), consult_queries.lots(debate)[0].pk
    consult.declare(debate, one, [LotInterest(None, "watching"), LotInterest(lot, "alone", Decimal(3))], moderator)
    consult.declare(debate, one, [LotInterest(lot, "together", None, 10_000)], moderator)
    assert list(Interest.objects.values_list("lot", "level", "amount_eur")) == [(lot, "together", 10_000)]


@pytest.mark.parametrize(
    "line",
    [
        LotInterest(10**9, "alone"),
        LotInterest(None, "peut-être"),
        LotInterest(None, "alone", Decimal(-1)),
        LotInterest(None, "alone", None, 10**15),
    ],
)
def test_an_absurd_answer_is_refused(debate: Consultation, moderator: User, line: LotInterest) -> None:
    with pytest.raises(ConsultationError):
        consult.declare(debate, firm(1), [line], moderator)


# ---------------------------------------------------------------- who moderates


def test_moderators_are_the_buyer_s_members_and_those_of_an_appointed_agency(moderator: User) -> None:
    helper, other, seller = make_user("appui"), make_user("autre", is_staff=True), make_user("vendeur")
    agency = make_organisation("Agence", kind=Organisation.Kind.AGENCY, members=[helper])
    make_organisation("Autre agence", kind=Organisation.Kind.AGENCY, members=[other])
    make_organisation("Entreprise", kind=Organisation.Kind.FIRM, members=[seller])
    debate = make_consultation(
        make_need(organisation=make_organisation(members=[moderator])), opened_by=moderator, agencies=[agency]
    )
    row = said(debate)
    assert list(consult_queries.queue(moderator)) == list(consult_queries.queue(helper)) == [row]
    for stranger in (other, seller):
        assert not consult_queries.queue(stranger).exists()
