"""A plan asked for, computed and kept: which proposals to pursue together, no firm beyond its capacity."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from consortia.domain.portfolio import Plan as Chosen
from consortia.domain.portfolio import Progress, choose
from consortia.models import Outcome, Plan, PlanFirm, PlanLine
from consortia.portfolio import Gathered, gather, scope
from matchmaker.locks import ImportBusyError, holding
from matchmaker.models import Directory
from matchmaker.queries import current_as_of

SECONDS = 30.0  # of search for one plan
AT_ONCE = 600  # open lots up to which the answer comes with the page
AT_ONCE_S = 1.5  # of search then; what is not proven in that time goes on in the background
SILENT = timedelta(seconds=90)  # without a sign of life, a calculation is taken for dead and sent again
TELL_S = 0.5  # between two tellings of progress
PRICED_EUR = 10_000  # the shadow price is told for this much capacity more


def visible(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Plan]:
    """Plans of territories, and those of the networks a person owns (all of them for staff). Lazy."""
    plans = Plan.objects.select_related("directory")
    if getattr(user, "is_staff", False):
        return plans
    mine = Q(directory__owner=user.pk) if user.is_authenticated else Q(pk=None)
    return plans.filter(Q(directory=None) | mine)


def ask(
    *, departement: str = "", directory: Directory | None = None, members: str = "any", objective: str = "lots",
    owner: AbstractBaseUser | None = None,
) -> Plan:  # fmt: skip
    """The plan that answers this question: as it stands when nothing changed since, else computed anew.

    A small one is answered at once; a large one by the workers, and the page tells how far it is.
    """
    plan, new = Plan.objects.get_or_create(
        departement=departement,
        directory=directory,
        members=members if directory else Plan.Members.ANY,
        objective=objective,
        as_of=current_as_of(),
        defaults={"asked_at": timezone.now(), "owner": owner},
    )
    if new or _stale(plan):
        Plan.objects.filter(pk=plan.pk).update(state=Plan.State.WAITING, asked_at=timezone.now(), error="")
        if scope(plan).count() <= AT_ONCE:
            compute(plan.pk, AT_ONCE_S)
        plan.refresh_from_db()
        if plan.state != Plan.State.DONE or not plan.proven:
            Plan.objects.filter(pk=plan.pk, state=Plan.State.DONE).update(state=Plan.State.WAITING)
            transaction.on_commit(lambda: _send(plan.pk))
        plan.refresh_from_db()
    return plan


def _send(plan_id: int) -> None:
    from consortia.tasks import compute_plan

    with suppress(OperationalError):  # the broker is away: asking again sends it again
        compute_plan.delay(plan_id)


def _stale(plan: Plan) -> bool:
    """Whether it must be computed: never finished and silent, or older than what it rests on. At most two queries."""
    if plan.going:
        return timezone.now() - (plan.beat_at or plan.asked_at) > SILENT
    if plan.state == Plan.State.FAILED or plan.finished_at is None:
        return True
    latest = Outcome.objects.filter(lot__in=scope(plan)).aggregate(at=Max("updated_at"))["at"]
    changed = [at for at in (latest, plan.directory.updated_at if plan.directory else None) if at]
    return any(at > plan.finished_at for at in changed)


def compute(plan_id: int, seconds: float = SECONDS) -> None:
    """Compute a plan that waits and keep it, in one transaction: killed anywhere, it waits still, and starts again.

    Delivered twice, it is computed once. A failure is kept with its reason and goes on to the caller.
    """
    try:
        with holding(f"maillage plan {plan_id}"):
            plan = Plan.objects.select_related("directory").filter(pk=plan_id).first()
            if plan is None or not plan.going:
                return
            try:
                _compute(plan, seconds)
            except Exception as error:
                Plan.objects.filter(pk=plan_id).update(
                    state=Plan.State.FAILED, error=f"{type(error).__name__}: {error}"
                )
                raise
    except ImportBusyError:
        return  # another worker is at it


def _compute(plan: Plan, seconds: float) -> None:
    start = time.monotonic()
    Plan.objects.filter(pk=plan.pk).update(state=Plan.State.RUNNING, beat_at=timezone.now(), parts_done=0, lots_done=0)
    gathered = gather(plan)
    Plan.objects.filter(pk=plan.pk).update(
        open_lots=gathered.open_lots,
        lots=len({way.lot for way in gathered.ways.values()}),
        columns=len(gathered.ways),
        firms=len(gathered.portfolio.capacity),
        beat_at=timezone.now(),
    )
    chosen = choose(gathered.portfolio, seconds, tell=_Teller(plan.pk))
    _keep(plan, gathered, chosen, time.monotonic() - start)


class _Teller:
    """Writes progress down, not more often than people look."""

    def __init__(self, plan_id: int) -> None:
        self.plan_id, self.last = plan_id, 0.0

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self.last < TELL_S:
            return
        self.last = time.monotonic()
        Plan.objects.filter(pk=self.plan_id).update(
            parts=progress.of_parts, parts_done=progress.parts, lots_done=progress.lots, beat_at=timezone.now()
        )


@transaction.atomic
def _keep(plan: Plan, gathered: Gathered, chosen: Chosen, seconds: float) -> None:
    portfolio = gathered.portfolio
    loads = portfolio.loads(chosen.chosen)
    left = {firm: eur - loads[firm] for firm, eur in portfolio.capacity.items()}
    lines = [*_reached(plan, gathered, chosen.chosen), *_missed(plan, gathered, chosen.chosen, left)]
    plan.lines.all().delete()
    plan.loads.all().delete()
    PlanLine.objects.bulk_create(lines, batch_size=2_000)
    PlanFirm.objects.bulk_create(_firms(plan, gathered, chosen, loads, lines), batch_size=2_000)
    Plan.objects.filter(pk=plan.pk).update(
        state=Plan.State.DONE,
        value=chosen.value,
        bound=chosen.bound,
        seconds=round(seconds, 2),
        parts=len(chosen.parts),
        parts_done=len(chosen.parts),
        lots_done=sum(part.lots for part in chosen.parts),
        error="",
        finished_at=timezone.now(),
    )


def _reached(plan: Plan, gathered: Gathered, chosen: Sequence[int]) -> Iterable[PlanLine]:
    for number in chosen:
        way = gathered.ways[number]
        team = [{"firm": firm, "eur": eur, "mandataire": place == 0} for place, (firm, eur) in enumerate(way.team)]
        value = gathered.portfolio.by_id[number].value
        yield PlanLine(plan=plan, lot_id=way.lot, reached=True, value=value, rank=way.rank, team=team)


def _missed(plan: Plan, gathered: Gathered, chosen: Sequence[int], left: dict[int, int]) -> Iterable[PlanLine]:
    """For each lot left out, the way that lacks least: whose capacity, and how much. None: a rule forbids it."""
    taken = {gathered.ways[number].lot for number in chosen}
    rules = {number: limit.rule for limit in gathered.portfolio.limits for number in limit.columns}
    nearest: dict[int, tuple[int, int]] = {}
    for number, way in gathered.ways.items():
        if way.lot not in taken:
            lack = sum(max(0, eur - left[firm]) for firm, eur in way.team)
            nearest[way.lot] = min(nearest.get(way.lot, (lack, number)), (lack, number))
    for lot, (lack, number) in nearest.items():
        way = gathered.ways[number]
        lacks = [{"firm": firm, "eur": eur - left[firm]} for firm, eur in way.team if eur > left[firm]]
        team = [{"firm": firm, "eur": eur, "mandataire": place == 0} for place, (firm, eur) in enumerate(way.team)]
        rule = rules.get(number, "") if not lack else ""
        yield PlanLine(plan=plan, lot_id=lot, reached=False, rank=way.rank, team=team, lacks=lacks, rule=rule)


def _firms(
    plan: Plan, gathered: Gathered, chosen: Chosen, loads: Counter[int], lines: Iterable[PlanLine]
) -> Iterable[PlanFirm]:
    """Firms the plan loads, and those whose capacity holds it back."""
    lots = Counter(firm for number in chosen.chosen for firm, _ in gathered.ways[number].team)
    wanted = Counter(one["firm"] for line in lines for one in line.lacks)
    for firm in sorted({*loads, *chosen.prices, *wanted}):
        yield PlanFirm(
            plan=plan,
            firm_id=firm,
            capacity_eur=gathered.portfolio.capacity[firm],
            load_eur=loads[firm],
            lots=lots[firm],
            wanted=wanted[firm],
            price=PRICED_EUR * chosen.prices.get(firm, 0.0),
        )
