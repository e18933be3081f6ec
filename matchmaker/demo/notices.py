"""Fictitious consultations over the demo territory, as the notices of ``matchmaker.domain``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from geo.domain.distance import Spread, spread
from geo.domain.point import Point
from matchmaker.demo.buyers import DemoBuyer, make_buyers
from matchmaker.demo.dice import Dice
from matchmaker.demo.firms import DemoFirm
from matchmaker.demo.identifiers import BUYERS
from matchmaker.demo.names import EMBLEMS, PLACES
from matchmaker.demo.places import Territory, Town
from matchmaker.demo.sizing import rounded, yearly_amount
from matchmaker.demo.supply import Supply
from matchmaker.demo.texts import (
    ACTS,
    CLAUSE_WITHOUT_HOURS,
    CLAUSES,
    ESS_SENTENCE,
    ESS_SHARE,
    EXCLUSIVE_SENTENCE,
    GREEN_SENTENCES,
    LABEL,
    RESERVED_SENTENCE,
    SCOPES,
    THEMES,
    Theme,
)
from matchmaker.domain.eligibility import R5_MAX_MONTHS, r5_cpv_allowed
from matchmaker.domain.insertion import WorkShare, insertion_hours, labour_hours
from matchmaker.domain.notice import Notice, NoticeKind, NoticeLot, Place, Reservation
from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import lot_trades, trades_of_cpv

MULTI_TRADE_SHARE = 0.165  # drawn; themes of one trade cannot, so about 15 % remain
SOCIAL_SHARE = 0.26  # reserved lots come on top
GREEN_SHARE = 0.5
UNPUBLISHED_SHARE = 0.12
HOURS_SHARE = 0.65  # of the lots with a clause
SME_SHARE = 0.6
RESERVED_EXECUTION_SHARE = 0.3  # of the lots reserved to EA, ESAT and SIAE
LIMITED_SHARE = 0.3  # of the consultations of three lots or more
EXCLUSIVE_SHARE = 0.12  # consultations that forbid several candidacies (rule G3)
PLACES_KNOWN_BY = {"all": 55.0, "postcode": 15.0, "city": 12.0, "nuts": 18.0}
SOCIAL_CODES = {"work-cond": 3.0, "gen-eq": 2.0, "acc-all": 2.0}
GREEN_CODES = {"clim-mitig": 4.0, "circ-econ": 4.0, "biodiv-eco": 2.0, "pollu-prev": 2.0, "clim-adapt": 1.0}


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a lot before it is sized and worded."""

    trades: tuple[str, ...]
    cpvs: tuple[str, ...]
    town: Town
    place: Place
    site: str
    months: int
    reservation: Reservation


