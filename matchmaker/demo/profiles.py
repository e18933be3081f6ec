"""Kinds of firms of the demo and how often each occurs. Orders of magnitude, not statistics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """What firms of one kind have in common."""

    name: str  # also the key of the name templates
    weight: float
    forms: dict[str, float]  # INSEE legal forms
    trades: dict[str, float]
    bands: dict[str, float]  # headcount bands
    kind: str = ""  # inclusive kind
    ess_flag: float = 0.0  # share with economieSocialeSolidaireUniteLegale = O
    vague_naf: dict[str, float] | None = None  # NAF codes that say nothing of the trade
    vague_share: float = 0.0
    declared: float = 0.5  # share with declared trades when the NAF is a useful one


def _weights(text: str) -> dict[str, float]:
    """A table of weights written as "T01 9 T02 1"."""
    words = text.split()
    return {key: float(weight) for key, weight in zip(words[::2], words[1::2], strict=True)}


MARKET = _weights(
    "T01 9 T02 2 T03 1.5 T04 8 T05 1.5 T06 2.5 T07 6.5 T08 4 T09 6 T10 4.5 T11 5.5 T12 4 T13 6 T14 6 T15 4"
    " T16 1.5 T17 3.5 T18 1.2 T19 1.5 T20 1 T21 .8 T22 2.5 T23 1.5 T24 2 T25 2 T26 2 T27 1 T28 .8 T29 1 T30 1"
    " T31 1.5 T32 1.2 T33 .8 T34 1.5 T35 .8 T36 1 T37 .6 T38 1.3 T39 .2 T40 1.2 T41 1 T42 .8 T43 1.5 T44 1.5"
    " T45 2 T46 1.5"
)
INSERTION = _weights(
    "T01 16 T02 2 T03 6 T04 18 T05 9 T06 3 T07 9 T08 2 T09 3 T10 2 T11 2 T16 2 T17 5 T18 3 T19 7 T20 8 T21 2"
    " T24 4 T25 3 T26 8 T27 4 T28 4 T29 2 T30 2 T31 1 T32 2 T33 4 T35 2 T45 3"
)
SHELTERED = _weights(
    "T01 12 T04 24 T17 2 T19 4 T20 2 T21 2 T24 5 T25 5 T26 3 T27 11 T28 3 T32 3 T33 15 T34 11 T35 6 T36 3 T37 2 T45 1"
)
CIVIC = _weights("T39 14 T42 16 T43 16 T41 12 T40 12 T20 9 T26 4 T45 5 T21 4 T31 4 T05 4 T24 2 T46 3 T23 2 T30 2 T17 2")
COOPERATIVE = _weights(
    "T01 5 T04 6 T05 4 T06 3 T07 6 T08 3 T09 7 T10 5 T11 7 T12 7 T13 7 T14 5 T16 2 T19 3 T22 7 T23 3 T24 3"
    " T26 3 T30 3 T31 2 T34 4 T36 4 T38 2 T42 3 T43 7 T45 3 T46 6"
)
STAFFING = {"T44": 1.0}

SMALL = _weights("NN 14 00 9 01 29 02 21.5 03 14 11 9 12 3 21 .35 22 .1 31 .04 32 .01")
MEDIUM = _weights("NN 6 00 2 01 16 02 21 03 23 11 22 12 8.7 21 1 22 .2")
STAFFED = _weights("NN 4 02 4 03 18 11 47 12 24 21 2.6 22 .3")

COMPANY = _weights("5710 42 5499 36 5498 5 5720 6 1000 10 5599 1")
ASSOCIATION = _weights("9220 93 9260 2 9230 5")
SOCIAL_COMPANY = _weights("5499 50 5710 40 5458 6 9220 4")
VAGUE = _weights("94.99Z 60 88.99B 40")
SHELTERED_NAF = _weights("88.10C 100")

ORDINARY = Profile("ordinary", 82, COMPANY, MARKET, SMALL, declared=0.06)
ESS = (
    Profile("association", 5.4, ASSOCIATION, CIVIC, MEDIUM, ess_flag=0.8, vague_naf=VAGUE, vague_share=0.5),
    Profile("SCOP", 2.3, _weights("5458 55 5558 15 5710 30"), COOPERATIVE, MEDIUM, ess_flag=0.9),
    Profile("SCIC", 1.2, _weights("5460 40 5560 20 5710 40"), COOPERATIVE | CIVIC, MEDIUM, ess_flag=0.9),
    Profile("social company", 1.2, _weights("5499 50 5710 50"), INSERTION, MEDIUM, ess_flag=1.0),
    Profile("foundation", 0.2, _weights("9300 60 8210 40"), CIVIC, STAFFED, ess_flag=1.0),
    Profile("EI", 2.0, _weights("9220 45 5499 32 5710 20 5458 3"), INSERTION, STAFFED, "EI", 0.8),
    Profile("ACI", 2.5, _weights("9220 94 7361 6"), INSERTION, STAFFED, "ACI", 0.8, VAGUE, 0.7),
    Profile("AI", 1.0, _weights("9220 100"), STAFFING, STAFFED, "AI", 0.8, VAGUE, 0.4),
    Profile("ETTI", 0.6, SOCIAL_COMPANY, STAFFING, STAFFED, "ETTI", 0.8),
    Profile("EA", 0.7, SOCIAL_COMPANY | {"9220": 60.0}, SHELTERED, STAFFED, "EA", 0.8),
    Profile("EATT", 0.1, SOCIAL_COMPANY, STAFFING, STAFFED, "EATT", 0.8),
    Profile("ESAT", 0.6, ASSOCIATION, SHELTERED, STAFFED, "ESAT", 0.8, SHELTERED_NAF, 1.0),
    Profile("GEIQ", 0.2, _weights("9223 100"), STAFFING, STAFFED, "GEIQ", 0.8),
)
PROFILES = {profile.name: profile for profile in (ORDINARY, *ESS)}
WEIGHTS = {profile.name: profile.weight for profile in PROFILES.values()}
