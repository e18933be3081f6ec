"""A firm deleted by hand: a re-match counts the supply anew and goes on."""

from __future__ import annotations

from typing import Any

import pytest

import matchmaker.rematch as module
from matchmaker.models import Firm, Match
from matchmaker.reference import load_reference
from matchmaker.rematch import rematch
from matchmaker.snapshot import fresh
from tests.factories import AS_OF, make_firm, make_lot, make_run
from tests.services.test_rematch import as_if_all_were_matched, declare_at, state


@pytest.mark.django_db(transaction=True)
class TestAFirmDeleted:
    """Deleting leaves no date, so that the supply read before still holds the firm."""

    @pytest.fixture(autouse=True)
    def matched(self, transactional_db: None) -> None:
        load_reference()
        make_lot()
        for n in range(6):
            make_firm(f"N{n}", capacity_eur=(9 - n) * 20_000)
        make_run(AS_OF)
        fresh(False)
        rematch()

    def test_is_passed_over(self) -> None:
        Firm.objects.get(name="N2").delete()
        rematch()
        assert [match.firm.name for match in Match.objects.order_by("rank")] == ["N0", "N1", "N3", "N4", "N5"]
        assert [match.rank for match in Match.objects.order_by("rank")] == [1, 2, 3, 4, 5]

    def test_while_the_pass_works_is_asked_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        declare_at(Firm.objects.get(name="N4"), 150_000)
        real = module.asked

        def asked_late(*given: Any) -> Any:
            answers = real(*given)
            Firm.objects.filter(name="N2").delete()
            return answers

        monkeypatch.setattr(module, "asked", asked_late)
        rematch()
        monkeypatch.undo()
        rematch()
        assert "N2" not in [match.firm.name for match in Match.objects.order_by("rank")]
        assert state() == as_if_all_were_matched()
