"""Proposals: the best ways to split a need for a stated objective, what is proven, why its borders are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from allotment.domain.border import Move
from allotment.domain.need import Need as DomainNeed
from allotment.domain.need import NeedError
from allotment.domain.optimise import Answer, Objective, OptimiseError, Point, Wish
from allotment.domain.split import MOST_LOTS
from allotment.propose import accept, answer, borders, default_wish, wish_of
from allotment.queries import need_of
from allotment.splits import TooManyVersionsError, titles
from frontend import words
from frontend.access import signed_in
from frontend.front_chart import front
from frontend.opened import edited
from frontend.split_picture import picture
from geo.models import Commune


@dataclass(frozen=True, slots=True)
class Reason:
    """One border: the commune whose passage would cost least, in words."""

    title: str
    text: str


def objectives(bidders: int) -> dict[str, str]:
    return {
        Objective.BIDDERS: _("des lots à %(n)d candidats locaux au moins") % {"n": bidders},
        Objective.ESS: _("la part à la portée de l'ESS et de l'insertion"),
        Objective.HOURS: _("les heures d'insertion que les structures proches accueillent"),
    }


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, need_id: int) -> HttpResponse:
    """The form; with ``objective`` the front too; a POST keeps the chosen split. Members of the buyer only."""
    found = edited(request, need_id)
    said = request.POST if request.method == "POST" else request.GET
    context = {
        "need": found, "section": "splits", "editable": True, "fictitious": found.fictitious, "most": MOST_LOTS,
        "wish": default_wish(), "objectives": objectives(3), "lacks": "", "error": "",
    }  # fmt: skip
    try:
        need = need_of(found)
    except NeedError as lack:
        return render(request, "needs/propose.html", context | {"lacks": str(lack)})
    if "objective" not in said:
        return render(request, "needs/propose.html", context)
    try:
        wish = _wish(need, said)
        proposed = answer(found, wish, need)
        point = _chosen(proposed, said.get("lots", ""))
        if request.method == "POST":
            kept = accept(found, proposed, point, request.user)
            return redirect("need-split", found.pk, kept.number)
    except (OptimiseError, TooManyVersionsError) as refused:
        return render(request, "needs/propose.html", context | {"error": str(refused)}, status=422)
    names = titles(point.shapes)
    context |= {
        "wish": wish,
        "objectives": objectives(wish.bidders),
        "goal": objectives(wish.bidders)[wish.objective],
        "answer": proposed,
        "front": front(proposed),
        "point": point,
        "share": point.gain_eur / proposed.amount_eur,
        "gap": (point.bound_eur - point.gain_eur) / point.bound_eur if point.bound_eur else 0.0,
        "lots": [(name, len(shape.communes)) for name, shape in zip(names, point.shapes, strict=True)],
        "layers": _layers(point),
        "picture": picture(frozenset(place.commune for place in need.places)),
        "reasons": reasons(borders(found, wish, point, need)),
    }
    return render(request, "needs/propose.html", context)


def _layers(point: Point) -> list[list[tuple[str, int]]]:
    """For each group of trades, the lot of each commune."""
    layers: dict[int, list[tuple[str, int]]] = {}
    for number, ((group, _held), shape) in enumerate(zip(point.parts, point.shapes, strict=True), start=1):
        layers.setdefault(group, []).extend((code, number) for code in sorted(shape.communes))
    return list(layers.values())


def _wish(need: DomainNeed, said: Mapping[str, str]) -> Wish:
    """As typed; raises OptimiseError."""

    def number(name: str, default: int) -> int:
        text = "".join(said.get(name, "").split())
        if not text:
            return default
        if not text.isdecimal() or len(text) > 12:
            raise OptimiseError(_("Indiquez des nombres entiers : candidats, coût d'un lot, lots."))
        return int(text)

    usual = default_wish()
    try:
        objective = Objective(said.get("objective", ""))
    except ValueError:
        raise OptimiseError(_("Choisissez un objectif de la liste.")) from None
    return wish_of(
        need, objective, number("bidders", usual.bidders), number("lot_eur", usual.lot_eur), number("most", MOST_LOTS)
    )


def _chosen(found: Answer, lots: str) -> Point:
    """The point of so many lots, else the best one."""
    return next((point for point in found.front if str(point.lots) == lots), found.best)


# ---------------------------------------------------------------- why this border


def reasons(found: list[Move]) -> list[Reason]:
    """For each two neighbouring lots, the passage of one commune that would lose least. One query."""

    def pair(move: Move) -> tuple[int, int]:
        return min(move.giver.lot, move.taker.lot), max(move.giver.lot, move.taker.lot)

    ranked = sorted(found, key=lambda move: (pair(move), -move.gain_eur, move.communes))
    least = [next(same) for _pair, same in groupby(ranked, pair)]
    names = dict(Commune.objects.filter(pk__in=[move.communes[0] for move in least]).values_list("pk", "name"))
    return [_reason(move, names.get(move.communes[0], move.communes[0])) for move in least]


def _reason(move: Move, name: str) -> Reason:
    more = _(" et %(n)d autres communes") % {"n": len(move.communes) - 1} if len(move.communes) > 1 else ""
    title = _("Entre les lots %(a)d et %(b)d : %(name)s%(more)s") % {
        "a": move.giver.lot + 1, "b": move.taker.lot + 1, "name": name, "more": more,
    }  # fmt: skip
    sides = ", ".join(
        _("le lot %(lot)d passerait de %(before)s à %(after)s candidats pour %(eur)s")
        % {
            "lot": side.lot + 1,
            "before": _many(side.candidates[0]),
            "after": _many(side.candidates[1]),
            "eur": words.euros(side.eur[1]),
        }
        for side in (move.giver, move.taker)
    )
    if move.gain_eur < 0:
        effect = _("l'objectif perdrait %(eur)s") % {"eur": words.euros(-move.gain_eur)}
    elif move.gain_eur > 0:
        effect = _("l'objectif gagnerait %(eur)s, sous une forme que le calcul n'a pas étudiée") % {
            "eur": words.euros(move.gain_eur)
        }
    else:
        effect = _("l'objectif n'y gagne ni n'y perd : la frontière peut être déplacée")
    text = _("En passant du lot %(giver)d au lot %(taker)d, %(sides)s ; %(effect)s.") % {
        "giver": move.giver.lot + 1, "taker": move.taker.lot + 1, "sides": sides, "effect": effect,
    }  # fmt: skip
    return Reason(title, text)


def _many(number: int) -> str:
    return _("9 ou plus") if number >= 9 else str(number)
