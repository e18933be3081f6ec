"""What the index must answer, with math only, and random territories to ask it about."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from geo.domain.point import Point
from matchmaker.domain.notice import Reservation
from matchmaker.domain.query import Found, IndexedFirm, LotQuery, Wins
from matchmaker.domain.trade import LotTrade
from tests.domain.tables import shipped

R = shipped()
F = R.formula
EARTH_M = 6_371_009
RESERVED = {
    "ea_esat": {"EA", "EATT", "ESAT"},
    "siae": {"EI", "ETTI", "ACI", "AI", "EITI"},
    "prison": {"SEP"},
    "ea_esat_siae": {"EA", "EATT", "ESAT", "EI", "ETTI", "ACI", "AI", "EITI"},
}
LENDERS = {"ETTI", "AI", "EATT", "GEIQ"}
OFFICIAL = {f"{n:02}" for n in range(1, 96) if n != 20} | {"2A", "2B", "971", "972", "973", "974", "975", "976"}
TRADES = ("T01", "T04", "T07", "T22", "T41", "T44")  # radius 25, 35, 40, 300, 15, 40 km


# ---------------------------------------------------------------- the oracle, with math only


def metres(place: Point) -> tuple[int, int, int]:
    lon, lat = math.radians(place.lon), math.radians(place.lat)
    return (
        round(EARTH_M * math.cos(lat) * math.cos(lon)),
        round(EARTH_M * math.cos(lat) * math.sin(lon)),
        round(EARTH_M * math.sin(lat)),
    )


def road_m(a: Point, b: Point) -> float:
    square = sum((i - j) ** 2 for i, j in zip(metres(a), metres(b), strict=True))
    return math.sqrt(float(square)) * 1.3


def may_answer(firm: IndexedFirm, lot: LotQuery) -> bool:
    if lot.ess_only and firm.ess != "yes":
        return False
    if lot.kinds is not None and firm.inclusive_kind not in lot.kinds:
        return False
    if lot.reservation.value == "none":
        return True
    if lot.reservation.value == "ess":
        return firm.ess == "yes"
    return firm.inclusive_kind in RESERVED[lot.reservation.value]


def decay(far: float) -> float:
    """Straight lines between values an eighth of a radius apart."""
    values, place = F.decay.values, far * 8
    if place >= len(values) - 1:
        return values[-1]
    low = math.floor(place)
    return values[low] + (values[low + 1] - values[low]) * (place - low)


def one_way(firm: IndexedFirm, lot: LotQuery, trade: str, fit: float) -> tuple[float, tuple[float, ...]] | None:
    """Score and parts of a firm in one trade, None when it is out of reach or does not do it."""
    if trade not in firm.trades or (firm.inclusive_kind in LENDERS and trade != "T44"):
        return None
    radius = max(1, round(1000 * (firm.declared_radius_km or R.trades[trade].radius_km)))
    far = road_m(firm.point, lot.point) / (radius + round(1000 * lot.uncertainty_km))
    near = decay(far)
    area = {code for code in firm.departements if code in OFFICIAL}
    if area and lot.departement in OFFICIAL:
        if lot.departement not in area:
            return None
        near = max(near, 0.25 / (1 + far))
    if near <= 0:
        return None
    words, text = dict(lot.terms), 0.0
    for term, weight in firm.terms:
        text += weight * words.get(term, 0.0)
    room = F.unknown_capacity
    if lot.yearly_eur is not None:
        low, mid, high = (
            min(1.0, min(2**32 - 1, eur) / min(2**32 - 1, lot.yearly_eur))
            for eur in (firm.low, firm.capacity_eur, firm.high)
        )
        room = (low + 2 * mid + high) / 4
    won = firm.wins.get(trade, Wins())
    proof = min(1.0, won.count / F.wins_full) * (1 - F.same_buyer) + (F.same_buyer if won.buyers & lot.buyer else 0.0)
    parts = (fit * firm.trust, min(1.0, text), near, room, proof, 1.0 if firm.ess == "yes" else 0.0)
    score = 0.0
    for points, part in zip((F.trade, F.text, F.distance, F.capacity, F.evidence, F.ess), parts, strict=True):
        score += points * part
    return score, parts


def brute_force(firms: list[IndexedFirm], lot: LotQuery, k: int) -> tuple[list[tuple[object, ...]], int, int]:
    """(rows, supply, able alone): each firm once, in the trade it scores best in, by score then id."""
    rows = []
    alone = 0
    for firm in firms:
        if not may_answer(firm, lot):
            continue
        if lot.within_km is not None and road_m(firm.point, lot.point) / 1000.0 > lot.within_km:
            continue
        best = None
        served = []
        for need in lot.trades:
            known = [(trade, found) for trade, fit in need.options if (found := one_way(firm, lot, trade, fit))]
            if known:
                served.append(need.trade)
            for trade, (score, parts) in sorted(known, key=lambda way: (-way[1][0], way[0])):
                if best is None or score > best[0]:
                    best = (score, trade, parts)
        able = lot.yearly_eur is not None and min(2**32 - 1, firm.capacity_eur) >= min(2**32 - 1, lot.yearly_eur)
        solo = able and len(served) == len(lot.trades)
        if best and (solo or not lot.solo_only):
            alone += solo
            km = road_m(firm.point, lot.point) / 1000.0
            rows.append((firm.id, best[0], best[1], best[2], tuple(served), solo, km))
    rows.sort(key=lambda row: (-row[1], row[0]))
    return rows[:k], len(rows), alone


def told(found: Found) -> tuple[object, ...]:
    return (found.id, found.score, found.trade, found.parts, found.served, found.solo, found.distance_km)


# ---------------------------------------------------------------- random territories

CENTRES = [
    Point(-1.5534, 47.2173),  # Nantes
    Point(55.4504, -20.8823),  # Saint-Denis de La Réunion
    Point(179.98, -16.5),  # on the antimeridian
    Point(-180.0, -14.0),
    Point(2.35, 90.0),  # a pole, where longitudes meet
    Point(45.0, 35.2644),  # a corner of the cube the Hilbert line is drawn on
]
# Numbers of départements on both sides of the 64th, one that is none, and mostly no area at all.
AREAS = st.sampled_from([(), (), (), ("38",), ("26", "38"), ("2A", "95", "974"), ("974",), ("44", "99"), ("99",)])
DEPARTEMENTS = st.sampled_from(["", "38", "38", "26", "44", "95", "974", "99"])
CAPACITIES = st.sampled_from([0, 1, 30_000, 60_000, 99_999, 100_000, 100_001, 10**11])
KINDS = st.sampled_from(["", "", "EI", "ACI", "ETTI", "AI", "EA", "ESAT", "GEIQ", "SEP"])
WORDS = st.dictionaries(st.integers(0, 12), st.floats(0, 1, width=32), max_size=4).map(
    lambda words: tuple(sorted(words.items()))
)
WON = st.dictionaries(
    st.sampled_from(TRADES), st.builds(Wins, st.sampled_from([0, 1, 4, 5, 300]), st.sampled_from([0, 2, 6, 255]))
)


@st.composite
def places(draw: st.DrawFn, centre: Point) -> Point:
    """Near a centre, often exactly the same place as another one."""
    east = draw(st.sampled_from([0.0, 0.0, 0.1, -0.1]) | st.floats(-0.9, 0.9))
    north = draw(st.sampled_from([0.0, 0.0, 0.1]) | st.floats(-0.5, 0.5))
    lon = (centre.lon + east + 180) % 360 - 180
    return Point(lon, max(-90.0, min(90.0, centre.lat + north)))


@st.composite
def firms_near(draw: st.DrawFn, centre: Point, most: int) -> list[IndexedFirm]:
    numbers = draw(st.lists(st.integers(1, 40), unique=True, max_size=most))
    return [
        IndexedFirm(
            id=number,
            point=draw(places(centre)),
            trades=tuple(draw(st.lists(st.sampled_from(TRADES), min_size=1, max_size=3, unique=True))),
            trust=draw(st.sampled_from([1.0, 0.8, 0.35, 0.0])),
            capacity_eur=draw(CAPACITIES),
            low_eur=draw(st.sampled_from([None, 0, 20_000])),
            high_eur=draw(st.sampled_from([None, 120_000, 10**12])),
            ess=draw(st.sampled_from(["yes", "no", "verify"])),
            inclusive_kind=draw(KINDS),
            declared_radius_km=draw(st.sampled_from([None, None, 5.0, 80.0])),
            departements=draw(AREAS),
            wins=draw(WON),
            terms=draw(WORDS),
        )
        for number in numbers
    ]


@st.composite
def lots_near(draw: st.DrawFn, centre: Point) -> LotQuery:
    options = st.lists(
        st.tuples(st.sampled_from(TRADES), st.sampled_from([1.0, 0.9, 0.4])),
        min_size=1,
        max_size=3,
        unique_by=lambda option: option[0],
    )
    needs = draw(st.lists(options, min_size=1, max_size=3, unique_by=lambda found: found[0][0]))
    return LotQuery(
        trades=tuple(LotTrade(tuple(found), 1 / len(needs)) for found in needs),
        point=draw(places(centre)),
        uncertainty_km=draw(st.sampled_from([0.0, 0.0, 12.5])),
        yearly_eur=draw(st.sampled_from([None, 100_000, 1, 10**11])),
        reservation=draw(st.sampled_from([Reservation.NONE, *Reservation])),
        buyer=draw(st.sampled_from([0, 2, 128])),
        terms=draw(WORDS),
        departement=draw(DEPARTEMENTS),
        kinds=draw(st.sampled_from([None, None, None, frozenset({"", "EI"})])),
        ess_only=draw(st.sampled_from([False, False, False, True])),
        within_km=draw(st.sampled_from([None, None, None, 0.0, 13.0])),
        solo_only=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def territories(draw: st.DrawFn, most: int = 12) -> tuple[list[IndexedFirm], LotQuery]:
    centre = draw(st.sampled_from(CENTRES))
    return draw(firms_near(centre, most)), draw(lots_near(centre))


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[IndexedFirm], list[LotQuery]]:
    centre = draw(st.sampled_from(CENTRES))
    return draw(firms_near(centre, 12)), draw(st.lists(lots_near(centre), max_size=4))
