"""The method page shows what the last backtest measured, word for word."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from matchmaker.quality import CalibrationBin, Interval, Quality, RankerQuality, keep_quality, latest_quality

pytestmark = pytest.mark.django_db


def made() -> Quality:
    figure = Interval(0.5, 0.4, 0.6)
    formula = RankerQuality("formula", "formule", {1: figure, 20: figure}, {20: figure}, figure, None, 0.3, figure)
    return Quality(
        made_at=timezone.localtime(),
        score_version=1,
        data="Marchés d'essai",
        first_day=date(2018, 1, 2),
        last_day=None,
        awards=10,
        winners=12,
        firms=100,
        coverage=0.8,
        uncovered=(("métier inconnu", 3),),
        rankers=(formula,),
        calibration=(CalibrationBin(0.1, 0.12, 0.05, 0.2, 40),),
        verdict="Rien n'est adopté.",
        limits=("Trop peu de marchés.",),
        charts={"hr": "<svg/>"},
    )


def test_nothing_is_shown_before_any_backtest() -> None:
    assert latest_quality() is None


def test_the_last_report_comes_back_as_it_was_kept() -> None:
    last = made()
    keep_quality(replace(last, made_at=last.made_at - timedelta(days=9), awards=1), None)
    keep_quality(last, 2)
    assert latest_quality() == last
