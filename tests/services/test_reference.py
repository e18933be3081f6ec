"""The reference tables in the database: shipped ones loaded, people's edits kept."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from matchmaker.domain.reference import InvalidReferenceError
from matchmaker.models import ReferenceRow
from matchmaker.reference import Rows, extra_table, load_reference, reference
from tests.domain.tables import shipped, tables

pytestmark = pytest.mark.django_db


def rows_shipped() -> int:
    """Of the tables matching rests on, of the law and of the texts of clauses."""
    ours = sum(len(rows) for rows in tables().values())
    return ours + sum(len(shipped_extra(table)) for table in ("threshold", "clause_text", "commitment_level"))


def shipped_extra(table: str) -> Rows:
    extra = extra_table(table)
    assert extra
    return extra.shipped()


def edit(table: str, key: str, **values: str) -> None:
    row = ReferenceRow.objects.get(table=table, key=key)
    row.values |= values
    row.edited = True
    row.save()


def test_the_database_holds_what_is_shipped() -> None:
    assert load_reference() == rows_shipped()
    known, files = reference(), shipped()
    assert (dict(known.trades), dict(known.parameters)) == (dict(files.trades), dict(files.parameters))
    assert (dict(known.kinds), dict(known.legal_forms)) == (dict(files.kinds), dict(files.legal_forms))
    assert (dict(known.name_words), known.vague_nafs) == (dict(files.name_words), files.vague_nafs)
    assert (dict(known.lot_words), dict(known.whole_works)) == (dict(files.lot_words), dict(files.whole_works))


def test_loading_again_adds_nothing() -> None:
    load_reference()
    rows, version = ReferenceRow.objects.count(), reference().version
    load_reference()
    assert (ReferenceRow.objects.count(), reference().version) == (rows, version)


def test_a_row_edited_by_a_person_survives_the_next_load_and_is_in_force() -> None:
    load_reference()
    edit("parameter", "distance.road_factor", value="1.4")
    assert load_reference() == rows_shipped() - 1
    assert reference()["distance.road_factor"] == 1.4


def test_any_edit_makes_another_version() -> None:
    load_reference()
    before = reference().version
    edit("trade", "T07", label="Peinture et ravalement")
    assert reference().version != before


def test_an_incoherent_edit_is_refused_by_name_when_the_tables_are_read() -> None:
    load_reference()
    edit("trade", "T07", hourly_eur="50")
    with pytest.raises(InvalidReferenceError, match="Métier T07"):
        reference()


def test_empty_tables_say_what_to_do() -> None:
    with pytest.raises(InvalidReferenceError, match=r"lancez « \./run manage load_reference »"):
        reference()
    with pytest.raises(CommandError, match="load_reference"):
        call_command("pipeline", "--inline", stdout=StringIO())


def test_estimates_are_marked_so_that_every_screen_can_say_so() -> None:
    load_reference()
    marked = dict(ReferenceRow.objects.filter(table="parameter").values_list("key", "is_estimate"))
    assert marked["capacity.growth"]
    assert not marked["capacity.aci_ceiling"]  # the Labour code says it
    assert all(ReferenceRow.objects.filter(table="trade").values_list("is_estimate", flat=True))
    assert not ReferenceRow.objects.filter(source="").exists()


def test_the_command_loads_them() -> None:
    out = StringIO()
    call_command("load_reference", stdout=out)
    assert ReferenceRow.objects.filter(table="trade").count() == 63
    assert out.getvalue().strip()