class NoticeMaker:
    """Draws consultations one after the other; lots are sized on the supply around them."""

    def __init__(self, seed: int, territory: Territory, supply: Supply, reference: Reference, as_of: date) -> None:
        self.seed = seed
        self.dice = Dice(seed, "notices")
        self.territory = territory
        self.supply = supply
        self.reference = reference
        self.as_of = as_of
        self._centre = cache(self._departement_centre)

    def notice(self, rank: int, theme: Theme, size: int, buyer: DemoBuyer) -> Notice:
        dice = self.dice
        site = self._site(theme)
        trades = dice.several(theme.trades, size) if theme.one_site else []
        deadline = self._deadline(buyer.town)
        dispatched = min(self.as_of - timedelta(days=2), deadline.date() - timedelta(days=dice.between(28, 48)))
        lots = tuple(
            self._lot(number, theme, buyer, deadline, rank, site, trades[number - 1 : number])
            for number in range(1, size + 1)
        )
        max_bid, max_won = self._limits(size)
        exclusive = dice.chance(EXCLUSIVE_SHARE)
        where = f" {site}" if theme.one_site else ""
        title = lots[0].title if size == 1 else f"{theme.title}{where} – {buyer.town.name}"
        return Notice(
            source="eforms",
            id=self._uuid(rank, "avis"),
            version="01",
            kind=NoticeKind.CONTRACT,
            form="20" if theme.social_services else "16",
            title=title,
            description=f"{LABEL} {theme.title}." + (f" {EXCLUSIVE_SENTENCE}" if exclusive else ""),
            buyer=buyer.buyer,
            lots=lots,
            nature=theme.nature,
            procedure_id=self._uuid(rank, "procedure"),
            procedure="open",
            published_on=dispatched + timedelta(days=1),
            dispatched_on=dispatched,
            language="fr",
            country="FR",
            max_lots_bid=max_bid,
            max_lots_won=max_won,
            exclusive_grouping=True if exclusive else None,
        )

    def _lot(
        self,
        number: int,
        theme: Theme,
        buyer: DemoBuyer,
        deadline: datetime,
        rank: int,
        site: str,
        only: list[str],
    ) -> NoticeLot:
        request = self._request(theme, buyer, site if theme.one_site else self._site(theme), only)
        total = self._amount(theme, request)
        social = self._social(request)
        hours = self._hours(request, total) if "opp" in social and self.dice.chance(HOURS_SHARE) else None
        green = self._codes(GREEN_CODES) if self.dice.chance(GREEN_SHARE) else ()
        reserved = request.reservation is Reservation.EA_ESAT_SIAE
        return NoticeLot(
            id=str(number),
            title=self._title(request),
            description=self._description(request, social, green, hours),
            cpvs=request.cpvs,
            amount_eur=None if self.dice.chance(UNPUBLISHED_SHARE) else total,
            places=(request.place,),
            duration_months=request.months,
            start=_first_of_month(deadline.date() + timedelta(days=60)) if self.dice.chance(0.5) else None,
            deadline=deadline,
            reservation=request.reservation,
            reserved_execution=reserved and self.dice.chance(RESERVED_EXECUTION_SHARE),
            social=social,
            green=green,
            sme_suitable=self.dice.chance(SME_SHARE),
            insertion_hours=hours,
            documents_url=f"https://example.org/consultations/{self._uuid(rank, 'procedure')}",
        )

    def _request(self, theme: Theme, buyer: DemoBuyer, site: str, only: list[str]) -> Request:
        dice = self.dice
        trades = tuple(only) or (dice.weighted(theme.trades),)
        if dice.chance(MULTI_TRADE_SHARE):
            others = {code: weight for code, weight in theme.trades.items() if code not in trades}
            trades += tuple(dice.several(others, dice.weighted({1: 3.0, 2: 1.0})))
        cpvs = tuple(dice.pick(_plain_cpvs(code, self.reference)) for code in trades)
        months = dice.pick(theme.months)
        reservation = self._reservation(theme, cpvs, months)
        town = buyer.town if theme.one_site else self.territory.draw_near(dice, buyer.town, buyer.radius_km)
        return Request(trades, cpvs, town, self._place(town), site, months, reservation)

    def _reservation(self, theme: Theme, cpvs: tuple[str, ...], months: int) -> Reservation:
        if self.dice.chance(theme.reserved):
            return Reservation.EA_ESAT_SIAE
        lawful = months <= R5_MAX_MONTHS and r5_cpv_allowed(cpvs[0])
        if theme.social_services and lawful and self.dice.chance(ESS_SHARE):
            return Reservation.ESS
        return Reservation.NONE

    def _place(self, town: Town) -> Place:
        known = self.dice.weighted(PLACES_KNOWN_BY)
        return Place(
            nuts=town.nuts,
            postcode=self.dice.pick(town.postcodes) if known in ("all", "postcode") else "",
            city=town.name if known in ("all", "city") else "",
            country="FR",
        )

    def _amount(self, theme: Theme, request: Request) -> int:
        """Whole euros for the whole duration; below a year all is due within it."""
        where, uncertainty = (request.town.lon, request.town.lat), 0.0
        if not (request.place.postcode or request.place.city):
            centre = self._centre(request.town.departement)
            where, uncertainty = (centre.centre.lon, centre.centre.lat), centre.uncertainty_km
        reach = self.supply.reach(request.cpvs, where, uncertainty, request.reservation)
        yearly = yearly_amount(self.dice, theme.yearly_eur, reach)
        return rounded(yearly * max(request.months, 12) / 12)

    def _social(self, request: Request) -> tuple[str, ...]:
        if request.reservation is Reservation.EA_ESAT_SIAE:
            return ("opp",) if self.dice.chance(0.4) else ()
        if not self.dice.chance(SOCIAL_SHARE):
            return ()
        others = self._codes(SOCIAL_CODES) if self.dice.chance(0.25) else ()
        return ("opp", *others) if self.dice.chance(0.85) else others or ("work-cond",)

    def _codes(self, weights: dict[str, float]) -> tuple[str, ...]:
        return tuple(self.dice.several(weights, self.dice.weighted({1: 3.0, 2: 1.0})))

    def _hours(self, request: Request, total: int) -> int:
        needs = lot_trades(request.cpvs, self.reference)
        rows = [(need.share, self.reference.trades[need.trade]) for need in needs]
        labour = labour_hours(total, [WorkShare(share, row.labour_share, row.hourly_eur) for share, row in rows])
        effort = sum(share * row.effort for share, row in rows) * self.dice.uniform(0.4, 0.9)
        return max(35, round(insertion_hours(labour, effort) / 5) * 5)

    def _title(self, request: Request) -> str:
        acts = [self.dice.pick(ACTS[code]) for code in request.trades]
        words = [acts[0], *(act[0].lower() + act[1:] for act in acts[1:])]
        joined = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} et {words[-1]}"
        city = f" – {request.place.city}" if request.place.city else ""
        return f"{joined} {request.site}{city}"

    def _description(self, request: Request, social: tuple[str, ...], green: tuple[str, ...], hours: int | None) -> str:
        labels = ", ".join(self.reference.trades[code].label.lower() for code in request.trades)
        sentences = [
            LABEL,
            f"Métiers attendus : {labels}.",
            f"Durée : {request.months} mois.",
            self.dice.pick(SCOPES),
        ]
        if hours:
            sentences.append(self.dice.pick(CLAUSES).format(hours=self._written(hours)))
        elif "opp" in social:
            sentences.append(CLAUSE_WITHOUT_HOURS)
        if request.reservation is not Reservation.NONE:
            sentences.append(ESS_SENTENCE if request.reservation is Reservation.ESS else RESERVED_SENTENCE)
        if green:
            sentences.append(self.dice.pick(GREEN_SENTENCES))
        return " ".join(sentences)

    def _written(self, hours: int) -> str:
        """Buyers write thousands with or without a space; the parser must read both."""
        return f"{hours:,}".replace(",", " ") if self.dice.chance(0.5) else str(hours)

    def _site(self, theme: Theme) -> str:
        pattern = self.dice.pick(theme.sites)
        return pattern.format(emblem=self.dice.pick(EMBLEMS), place=self.dice.pick(PLACES))

    def _deadline(self, town: Town) -> datetime:
        """A working day 6 to 75 days ahead, at noon or in the afternoon of the buyer's time."""
        day = self.as_of + timedelta(days=self.dice.between(6, 75))
        while day.weekday() >= 5:
            day += timedelta(days=1 if (day - self.as_of).days < 40 else -1)
        hour = time(self.dice.pick((11, 12, 12, 16, 17)), tzinfo=ZoneInfo(town.time_zone))
        return datetime.combine(day, hour)

    def _limits(self, size: int) -> tuple[int | None, int | None]:
        if size < 3 or not self.dice.chance(LIMITED_SHARE):
            return None, None
        won = self.dice.between(1, size - 1)
        return (self.dice.between(won, size) if self.dice.chance(0.4) else None), won

    def _departement_centre(self, departement: str) -> Spread:
        """Where a lot known by its NUTS 3 code only is put, as the product does it."""
        towns = [town for town in self.territory.towns if town.departement == departement]
        return spread([(Point(lon=town.lon, lat=town.lat), float(town.population)) for town in towns])

    def _uuid(self, rank: int, what: str) -> str:
        # Without the date: a demo made again later brings new versions of the same consultations.
        return str(uuid5(NAMESPACE_URL, f"https://example.org/maillage/demo/{self.seed}/{rank}/{what}"))


