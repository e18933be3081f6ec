"""The method page says what ranks: the formula in force, its weights, its curve, its quality once measured."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from frontend.pages.method import drawn
from matchmaker.domain.curve import Curve
from matchmaker.models import ReferenceRow
from matchmaker.quality import CalibrationBin, Interval, Quality, RankerQuality, keep_quality
from tests.factories import Territory
from tests.web.reading import text_of
from tests.web.test_why_pages import points

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("reference")
class TestWithTables:
    def test_the_weights_are_those_of_the_tables(self, client: Client) -> None:
        row = ReferenceRow.objects.get(table="score", key="1")
        row.values = row.values | {"trade": "40", "ess": "10"}
        row.save()
        text = text_of(client, "/method/")
        assert "score = 40 × Métier + 6 × Mots + 24 × Proximité + 16 × Capacité + 4 × Références + 10 × ESS" in text

    def test_the_version_in_force_is_marked_among_the_others(self, client: Client) -> None:
        first = ReferenceRow.objects.get(table="score", key="1")
        ReferenceRow.objects.create(table="score", key="2", values=first.values | {"label": "Appris"}, source="Essai")
        text = text_of(client, "/method/")
        assert "En vigueur: version 1" in text
        assert re.search(r"2 Appris .* 1 en vigueur", text)

    def test_trust_and_its_sources_are_listed(self, client: Client) -> None:
        text = text_of(client, "/method/")
        assert "Confiance dans un métier déduit du code NAF 0,8" in text

    def test_an_unmeasured_quality_names_the_command(self, client: Client) -> None:
        assert "./run manage backtest" in text_of(client, "/method/")

    def test_the_example_is_a_real_pair_whose_figures_add_up(self, client: Client, territory: Territory) -> None:
        page = client.get("/method/").content.decode()
        told = points(page)
        assert len(told) == 7
        assert sum(told[:6]) == pytest.approx(told[6])
        assert re.search(r'href="/firms/\d{14}/"', page)

    def test_no_match_yet_is_said(self, client: Client) -> None:
        assert "l'exemple viendra avec le premier calcul" in text_of(client, "/method/")

    def test_a_measured_quality_is_shown_with_its_intervals_and_limits(self, client: Client) -> None:
        keep_quality(a_quality(), None)
        text = text_of(client, "/method/")
        assert "HR@10" in text and "42 % 30 % – 54 %" in text
        assert "Couverture: 81 % des titulaires" in text
        assert "pas de position (12)" in text
        assert "La formule reste en vigueur." in text
        assert "Un millier de marchés ne dit rien d'un métier rare." in text
        assert "./run manage backtest" not in text

    def test_few_queries(self, client: Client, territory: Territory, django_assert_max_num_queries: object) -> None:
        client.get("/method/")
        with django_assert_max_num_queries(18):  # type: ignore[operator]
            client.get("/method/")


def test_without_tables_the_page_says_what_to_do(client: Client) -> None:
    assert "./run manage load_reference" in text_of(client, "/method/")


def test_the_curve_is_drawn_through_its_knots() -> None:
    curve = drawn(Curve((1.0, 1.0, 0.5, 0.0), 2))
    assert curve.line == "0.0,0.0 160.0,0.0 320.0,95.0 480.0,190.0"
    assert curve.table[0] == ("0", 100) and curve.table[-1] == ("1,5", 0)


def a_quality() -> Quality:
    figure = Interval(0.42, 0.30, 0.54)
    formula = RankerQuality("formula", "Formule", {10: figure, 20: figure}, {10: figure}, figure, None, 0.4, figure)
    return Quality(
        made_at=timezone.now(),
        score_version=1,
        data="Marchés d'essai.",
        first_day=date(2024, 1, 1),
        last_day=date(2025, 1, 1),
        awards=100,
        winners=120,
        firms=5000,
        coverage=0.81,
        uncovered=(("pas de position", 12),),
        rankers=(formula,),
        calibration=(CalibrationBin(0.1, 0.12, 0.05, 0.2, 300),),
        verdict="La formule reste en vigueur.",
        limits=("Un millier de marchés ne dit rien d'un métier rare.",),
    )
