"""A lot page says in a sentence what is new in its ranking, as long as it is true."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from matchmaker.models import Firm, Lot, MatchNews
from tests.factories import make_firm, make_lot, make_match
from tests.web.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]
DAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def lot() -> Lot:
    return make_lot()


def ranked(lot: Lot, name: str, rank: int, **more: object) -> Firm:
    firm = make_firm(name, **{key: more.pop(key) for key in ("diffusion",) if key in more})
    make_match(lot, firm, rank=rank, **more)
    return firm


def tell(lot: Lot, firm: Firm, *kinds: str) -> None:
    for kind in kinds:
        row = MatchNews.objects.create(lot=lot, firm=firm, kind=kind)
        MatchNews.objects.filter(pk=row.pk).update(at=DAY)


def page(client: Client, lot: Lot) -> str:
    return " ".join(text_of(client, f"/lots/{lot.pk}/").split())


def test_who_entered_who_left_and_who_can_now_do_it_alone(client: Client, lot: Lot) -> None:
    tell(lot, ranked(lot, "Régie X", 3), "entered")
    tell(lot, ranked(lot, "Atelier Y", 21), "left")
    tell(lot, ranked(lot, "Chantier Z", 1, solo=True), "solo")
    assert (
        "Depuis le 24 novembre 2026: Régie X est entrée dans les 20 premières ; Atelier Y est sortie des 20 premières"
        " ; Chantier Z peut désormais répondre seule."
    ) in page(client, lot)


def test_beyond_three_names_the_others_are_counted(client: Client, lot: Lot) -> None:
    for n in range(1, 6):
        tell(lot, ranked(lot, f"N{n}", n), "entered")
    assert "N1, N2, N3 et 2 autres sont entrées dans les 20 premières." in page(client, lot)


def test_what_was_undone_since_is_not_said(client: Client, lot: Lot) -> None:
    tell(lot, ranked(lot, "Partie et revenue", 2), "left", "entered")
    tell(lot, ranked(lot, "Venue et repartie", 40), "entered", "left")
    tell(lot, ranked(lot, "Plus capable seule", 5), "solo")
    assert "Depuis le" not in page(client, lot)


def test_a_firm_of_partial_diffusion_is_never_named(client: Client, lot: Lot) -> None:
    tell(lot, ranked(lot, "Secrète", 2, diffusion="P"), "entered")
    assert "Depuis le" not in page(client, lot)
    assert "Secrète" not in page(client, lot)


def test_a_lot_without_news_says_nothing(client: Client, lot: Lot) -> None:
    assert "Depuis le" not in page(client, lot)
