"""The snapshot of the supply: what PostGIS says, to the byte, however it came there."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point as GeosPoint
from django.utils import timezone

from matchmaker import snapshot, supply
from matchmaker.domain.segment import segments_of
from matchmaker.models import Firm, ReferenceRow
from matchmaker.reference import reference
from matchmaker.snapshot import build, current, indexed, refresh, store_of
from tests.factories import make_firm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places", "few_words")]

TOWNS = ("38185", "38421", "38151", "38169", "38229", "38563", "38382", "38545", "38140")
TRADES = (["T01"], ["T01", "T07"], ["T07"], ["T44"], ["T02", "T01", "T38"])
KINDS = ("", "", "", "EI", "ACI", "ETTI", "ESAT")
NAMES = ("Propreté Drac", "Peinture Alpine", "Jardins du Vercors", "Nettoyage Belledonne", "Atelier Chartreuse")


@pytest.fixture
def few_words(places: None) -> None:
    """Among a handful of firms, a word of half of them is still a word."""
    for key, value in (("text.max_df", "0.9"), ("text.min_df", "2")):
        row = ReferenceRow.objects.get(table="parameter", key=key)
        row.values |= {"value": value}
        row.save()


def some_firm(dice: random.Random, **more: object) -> Firm:
    """Any firm a database may hold."""
    known = {
        "commune_code": dice.choice(TOWNS),
        "capacity_eur": dice.choice((0, 1, 80_000, 5_000_000_000)),
        "trades": dice.choice((*TRADES, [])),
        "trade_source": dice.choice(("declared", "naf", "name", "kind")),
        "inclusive_kind": dice.choice(KINDS),
        "ess": dice.choice(("yes", "no", "verify")),
        "declared_radius_km": dice.choice((None, None, 0, 12.3456, 80)),
        "declared_departements": dice.choice(([], [], ["38"], ["95", "2A", "974"])),
        "wins": dice.choice(({}, {}, {"T01": [3, 2]}, {"T01": [700, 6], "T12": [1, 0]})),
        "diffusion": dice.choice("OOOP"),
        "active": dice.random() > 0.1,
    }
    if dice.random() < 0.5:
        known["point"] = GeosPoint(dice.uniform(-180, 180), dice.uniform(-90, 90), srid=4326)
    return make_firm(f"{dice.choice(NAMES)} {dice.choice(NAMES)}", **known | more)


def files(fictitious: bool = False) -> dict[str, str]:
    """Checksum of each segment in force, and of the words."""
    manifest = store_of(fictitious).current()
    return {name: one.sha256 for name, one in [*manifest.segments.items(), *manifest.extra.items()]}


def rebuilt() -> dict[str, str]:
    """Checksums once everything is built anew with the same words."""
    build(False, learn=False)
    return files()


def test_rows_read_by_columns_are_those_of_each_firm_read_alone() -> None:
    dice = random.Random(4)
    for _ in range(150):
        some_firm(dice)
    build(False)
    kept, tables = current(False), reference()
    assert len(kept.model) > 3
    alone = [indexed(firm, tables, kept.model) for firm in Firm.objects.select_related("commune")]
    expected = segments_of([one for one in alone if one is not None], tables)
    assert set(kept.segments) == set(expected)
    for trade, segment in expected.items():
        for name, array in segment.arrays().items():
            mine = kept.segments[trade].arrays()[name]
            assert (mine.dtype, mine.tobytes()) == (array.dtype, array.tobytes()), (trade, name)


def test_the_same_database_gives_the_same_bytes() -> None:
    dice = random.Random(5)
    for _ in range(30):
        some_firm(dice)
    first = build(False), files()
    assert (build(False), files()) == first


@pytest.mark.parametrize("seed", range(3))
def test_brought_up_to_date_it_is_to_the_byte_what_a_whole_build_makes(seed: int) -> None:
    dice = random.Random(seed)
    firms = [some_firm(dice) for _ in range(40)]
    build(False)
    for _ in range(8):
        for firm in dice.sample(firms, dice.randint(1, 3)):
            _change(firm, dice)
        if dice.random() < 0.5:
            firms.append(some_firm(dice))
        done = refresh(False)
        assert done.changed is not None, done.reason
        mine = files()
        assert mine == rebuilt()


def _change(firm: Firm, dice: random.Random) -> None:
    match dice.randrange(8):
        case 0:
            firm.active = not firm.active
        case 1:
            firm.trades = dice.choice(TRADES)
        case 2:
            firm.capacity_high_eur += 1_000
        case 3:
            firm.point = GeosPoint(dice.uniform(5, 6), dice.uniform(45, 46), srid=4326)
        case 4:
            firm.wins = {"T07": [dice.randint(1, 9), 4]}
        case 5:
            firm.diffusion = "P"
        case 6:
            firm.declared_departements = dice.choice(([], ["38"], ["26", "2B"]))
        case 7:
            firm.fictitious = not firm.fictitious
    firm.save()


def test_a_refresh_says_who_changed_and_how_they_were() -> None:
    firms = [make_firm(f"Propreté {n}", capacity_eur=10_000) for n in range(3)]
    build(False)
    firms[1].capacity_high_eur = 99_000
    firms[1].save()
    firms[2].active = False
    firms[2].save()
    firms.append(make_firm("Nouvelle"))
    done = refresh(False)
    assert done.changed == (firms[1].pk, firms[2].pk, firms[3].pk)
    assert {pk: firm.high for pk, firm in done.old.items()} == {firms[1].pk: 17_000, firms[2].pk: 17_000}
    assert {pk: firm.high for pk, firm in done.new.items()} == {firms[1].pk: 99_000, firms[3].pk: 102_000}
    assert done.version == current(False).version


def test_what_the_index_does_not_read_changes_nothing() -> None:
    firm = make_firm()
    version = build(False).version
    before = store_of(False).pointer() | {"seen": ""}
    firm.website = "https://exemple.fr"
    firm.save()
    assert refresh(False).changed == ()
    assert (current(False).version, store_of(False).pointer() | {"seen": ""}) == (version, before)


def test_only_the_trades_touched_are_written() -> None:
    painter, cleaner = make_firm("Peinture", trades=["T07"]), make_firm("Propreté", trades=["T01"])
    build(False)
    before = files()
    painter.capacity_high_eur += 1
    painter.save()
    refresh(False)
    after = files()
    assert {name for name in after if after[name] != before[name]} == {"T07"}
    cleaner.active = False
    cleaner.save()
    refresh(False)
    assert set(files()) == {"T07", "words"}


def test_a_firm_deleted_leaves_no_date_but_is_missed() -> None:
    gone, _ = make_firm(), make_firm()
    build(False)
    Firm.objects.filter(pk=gone.pk).delete()
    done = refresh(False)
    assert (done.changed, done.reason) == (None, "des entreprises ont disparu")
    assert len(current(False).index) == 1


def test_a_change_of_the_reference_tables_builds_everything_again() -> None:
    make_firm()
    build(False)
    row = ReferenceRow.objects.get(table="trade", key="T01")
    row.values |= {"radius_km": "31"}
    row.save()
    kept = current(False)
    assert kept.segments["T01"].rows.radius_m.tolist() == [31_000]


def test_real_and_fictitious_firms_never_share_a_snapshot() -> None:
    real, demo = make_firm(), make_firm(fictitious=True)
    assert list(current(False).firms([real.pk, demo.pk])) == [real.pk]
    assert list(current(True).firms([real.pk, demo.pk])) == [demo.pk]


def test_an_empty_supply_is_a_snapshot_too() -> None:
    assert len(current(False).index) == 0
    make_firm()
    refresh(False)
    assert len(current(False).index) == 1


def test_readers_see_a_new_version_without_being_told() -> None:
    make_firm()
    first = current(False)
    assert current(False) is first
    make_firm()
    refresh(False)
    assert len(current(False).index) == 2
    assert len(first.index) == 1  # whoever still holds the old one reads it to the end


def test_a_damaged_or_missing_file_is_noticed_and_built_again() -> None:
    make_firm()
    build(False)
    store = store_of(False)
    path = store.folder / store.current().segments["T01"].file
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    for spoil in (lambda: path.write_bytes(content), lambda: path.write_bytes(content[:-1]), path.unlink):
        spoil()
        assert len(store.problems(store.current())) == 1
        snapshot._open.clear()  # as a process that starts
        assert len(current(False).index) == 1
        assert store.problems(store.current()) == []


def test_no_date_is_trusted_beyond_the_oldest_transaction_under_way() -> None:
    make_firm()
    build(False)
    until = timezone.datetime.fromisoformat(store_of(False).pointer()["until"])
    assert until < timezone.now() - timedelta(minutes=5)


class TestAnImportJustDone:
    """For some minutes its firms are read twice, as dates are set before they are kept; not by all who ask."""

    def read(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        told: list[int] = []

        def columns(*given: Any, ids: Any = None, **more: Any) -> Any:
            told.append(len(ids))
            return supply.columns(*given, ids=ids, **more)

        monkeypatch.setattr(snapshot, "columns", columns)
        return told

    def test_is_read_again_only_when_a_firm_was_written(self, monkeypatch: pytest.MonkeyPatch) -> None:
        firms = [make_firm(f"N{n}", active=True) for n in range(5)]
        build(False)
        told = self.read(monkeypatch)
        version = snapshot.refresh(False).version
        assert told == []
        firms[0].capacity_mid_eur += 1
        firms[0].save()
        assert snapshot.refresh(False).changed == (firms[0].pk,)
        assert snapshot.refresh(False).version != version
        assert told == [5]
        firms[1].save()  # dated anew, and nothing that counts changed
        assert snapshot.refresh(False).changed == ()
        snapshot.refresh(False)
        assert told == [5, 5]


def test_opening_early_builds_nothing_and_opens_what_is_in_force() -> None:
    make_firm()
    snapshot._open.clear()
    snapshot.open_early()
    assert store_of(False).folder not in snapshot._open
    version = build(False).version
    snapshot._open.clear()
    snapshot.open_early()
    assert snapshot._open[store_of(False).folder][1].version == version
