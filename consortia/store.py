"""What was concluded for lots, in place of what was before: a chunk of lots in a few statements and one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from consortia.models import Member, Outcome, Proposal
from consortia.propose import Row
from matchmaker.models import Lot


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One lot's outcome and its proposals; nothing of it is saved yet."""

    outcome: Outcome
    rows: Sequence[Row] = ()


def store(found: Iterable[Conclusion], *, again: bool = False) -> None:
    """Replace what was concluded for these lots; each changes in one step. A lot withdrawn meanwhile is passed over.

    Lots that someone else holds (an import, the same task delivered twice) are waited for one by one, no other lot
    held meanwhile: two who each wait for the other's lot would be stopped by the database.

    ``again``: outside of any run; what is concluded stays with the run that came to the lot last.
    """
    by_lot = {one.outcome.lot_id: one for one in found}
    written = _write(by_lot, list(by_lot), again, skip_locked=True)
    for pk in sorted(by_lot.keys() - written):
        _write(by_lot, [pk], again, skip_locked=False)


@transaction.atomic
def _write(by_lot: dict[int, Conclusion], ids: list[int], again: bool, *, skip_locked: bool) -> set[int]:
    """Write those of the lots that can be held; which they were."""
    wanted = Lot.objects.select_for_update(skip_locked=skip_locked).filter(pk__in=ids).order_by("pk")
    free = list(wanted.values_list("pk", flat=True))
    outcomes = [by_lot[pk].outcome for pk in free]
    rows = [row for pk in free for row in by_lot[pk].rows]
    if again:
        runs = dict(Outcome.objects.filter(lot__in=free).values_list("lot_id", "run_id"))
        for outcome in outcomes:
            outcome.run_id = runs.get(outcome.lot_id)
    Outcome.objects.filter(lot__in=free).delete()
    Member.objects.filter(proposal__lot__in=free)._raw_delete(using="default")
    Proposal.objects.filter(lot__in=free)._raw_delete(using="default")
    Outcome.objects.bulk_create(outcomes)
    Proposal.objects.bulk_create([proposal for proposal, _ in rows])
    Member.objects.bulk_create([member for _, members in rows for member in members])
    return set(free)
