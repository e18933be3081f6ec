"""Fictitious buyers: kinds of public bodies in real communes, under numbers nobody has."""

from __future__ import annotations

from dataclasses import dataclass

from matchmaker.demo.dice import Dice
from matchmaker.demo.identifiers import buyer_siret
from matchmaker.demo.names import EMBLEMS, PLACES, of
from matchmaker.demo.places import DEPARTEMENT_NAMES, Territory, Town
from matchmaker.domain.notice import Buyer, Place


@dataclass(frozen=True, slots=True)
class DemoBuyer:
    buyer: Buyer
    town: Town
    radius_km: float  # how far from its seat its contracts are performed


# Pattern of the name -> how often, and how far its contracts go.
BODIES: dict[str, tuple[float, float]] = {
    "Commune {of_town}": (42, 0),
    "Communauté de communes {place}": (17, 15),
    "Conseil départemental – {departement}": (9, 60),
    "Office public de l'habitat {place}": (9, 20),
    "Centre hospitalier {emblem}": (8, 5),
    "Lycée {emblem}": (6, 0),
    "Syndicat mixte {place}": (5, 25),
    "Université {place}": (2, 5),
    "Service d'incendie et de secours – {departement}": (2, 60),
}


def make_buyers(count: int, seed: int, territory: Territory) -> list[DemoBuyer]:
    dice = Dice(seed, "buyers")
    return [_buyer(rank, count, dice, territory) for rank in range(count)]


def _buyer(rank: int, count: int, dice: Dice, territory: Territory) -> DemoBuyer:
    pattern = dice.weighted({name: weight for name, (weight, _) in BODIES.items()})
    # One in each slice of the population: with few buyers, pure chance would leave a département empty.
    town = territory.at((rank + dice.uniform(0, 1)) / count)
    if "{of_town}" in pattern:  # the larger of two neighbours: small communes rarely publish at that level
        town = max(town, territory.draw_near(dice, town, 30), key=lambda drawn: drawn.population)
    elif "{departement}" in pattern or pattern.startswith("Université"):
        town = territory.chief_town(town.departement)
    name = pattern.format(
        of_town=of(town.name),
        place=dice.pick(PLACES),
        emblem=dice.pick(EMBLEMS),
        departement=DEPARTEMENT_NAMES[town.departement],
    )
    place = Place(nuts=town.nuts, postcode=town.postcodes[0], city=town.name, country="FR")
    return DemoBuyer(Buyer(f"{name} (acheteur fictif)", buyer_siret(rank), place), town, BODIES[pattern][1])
