"""Clauses of a need in the database: sized on the bassin, on by default, off with an exception; nothing is lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from allotment import clause_edit as verbs
from allotment.clause_edit import ClauseConflictError, ClauseRefusedError, State, Target
from allotment.clause_sheet import ClauseSheet, clause_sheet, split_of
from allotment.domain.law import Exemption
from allotment.models import ClauseChoice, ClauseLog, Need, Split, SplitLot
from allotment.models.clause import Kind, LogIsAppendOnlyError
from allotment.reference import rules_on
from matchmaker.domain.notice import Reservation
from matchmaker.models import Award, ReferenceRow
from matchmaker.sync import sync
from tests.buyers import make_need, make_organisation, make_user
from tests.factories import COMMUNES, make_buyer, make_commune, make_firm
from tests.services.hiring_files import crosswalk, seekers, survey

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reference")]
REASON = "Le chantier dure trois semaines et demande des habilitations électriques rares."
SIRET = "20004071500019"


@pytest.fixture
def bassin(tmp_path: Path) -> None:
    for code in COMMUNES:
        make_commune(code)
    sync("bassins", [crosswalk(tmp_path), crosswalk(tmp_path, year=2019)])
    sync("bmo", [survey(tmp_path)])
    sync("demandeurs", [seekers(tmp_path)])
    make_firm("Régie Villeneuve", inclusive_kind="EI", ess="yes", capacity_eur=300_000)
    make_firm("Chantier du Drac", inclusive_kind="ACI", ess="yes", capacity_eur=200_000)


def make_split(need: Need, *lots: tuple[str, list[str], list[str]], parent: Split | None = None) -> Split:
    """``lots``: title, trades, communes."""
    split = Split.objects.create(need=need, number=need.splits.count() + 1, parent=parent)
    for position, (title, trades, communes) in enumerate(lots, start=1):
        SplitLot.objects.create(split=split, position=position, title=title, trades=trades, communes=communes)
    return split


COMMUNES_OF_NEED = ["38185", "38421", "38151", "38169"]


def by_trade(need: Need, parent: Split | None = None) -> Split:
    return make_split(
        need, ("Nettoyage", ["T01"], COMMUNES_OF_NEED), ("Espaces verts", ["T04"], COMMUNES_OF_NEED), parent=parent
    )


def target(sheet: ClauseSheet, kind: Kind = Kind.SOCIAL, lot: int = 0) -> tuple[Target, State, tuple[Exemption, ...]]:
    found = sheet.lots[lot]
    view = found.clause(kind)
    assert view
    where = Target(sheet.need, found.sized.lot.row, found.sized.lot.title, kind, view.article)
    return where, view.state, view.exemptions


def off(sheet: ClauseSheet, code: str = "competition", reason: str = REASON, kind: Kind = Kind.SOCIAL) -> State:
    where, state, allowed = target(sheet, kind)
    return verbs.switch_off(
        where, state, code=code, reason=reason, allowed=allowed, shortest=40, user=make_user("acheteuse")
    )


# ---------------------------------------------------------------- on by default, sized


def test_every_clause_of_every_lot_is_on_by_default(bassin: None) -> None:
    need = make_need()
    sheet = clause_sheet(need, by_trade(need))
    assert len(sheet.lots) == 2
    assert all(one.state == State() and one.text for lot in sheet.lots for one in lot.clauses)
    assert [one.kind for one in sheet.lots[0].clauses] == ["social", "environment", "criterion"]


def test_the_lot_is_sized_on_its_bassin_and_on_the_inclusive_firms_near(bassin: None) -> None:
    """900 000 EUR of cleaning over three years: 30 000 h of labour, 15 % of them; what firms host is in between."""
    need = make_need()
    cleaning = clause_sheet(need, by_trade(need)).lots[0].sized
    assert cleaning.sizing.labour == pytest.approx(30_000)
    assert cleaning.sizing.target == pytest.approx(4_500)
    assert cleaning.hosts == 2
    assert cleaning.hiring and cleaning.hiring.bassins == ("GRENOBLE",)
    assert cleaning.sizing.fit and cleaning.sizing.free_hours
    assert cleaning.sizing.asked == int(cleaning.sizing.recommended[0]) <= 4_500


def test_without_a_survey_the_target_of_the_trades_is_asked_for() -> None:
    need = make_need(trades={"T01": 900_000})
    sizing = clause_sheet(need, None).lots[0].sized.sizing
    assert sizing.fit is None
    assert sizing.asked == 4_500


def test_staff_taken_over_is_shared_between_the_lots_of_a_trade() -> None:
    need = make_need(trades={"T01": 900_000}, communes=["38185", "38421"])
    need.trades.update(transferred_hours=15_000)
    split = make_split(need, ("Grenoble", ["T01"], ["38185"]), ("Saint-Martin", ["T01"], ["38421"]))
    lots = clause_sheet(need, split).lots
    assert sum(lot.sized.sizing.base for lot in lots) == pytest.approx(15_000, rel=1e-4)
    assert sum(lot.sized.sizing.labour for lot in lots) == pytest.approx(30_000, rel=1e-4)


def test_lots_that_together_ask_for_more_than_the_territory_hosts_are_told(bassin: None) -> None:
    """Each lot alone could have all the places near; both cannot."""
    from matchmaker.models import Firm

    Firm.objects.filter(inclusive_kind="ACI").delete()
    Firm.objects.filter(inclusive_kind="EI").update(capacity_low_eur=40_000, capacity_mid_eur=60_000)
    need = make_need(trades={"T01": 900_000}, communes=["38185", "38421"])
    split = make_split(need, ("Grenoble", ["T01"], ["38185"]), ("Saint-Martin", ["T01"], ["38421"]))
    sheet = clause_sheet(need, split)
    assert sheet.hosted and sheet.is_too_much
    assert not clause_sheet(need, None).is_too_much


def test_an_edited_row_of_the_law_is_checked_with_the_others() -> None:
    from matchmaker.admin import ReferenceRowForm

    row = ReferenceRow.objects.get(table="threshold", key="turnover.2019-04-01")
    form = ReferenceRowForm({"values": row.values | {"valid_to": "2026-02-01"}, "source": row.source}, instance=row)
    assert not form.is_valid() and "01/01/2026" in str(form.errors)
    text = ReferenceRow.objects.get(table="clause_text", key="criterion.food")
    values = text.values | {"text": "Distance entre le siège de l'entreprise et la cantine"}
    form = ReferenceRowForm({"values": values, "source": text.source}, instance=text)
    assert not form.is_valid() and "critère ou une condition" in str(form.errors)


def test_a_small_lot_gets_a_social_clause_without_hours() -> None:
    lot = clause_sheet(make_need(trades={"T01": 9_000}), None).lots[0]
    assert lot.too_few_hours
    assert "trop petit" in lot.clauses[0].text


def test_the_law_is_that_of_the_day_it_is_launched_not_of_today() -> None:
    before, after = (make_need(launched_on=date(2026, 8, day)) for day in (20, 22))
    assert not any(one.is_due for one in clause_sheet(before, None).lots[0].clauses)
    assert all(one.is_due for one in clause_sheet(after, None).lots[0].clauses)
    eve = clause_sheet(make_need(launched_on=date(2026, 8, 21)), None)
    assert any("21 août 2026" in one for one in eve.warnings)


def test_an_edited_threshold_is_in_force_and_survives() -> None:
    row = ReferenceRow.objects.get(table="threshold", key="turnover.2026-01-01")
    row.values |= {"value": "1.2"}
    row.edited = True
    row.save()
    assert rules_on(date(2026, 5, 1)).turnover_multiple == 1.2


def test_editing_the_law_does_not_make_another_version_of_what_matching_rests_on() -> None:
    from matchmaker.reference import reference

    before = reference().version
    ReferenceRow.objects.filter(table="threshold").update(values={"edited": "yes"})
    assert reference().version == before


# ---------------------------------------------------------------- off: exception, reason, journal


def test_a_clause_is_left_out_with_a_lawful_exception_and_a_reason_and_that_is_written_down() -> None:
    need = make_need()
    off(clause_sheet(need, None))
    sheet = clause_sheet(need, None)
    (_, left) = sheet.off[0]
    assert (left.state.exemption, left.state.reason) == ("competition", REASON)
    line = ClauseLog.objects.get()
    assert (line.action, line.by.username, line.article) == ("off", "acheteuse", "L2112-2-1 3°")
    assert "restreindrait la concurrence" in line.exemption


@pytest.mark.parametrize(
    ("code", "reason", "said"),
    [("", REASON, "exception"), ("short_works", REASON, "exception"), ("link", "parce que", "40 caractères")],
)
def test_no_exception_outside_the_list_and_no_reason_too_short(code: str, reason: str, said: str) -> None:
    need = make_need()
    with pytest.raises(ClauseRefusedError, match=said):
        off(clause_sheet(need, None), code, reason)
    assert not ClauseChoice.objects.exists()


def test_the_environmental_condition_knows_no_exception_once_due() -> None:
    with pytest.raises(ClauseRefusedError, match="ne prévoit aucune exception"):
        off(clause_sheet(make_need(), None), "not_due", kind=Kind.ENVIRONMENT)


def test_undo_brings_the_clause_back_and_undoing_again_leaves_it_out_again() -> None:
    need = make_need()
    off(clause_sheet(need, None))
    user = make_user("acheteuse")
    for expected in (True, False):
        where, state, _ = target(clause_sheet(need, None))
        assert verbs.undo(where, state, user=user).is_on is expected
    assert list(ClauseLog.objects.values_list("action", flat=True)) == ["undo", "undo", "off"]


def test_there_is_nothing_to_undo_at_first() -> None:
    where, state, _ = target(clause_sheet(make_need(), None))
    with pytest.raises(ClauseRefusedError, match="rien à annuler"):
        verbs.undo(where, state, user=make_user())


def test_the_journal_only_grows() -> None:
    off(clause_sheet(make_need(), None))
    line = ClauseLog.objects.get()
    line.reason = "Autre motif"
    for act in (line.save, line.delete, ClauseLog.objects.all().delete, lambda: ClauseLog.objects.update(reason="")):
        with pytest.raises(LogIsAppendOnlyError):
            act()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE allotment_clauselog SET reason = ''")


def test_the_journal_outlives_the_version_whose_lot_it_speaks_of() -> None:
    need = make_need()
    split = by_trade(need)
    off(clause_sheet(need, split))
    split.delete()
    assert ClauseLog.objects.get().lot is None
    assert ClauseLog.objects.get().lot_title == "Nettoyage"


def test_a_need_kept_whole_owes_an_exception_and_a_split_one_does_not() -> None:
    need = make_need()
    assert clause_sheet(need, None).one_lot
    assert clause_sheet(need, by_trade(need)).one_lot is None
    assert clause_sheet(make_need(trades={"T01": 900_000}), None).one_lot is None


def test_a_split_of_one_lot_owes_it_too_and_the_same_reason_serves() -> None:
    need = make_need()
    split = make_split(need, ("Tout", ["T01", "T04"], COMMUNES_OF_NEED))
    sheet = clause_sheet(need, split)
    assert sheet.one_lot and sheet.owes_reason
    verbs.switch_off(
        Target(need, None, need.title, Kind.ONE_LOT, sheet.one_lot.article),
        sheet.one_lot.state,
        code="coordination",
        reason=REASON,
        allowed=sheet.one_lot.exemptions,
        shortest=40,
        user=make_user(),
    )
    assert not clause_sheet(need, split).owes_reason
    assert not clause_sheet(need, None).owes_reason


# ---------------------------------------------------------------- text


def write(need: Need, text: str, version: int, split: Split | None = None, user: str = "acheteuse") -> State:
    where, state, _ = target(clause_sheet(need, split))
    return verbs.write_text(where, state, text=text, user=make_user(user), version=version)


def test_the_buyer_s_text_replaces_the_generated_one_and_empty_brings_it_back() -> None:
    need = make_need()
    generated = clause_sheet(need, None).lots[0].clauses[0].text
    write(need, "Mon texte", 0)
    assert clause_sheet(need, None).lots[0].clauses[0].text == "Mon texte"
    write(need, "", 1)
    assert clause_sheet(need, None).lots[0].clauses[0].text == generated


def test_two_tabs_writing_at_once_lose_nothing() -> None:
    need = make_need()
    write(need, "Le texte de l'une", 0)
    with pytest.raises(ClauseConflictError):
        write(need, "Le texte de l'autre", 0, user="autre")
    assert ClauseChoice.objects.get().text == "Le texte de l'une"


def test_writing_for_a_while_is_one_line_of_the_journal_and_undo_goes_back_before_it() -> None:
    need = make_need()
    for version, text in enumerate(("M", "Mo", "Mon texte")):
        write(need, text, version)
    assert ClauseLog.objects.count() == 1
    where, state, _ = target(clause_sheet(need, None))
    assert verbs.undo(where, state, user=make_user("acheteuse")).text == ""


def test_a_text_that_asks_for_local_is_kept_but_told() -> None:
    need = make_need()
    write(need, "Le titulaire recrute de la main-d'œuvre locale.", 0)
    sheet = clause_sheet(need, None)
    assert [one.faults for _lot, one in sheet.faults] == [("main-d'oeuvre locale",)]


def test_no_generated_text_of_any_lot_has_a_fault(bassin: None) -> None:
    need = make_need(trades={"T01": 900_000, "T04": 300_000, "T07": 200_000, "T24": 90_000})
    assert clause_sheet(need, None).faults == []


# ---------------------------------------------------------------- versions of the split


def test_a_choice_follows_its_lot_to_the_next_version_and_can_be_changed_there() -> None:
    need = make_need()
    first = by_trade(need)
    off(clause_sheet(need, first))
    second = by_trade(need, parent=first)
    (_, left) = clause_sheet(need, second).off[0]
    assert left.state.inherited and left.state.reason == REASON
    where, state, _ = target(clause_sheet(need, second))
    verbs.switch_on(where, state, user=make_user())
    assert clause_sheet(need, second).off == []
    assert len(clause_sheet(need, first).off) == 1


def test_the_last_version_is_shown_unless_another_is_asked_for() -> None:
    need = make_need()
    first, second = by_trade(need), by_trade(need)
    assert split_of(need, "") == second
    assert split_of(need, "1") == first
    assert split_of(need, "0") is None


# ---------------------------------------------------------------- reservations


def test_r5_counts_what_the_same_buyer_reserved_in_the_three_years_before() -> None:
    buyer = make_buyer("Métropole", siret=SIRET)
    common = {"buyer": buyer, "cpv": "85312110", "trades": ["T41"], "social": ["Marché réservé"], "source": "decp"}
    Award.objects.create(uid="1", notified_on=date(2022, 1, 10), title="Ancien", record_hash="1", **common)
    need = make_need(organisation=make_organisation(siret=SIRET[:9] + "00027"), trades={"T41": 300_000})
    need.trades.update(cpvs=["85312110"])

    def ess() -> tuple[str, ...]:
        advices = clause_sheet(need, None).lots[0].sized.reservations
        return next(one.objections for one in advices if one.reservation is Reservation.ESS)

    assert ess() == ()
    Award.objects.create(uid="2", notified_on=date(2024, 5, 2), title="Crèche", record_hash="2", **common)
    assert "Crèche" in ess()[0]


def test_a_trade_without_code_is_judged_by_its_usual_ones() -> None:
    lot = clause_sheet(make_need(trades={"T01": 900_000}), None).lots[0].sized
    ess = next(one for one in lot.reservations if one.reservation is Reservation.ESS)
    assert not ess.lawful and "90910000" in ess.objections[0]


def test_firms_that_only_lend_staff_are_no_candidates_of_a_reserved_lot(bassin: None) -> None:
    make_firm("Intérim d'insertion", inclusive_kind="ETTI", trades=["T44"], ess="no")
    lot = clause_sheet(make_need(trades={"T01": 900_000}), None).lots[0].sized
    siae = next(one for one in lot.reservations if one.reservation is Reservation.SIAE)
    assert siae.firms == 2
    assert lot.hosts == 3  # but they host hours
