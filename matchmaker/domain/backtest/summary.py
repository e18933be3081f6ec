"""From places to figures: metrics with intervals, and whether what was learnt may replace what is in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from matchmaker.domain.backtest.metrics import HR_AT, MRR_AT, TOP, Bootstrap, Figure, Place, hit, reciprocal
from matchmaker.domain.backtest.world import Floats

ZERO = Figure(0.0, 0.0, 0.0)


class Observed(Protocol):
    """A winner placed by every ranking."""

    @property
    def buyer(self) -> int: ...
    @property
    def share(self) -> float: ...
    @property
    def newcomer(self) -> bool: ...
    @property
    def places(self) -> dict[str, Place]: ...


@dataclass(frozen=True, slots=True)
class Score:
    """One ranking measured. ``gain`` and ``newcomer_gain``: MRR@20, and HR@20 of newcomers, less the formula's."""

    key: str
    label: str
    hr: Mapping[int, Figure]
    mrr: Mapping[int, Figure]
    gain: Figure
    hr_gain: Figure  # HR@10
    newcomers: Figure | None
    newcomer_gain: Figure | None
    social: Figure | None
    social_gain: Figure | None
    exposure: Figure | None
    exposure_gain: Figure | None


@dataclass(frozen=True, slots=True)
class Exposed:
    """Share of newcomers in the first 20 by contract and ranking, with the buyer of each contract."""

    buyers: Sequence[int]
    shares: Mapping[str, Sequence[float]]


def measured(
    tested: Sequence[Observed],
    labels: Mapping[str, str],
    times: int,
    seed: int,
    social: Sequence[bool] = (),
    exposed: Exposed | None = None,
    against: str = "formula",
) -> list[Score]:
    """Figures of every ranking, over the winners that it and the formula both placed."""
    found = []
    for key, label in labels.items():
        rows = [at for at, one in enumerate(tested) if key in one.places and against in one.places]
        if rows:
            mine = [tested[at] for at in rows]
            flags = [social[at] for at in rows] if social else [False] * len(rows)
            found.append(_score(key, label, mine, flags, times, seed, exposed, against))
    return found


def _score(
    key: str,
    label: str,
    rows: Sequence[Observed],
    social: Sequence[bool],
    times: int,
    seed: int,
    exposed: Exposed | None,
    against: str,
) -> Score:
    drawn = Bootstrap.of([one.buyer for one in rows], times, seed)
    share = np.array([one.share for one in rows])
    new = share * np.array([one.newcomer for one in rows])
    ess = share * np.array(social)

    def hits(name: str, k: int) -> Floats:
        return np.array([hit(one.places[name], k) for one in rows])

    def firsts(name: str, k: int) -> Floats:
        return np.array([reciprocal(one.places[name], k) for one in rows])

    more = hits(key, TOP) - hits(against, TOP)
    seen, seen_gain = _exposure(key, against, times, seed, exposed)
    return Score(
        key=key,
        label=label,
        hr={k: drawn.mean(hits(key, k), share) or ZERO for k in HR_AT},
        mrr={k: drawn.mean(firsts(key, k), share) or ZERO for k in MRR_AT},
        gain=drawn.mean(firsts(key, TOP) - firsts(against, TOP), share) or ZERO,
        hr_gain=drawn.mean(hits(key, 10) - hits(against, 10), share) or ZERO,
        newcomers=drawn.mean(hits(key, TOP), new),
        newcomer_gain=drawn.mean(more, new),
        social=drawn.mean(hits(key, TOP), ess),
        social_gain=drawn.mean(more, ess),
        exposure=seen,
        exposure_gain=seen_gain,
    )


def _exposure(
    key: str, against: str, times: int, seed: int, exposed: Exposed | None
) -> tuple[Figure | None, Figure | None]:
    """Over the last contracts, those that every fold's rankings met."""
    if exposed is None or key not in exposed.shares:
        return None, None
    mine = np.array(exposed.shares[key])
    theirs = np.array(exposed.shares[against])[-len(mine) :]
    drawn = Bootstrap.of(exposed.buyers[-len(mine) :], times, seed)
    return drawn.mean(mine), drawn.mean(mine - theirs)


@dataclass(frozen=True, slots=True)
class Guards:
    """What an adoption must not cost: greatest losses allowed, 0..1."""

    newcomer_loss: float  # of newcomers' HR@20
    exposure_loss: float  # of the share of newcomers in the first 20


def objections(score: Score | None, guards: Guards) -> list[str]:
    """Why a ranking may not replace the formula in force, in French; [] when it may."""
    if score is None:
        return ["trop peu de marchés pour apprendre"]
    found = []
    if score.gain.low <= 0:
        found.append(f"le gain de MRR@20 n'est pas établi ({signed(score.gain)}, l'intervalle contient 0 ou moins)")
    if score.newcomer_gain is None:
        found.append("aucune entreprise sans référence n'a gagné : l'effet sur elles est inconnu")
    elif score.newcomer_gain.low < -guards.newcomer_loss:
        found.append(
            f"le HR@20 des entreprises sans référence pourrait baisser de plus de {guards.newcomer_loss:.2f} "
            f"({signed(score.newcomer_gain)})".replace(".", ",")
        )
    if score.exposure_gain is not None and score.exposure_gain.value < -guards.exposure_loss:
        found.append(
            f"la part d'entreprises sans référence parmi les 20 premières baisse ({signed(score.exposure_gain)})"
        )
    if score.social_gain is not None and score.social_gain.high < 0:
        found.append(f"les titulaires de l'ESS reculent ({signed(score.social_gain)})")
    return found


def signed(figure: Figure) -> str:
    """ "+0,012 [-0,003 ; +0,027]"."""
    return f"{figure.value:+.3f} [{figure.low:+.3f} ; {figure.high:+.3f}]".replace(".", ",")


def told(figure: Figure | None) -> str:
    """ "0,536 [0,481 ; 0,590]", or a dash."""
    return "–" if figure is None else f"{figure.value:.3f} [{figure.low:.3f} ; {figure.high:.3f}]".replace(".", ",")
