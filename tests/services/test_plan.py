"""A plan gathered from what is stored, computed, kept, asked again."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from consortia import plan as verbs
from consortia.models import Outcome, Plan, PlanLine
from consortia.plan import ask, compute, visible
from consortia.portfolio import gather
from consortia.tasks import compute_plan
from matchmaker.models import Directory, DirectoryRow, Firm, Lot
from tests.factories import (
    AS_OF,
    make_departement,
    make_firm,
    make_lot,
    make_match,
    make_outcome,
    make_proposal,
    make_run,
    make_tender,
)
from tests.services.broker import ROOT, broker, until, worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]


@pytest.fixture(autouse=True)
def _situation(db: None) -> None:
    make_run()


def sized(title: str, **more: Any) -> Lot:
    """An open lot of 120 k€ a year."""
    lot = make_lot(title, **more)
    make_outcome(lot)
    return lot


def network(*firms: Firm, name: str = "CRESS de l'Isère") -> Directory:
    owner = get_user_model().objects.create_user(name.lower().replace(" ", "-"), password="x")
    made = Directory.objects.create(name=name, file_name="l.csv", sha256="0" * 64, owner=owner, state="done")
    for line, firm in enumerate(firms, start=2):
        DirectoryRow.objects.create(directory=made, line=line, values={}, state="linked", firm=firm)
    return made


def titles(plan: Plan, *, reached: bool = True) -> list[str]:
    return sorted(plan.lines.filter(reached=reached).values_list("lot__title", flat=True))


def test_a_firm_able_alone_twice_is_committed_once_and_the_other_lot_goes_to_a_team() -> None:
    regie, drac, net = (make_firm(n, capacity_eur=130_000) for n in ("Régie", "Drac", "Net"))
    ecoles, mairie = sized("Écoles"), sized("Mairie")
    make_match(ecoles, regie, solo=True)
    make_match(mairie, regie, solo=True)
    make_proposal(mairie, [drac, net], [0.5, 0.5])
    plan = ask()
    assert (plan.state, plan.value, plan.bound, plan.proven, plan.open_lots) == ("done", 2, 2, True, 2)
    teams = {line.lot.title: [one["firm"] for one in line.team] for line in plan.lines.all()}
    assert teams == {"Écoles": [regie.pk], "Mairie": [drac.pk, net.pk]}
    assert dict(plan.loads.values_list("firm__name", "load_eur")) == {"Régie": 120_000, "Drac": 60_000, "Net": 60_000}


def test_a_lot_not_reached_says_whose_capacity_lacks_and_how_much() -> None:
    regie = make_firm("Régie", capacity_eur=130_000)
    for title in ("Écoles", "Mairie"):
        make_match(sized(title), regie, solo=True)
    plan = ask()
    missed = plan.lines.get(reached=False)
    assert missed.lacks == [{"firm": regie.pk, "eur": 110_000}]
    load = plan.loads.get()
    assert (load.wanted, load.lots) == (1, 1)
    assert load.price == pytest.approx(10_000 / 120_000)  # lots for 10 k€ more a year


def test_a_limit_of_the_tender_is_told_as_the_reason() -> None:
    regie = make_firm("Régie", capacity_eur=900_000)
    tender = make_tender(max_lots_won=1)
    for title in ("Écoles", "Mairie"):
        make_match(sized(title, tender=tender), regie, solo=True)
    plan = ask()
    assert plan.value == 1
    assert plan.lines.get(reached=False).rule == "A3"


def test_a_lot_without_amount_or_without_firm_counts_as_open_but_has_no_way() -> None:
    lot = make_lot("Sans montant")
    Outcome.objects.create(lot=lot, state="unsized", message="?", yearly_eur=None)
    make_match(lot, make_firm(capacity_eur=900_000), solo=True)
    sized("Personne")
    plan = ask()
    assert (plan.open_lots, plan.lots, plan.value, plan.lines.count()) == (2, 0, 0, 0)


def test_a_territory_holds_its_departement_only() -> None:
    regie = make_firm(capacity_eur=900_000)
    make_match(sized("Isère"), regie, solo=True)
    make_match(sized("Rhône", departement=make_departement("69", "Rhône")), regie, solo=True)
    assert titles(ask(departement="69")) == ["Rhône"]
    assert titles(ask()) == ["Isère", "Rhône"]


def test_a_network_counts_what_its_members_can_win_alone_or_with_others() -> None:
    member, other = make_firm("Membre", capacity_eur=70_000), make_firm("Autre", capacity_eur=130_000)
    mixed, foreign = sized("Avec d'autres"), sized("Sans nous")
    make_proposal(mixed, [other, member], [0.5, 0.5])
    make_match(foreign, other, solo=True)
    directory = network(member)
    assert titles(ask(directory=directory, members="any")) == ["Avec d'autres"]
    assert titles(ask(directory=directory, members="all")) == []


def test_euros_and_hours_are_other_questions() -> None:
    inclusive = make_firm("ACI", inclusive_kind="ACI", ess="yes", capacity_eur=130_000)
    ordinary = make_firm("Ordinaire", capacity_eur=130_000)
    lot = sized("Écoles")
    make_match(lot, ordinary, solo=True)
    make_match(lot, inclusive, solo=True)
    assert ask(objective="amount").value == 120_000
    hours = ask(objective="hours")
    assert hours.value and hours.lines.get().team[0]["firm"] == inclusive.pk


def test_the_same_question_has_one_answer_until_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    regie = make_firm(capacity_eur=900_000)
    make_match(sized("Écoles"), regie, solo=True)
    first = ask()
    assert ask().finished_at == first.finished_at
    make_match(sized("Mairie"), regie, solo=True)
    again = ask()
    assert (again.pk, again.value) == (first.pk, 2)


def test_a_message_delivered_twice_computes_once() -> None:
    make_match(sized("Écoles"), make_firm(capacity_eur=900_000), solo=True)
    plan = ask()
    compute_plan(plan.pk)
    plan.refresh_from_db()
    assert plan.finished_at == ask().finished_at


def test_a_calculation_killed_half_way_starts_again_from_what_is_stored() -> None:
    make_match(sized("Écoles"), make_firm(capacity_eur=900_000), solo=True)
    plan = Plan.objects.create(as_of=AS_OF, asked_at=timezone.now(), state="running", beat_at=timezone.now())
    compute_plan(plan.pk)
    plan.refresh_from_db()
    assert (plan.state, plan.value) == ("done", 1)


def test_a_large_scope_is_left_to_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "AT_ONCE", 0)
    make_match(sized("Écoles"), make_firm(capacity_eur=900_000), solo=True)
    plan = ask()
    assert plan.state == Plan.State.WAITING
    compute(plan.pk)
    assert ask().state == Plan.State.DONE


@pytest.mark.django_db(transaction=True)
def test_a_worker_computes_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "AT_ONCE", 0)
    make_match(sized("Écoles"), make_firm(capacity_eur=900_000), solo=True)
    with broker(6), worker():
        plan = ask()
        until(lambda: Plan.objects.filter(pk=plan.pk, state="done", value=1).exists(), "le plan n'arrive pas")


@pytest.mark.django_db(transaction=True)
def test_a_plan_whose_worker_is_killed_is_computed_by_the_next_visit() -> None:
    make_match(sized("Écoles"), make_firm(capacity_eur=900_000), solo=True)
    plan = Plan.objects.create(as_of=AS_OF, asked_at=timezone.now(), state="waiting")
    program = (
        "import os, signal, django; django.setup(); from consortia import plan;"
        "plan._keep = lambda *_: os.kill(os.getpid(), signal.SIGKILL); plan.compute(" + str(plan.pk) + ")"
    )
    told = os.environ | {
        "MAILLAGE_DB_NAME": str(connection.settings_dict["NAME"]),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    assert subprocess.run([sys.executable, "-c", program], env=told, cwd=ROOT, check=False).returncode == -9
    plan.refresh_from_db()
    assert (plan.state, plan.value) == ("running", None)
    Plan.objects.update(beat_at=timezone.now() - 2 * verbs.SILENT)
    assert ask().value == 1


def test_a_silent_calculation_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make_match(sized("Écoles"), make_firm(capacity_eur=900_000), solo=True)
    Plan.objects.create(as_of=AS_OF, asked_at=timezone.now() - 2 * verbs.SILENT, state="running")
    assert ask().state == Plan.State.DONE


def test_a_failure_is_kept_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(plan: Plan) -> None:
        raise ValueError("lot illisible")

    monkeypatch.setattr(verbs, "gather", breaks)
    plan = Plan.objects.create(as_of=AS_OF, asked_at=timezone.now())
    with pytest.raises(ValueError, match="lot illisible"):
        compute(plan.pk)
    plan.refresh_from_db()
    assert (plan.state, plan.error) == ("failed", "ValueError: lot illisible")


def test_a_plan_deleted_with_its_list_is_left_alone() -> None:
    compute_plan(123_456)
    assert PlanLine.objects.count() == 0


def test_a_network_s_plan_is_seen_by_its_owner_and_staff_only() -> None:
    directory = network()
    ask(directory=directory)
    ask()
    staff = get_user_model().objects.create_user("equipe", password="x", is_staff=True)
    other = get_user_model().objects.create_user("autre", password="x")
    seen = [visible(user).count() for user in (directory.owner, staff, other, AnonymousUser())]
    assert seen == [2, 2, 1, 1]


def test_gathering_costs_a_fixed_number_of_queries(django_assert_max_num_queries: Any) -> None:
    regie, drac = make_firm(capacity_eur=900_000), make_firm(capacity_eur=900_000)
    for number in range(6):
        lot = sized(f"Lot {number}")
        make_match(lot, regie, solo=True)
        make_proposal(lot, [regie, drac], [0.5, 0.5])
    plan = Plan.objects.create(as_of=AS_OF, asked_at=timezone.now(), directory=network(regie))
    with django_assert_max_num_queries(9):  # reference tables included, the first time
        assert len(gather(plan).ways) == 12