def make_notices(
    lots: int, seed: int, territory: Territory, firms: Iterable[DemoFirm], reference: Reference, as_of: date
) -> list[Notice]:
    """Consultations of 1 to 8 lots, exactly ``lots`` in all."""
    maker = NoticeMaker(seed, territory, Supply(firms, reference, as_of), reference, as_of)
    buyers = make_buyers(min(BUYERS, max(4, lots // 4)), seed, territory)
    plan = Dice(seed, "plan")
    names = {theme.title: theme.weight for theme in THEMES}
    themes = {theme.title: theme for theme in THEMES}
    turns = plan.rng.permutation(len(buyers))  # every buyer publishes once before any publishes twice
    notices: list[Notice] = []
    left = lots
    while left:
        theme = themes[plan.weighted(names)]
        size = min(left, plan.weighted(theme.lots))
        notices.append(maker.notice(len(notices), theme, size, buyers[turns[len(notices) % len(buyers)]]))
        left -= size
    return notices


def _plain_cpvs(code: str, reference: Reference) -> tuple[str, ...]:
    """The CPV codes of a trade that speak of the fewest others: a lot of the demo asks for what its title says."""
    others = {cpv: len(trades_of_cpv(cpv, reference)) for cpv in reference.trades[code].cpvs}
    return tuple(cpv for cpv, count in others.items() if count == min(others.values()))


def _first_of_month(day: date) -> date:
    return day.replace(day=1)
