"""When a firm opposes diffusion (D1), what is kept of it forgets its address: a distance tells a place.

Open lots are matched again as after any change, measured from its commune (``supply.supply``). Here follow the places
that change alone would leave as they were: the lots no longer open, which keep the answer they had save this, the
snapshot where no open lot asks for it, and the map.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import transaction
from django.dispatch import Signal

from geo.domain.point import Point
from matchmaker.domain.area import covers, nearness
from matchmaker.domain.pair import chord
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import PARTS, Parts, total
from matchmaker.keep import held
from matchmaker.models import Firm, Lot, Match, PendingChange
from matchmaker.queries import with_commune
from matchmaker.snapshot import fresh
from matchmaker.supply_cells import refresh_supply

hidden = Signal()  # ``firms`` (ids) and ``tables``: for those who keep distances of their own


def opposed(changes: Iterable[PendingChange]) -> set[int]:
    """Of the firms that changed, those of partial diffusion that were measured from elsewhere than their commune, or
    may have been. One query."""
    seen: dict[int, set[tuple[float | None, float | None]]] = defaultdict(set)
    anyone = False
    for change in changes:
        anyone |= change.firm_id is None and change.lot_id is None  # so many changed that they are not named
        if change.firm_id is not None and change.before:
            seen[change.firm_id].add((change.before["lon"], change.before["lat"]))
    partial = Firm.objects.filter(diffusion=Firm.Diffusion.PARTIAL)
    if anyone:
        return set(partial.order_by().values_list("pk", flat=True))
    related, heavy = with_commune()
    return {
        firm.pk
        for firm in partial.filter(pk__in=list(seen)).select_related(*related).defer(*heavy, "capacity_steps")
        if firm.commune is None or seen[firm.pk] != {(firm.commune.point.x, firm.commune.point.y)}
    }


def hide(firms: Collection[int], tables: Reference) -> None:
    """Measure again, wherever it is kept, what tells where these firms are. Idempotent; nothing for no firm."""
    if not firms:
        return
    known = Firm.objects.filter(pk__in=firms).order_by()
    for fictitious in set(known.values_list("fictitious", flat=True)):
        fresh(fictitious, tables)
    remeasure(firms, tables)
    hidden.send(Firm, firms=firms, tables=tables)
    refresh_supply()


def remeasure(firms: Collection[int], tables: Reference) -> int:
    """Matches of these firms, measured from their communes and ranked so; those now out of reach go. Returns lots."""
    rows = Match.objects.filter(firm__in=firms, firm__diffusion=Firm.Diffusion.PARTIAL).order_by()
    related, heavy = with_commune("firm")
    known = rows.select_related("lot", *related).defer(*heavy, "firm__capacity_steps", "lot__description")
    touched = sorted({match.lot_id for match in known.iterator(2_000) if _km(match, tables) != match.distance_km})
    for pk in touched:
        with transaction.atomic():
            if held(Lot(pk=pk)):  # else it was withdrawn meanwhile
                _rank_again(pk, tables)
    return len(touched)


def _rank_again(lot_id: int, tables: Reference) -> None:
    rows = list(Match.objects.filter(lot=lot_id).select_related("lot", "firm__commune").defer("firm__capacity_steps"))
    before = {match.pk: (match.rank, match.distance_km) for match in rows}
    for match in rows:
        if match.firm.diffusion == Firm.Diffusion.PARTIAL and (km := _km(match, tables)) != match.distance_km:
            match.distance_km, match.distance_part = km, _near(match, km, tables)
            match.score = total(Parts(*(getattr(match, f"{part}_part") for part in PARTS)), tables.formula)
    kept = sorted((match for match in rows if match.distance_part > 0), key=lambda match: (-match.score, match.firm_id))
    for rank, match in enumerate(kept, start=1):
        match.rank = rank
    same = {match.pk for match in kept if before[match.pk] == (match.rank, match.distance_km)}
    Match.objects.filter(pk__in=before.keys() - same).delete()  # ranks are unique: they cannot pass through each other
    Match.objects.bulk_create([match for match in kept if match.pk not in same])


def _near(match: Match, km: float, tables: Reference) -> float:
    """The distance part of a match, were its firm so far."""
    far = km / match.radius_km
    inside = covers(match.firm.declared_departements, match.lot.departement_id or "")
    return nearness(tables.formula.decay(far), far, inside, tables.area_floor)


def _km(match: Match, tables: Reference) -> float:
    return km_from_commune(match.firm, match.lot, tables)


def km_from_commune(firm: Firm, lot: Lot, tables: Reference) -> float:
    """By road; a firm without a commune is nowhere. No query when ``firm.commune`` was fetched."""
    commune, place = firm.commune, lot.point
    if commune is None or place is None:
        return math.inf
    far = chord(Point(commune.point.x, commune.point.y), Point(place.x, place.y))
    return far * tables["distance.road_factor"] / 1000.0
