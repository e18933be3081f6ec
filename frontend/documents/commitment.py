"""A commitment board on paper (PDF) and as a table (CSV, XLSX): the figures, then every contract behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from allotment.commitments import Board, Shown
from frontend import commitment_words, exports, words
from frontend.documents import workbook
from matchmaker.sources.catalogue import BY_KEY

LARGEST = 25  # contracts a page of paper names; the tables hold them all

COLUMNS = (
    "contrat", "objet", "notifie_le", "montant_compte_eur_ht", "montant_publie_eur_ht", "accord_cadre", "converti",
    "pourquoi", "considerations_connues", "considerations_publiees", "environnement", "titulaires",
    "sirets_titulaires", "ajoute_ou_complete_a_la_main", "repose_sur", "acheteur", "siret_acheteur", "annee",
    "fictif", "source",
)  # fmt: skip
MONEY = {"montant_compte_eur_ht": workbook.EUROS, "montant_publie_eur_ht": workbook.EUROS}
WIDE = {"objet", "pourquoi", "titulaires", "acheteur", "repose_sur"}


def name_of(board: Board) -> str:
    return f"engagement-{board.buyer.pk}-{board.year}"


def csv(board: Board) -> HttpResponse:
    return exports.answer(name_of(board), COLUMNS, _rows(board))


def xlsx(board: Board) -> HttpResponse:
    book, sheet = workbook.new_book(name_of(board), "contrats")
    workbook.heading(sheet, 1, COLUMNS)
    for number, values in enumerate(_rows(board), start=2):
        for place, (key, value) in enumerate(zip(COLUMNS, values, strict=True), start=1):
            workbook.put(sheet, number, place, value, MONEY.get(key, ""))
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    workbook.widths(sheet, [48 if key in WIDE else 18 for key in COLUMNS])
    workbook.ready_to_print(sheet, 1)
    summary = book.create_sheet("indicateurs", 0)
    workbook.lines(summary, _summary(board))
    workbook.widths(summary, [64, 24, 24])
    return workbook.answer(book, name_of(board))


def _summary(board: Board) -> Iterator[tuple[str, ...]]:
    year = board.figures
    yield board.buyer.name, str(board.year), _("situation au %(d)s") % {"d": words.day(board.latest)}
    yield _("Part convertie"), _share(year.share), _("objectif %(t)s") % {"t": words.percent(board.target)}
    yield _("Part si tout l'inconnu était converti"), _share(year.share_high), ""
    for label, part in (
        (_("Dépense notifiée"), year.total),
        (_("Dépense convertie"), year.converted),
        (_("Considérations inconnues"), year.unknown),
    ):
        yield label, words.euros(part.eur), _contracts(part.contracts)
    for bar in commitment_words.bars(year):
        yield bar.label, words.euros(bar.part.eur), _contracts(bar.part.contracts)
    for label, one in commitment_words.indicators(board):
        yield f"SPASER : {label}", _share(one.value_share), _("%(s)s en nombre") % {"s": _share(one.number_share)}
    for level in board.levels:
        yield level.label, words.percent(level.value), level.source


def _contracts(count: int) -> str:
    return _("%(n)s contrats") % {"n": words.grouped(count)}


def _share(share: float | None) -> str:
    return "–" if share is None else words.percent(share)


def _rows(board: Board) -> Iterator[list[object]]:
    for one in board.contracts:
        yield _row(board, one)


def _row(board: Board, one: Shown) -> list[object]:
    """A partially diffused holder keeps neither name nor number (rule D1)."""
    contract, award = one.contract, one.award
    shown = [firm for firm in one.holders if firm]
    return [
        contract.key,
        one.title,
        contract.on.isoformat(),
        contract.amount_eur,
        award.amount_eur if award else contract.amount_eur,
        exports.yes_or_no(one.framework),
        exports.yes_or_no(contract.converted),
        commitment_words.kinds_of(contract.kinds),
        exports.yes_or_no(contract.said),
        ", ".join(award.social) if award else "",
        "" if contract.green is None else exports.yes_or_no(contract.green),
        " + ".join(firm.name for firm in shown),
        " ".join(firm.siret for firm in shown if not firm.masked),
        exports.yes_or_no(one.entry is not None),
        one.entry.note if one.entry else "",
        board.buyer.name,
        board.buyer.siret,
        board.year,
        exports.yes_or_no(bool(award and award.fictitious)),
        award.source if award else "saisie",
    ]


def page(board: Board, printed_on: date) -> str:
    """The HTML of the document, in the language in force."""
    context = {
        "lang": get_language(),
        "file": SimpleNamespace(printed_on=printed_on, view=SimpleNamespace(fictitious=board.fictitious)),
        "board": board,
        "sentence": commitment_words.sentence(board),
        "trend": commitment_words.trend(board),
        "projected": commitment_words.projected(board.projection) if board.projection else "",
        "bars": commitment_words.bars(board.figures),
        "beside": commitment_words.beside(board.levels, board.spaser.indicators),
        "indicators": commitment_words.indicators(board),
        "largest": [(one, commitment_words.kinds_of(one.contract.kinds)) for one in board.contracts[:LARGEST]],
        "origins": origins(board, printed_on),
    }
    return render_to_string("documents/commitment.html", context)


def origins(board: Board, printed_on: date) -> list[tuple[str, str]]:
    decp = BY_KEY["decp"]
    latest = _("dernier contrat connu le %(d)s") % {"d": words.day(board.latest)} if board.latest else ""
    return [
        (decp.title, ", ".join(filter(None, (decp.producer, latest, decp.licence)))),
        (_("Niveaux nationaux"), "; ".join(dict.fromkeys(level.source for level in board.levels))),
        (_("Document établi le"), words.day(printed_on)),
    ]
