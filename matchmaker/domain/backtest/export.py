"""The figures of a backtest as plain JSON values, for whoever wants to compute with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from matchmaker.domain.backtest.decay import RINGS_KM, Decay
from matchmaker.domain.backtest.metrics import Figure
from matchmaker.domain.backtest.report import Findings
from matchmaker.domain.backtest.summary import Score
from matchmaker.domain.score import Formula


def as_json(found: Findings) -> dict[str, Any]:
    """Figures are [value, low, high] at 95 %; null where nothing was measured."""
    outcome = found.outcome
    return {
        "made_on": found.made_on.isoformat(),
        "data": found.data,
        "score_version": found.formula.version,
        "plan": asdict(found.plan),
        "firms": found.firms,
        "awards": found.awards,
        "dated_awards_with_known_winner": found.cases,
        "left_out": dict(found.left_out),
        "winners": outcome.winners,
        "coverage": found.coverage,
        "social": dict(outcome.social),
        "uncovered": dict(outcome.uncovered),
        "tested_awards": len({one.case for one in outcome.tested}),
        "tested_winners": len(outcome.tested),
        "rankers": [_score(one) for one in found.scores],
        "rankers_whole_base": [_score(one) for one in found.wide_scores],
        "calibration": {key: [one._asdict() for one in kept.bins()] for key, kept in outcome.reliability.items()},
        "formula": formula_values(found.formula),
        "learned": formula_values(outcome.final) if outcome.final else None,
        "held": sorted(outcome.held),
        "rings_km": list(RINGS_KM),
        "decay": [_decay(one) for one in found.decays],
        "radii_proposed": dict(found.radii),
        "partners": {
            "groups": found.partners.groups,
            "usable": found.partners.usable,
            "tested": len(found.partners.tested),
            "weights": found.partners.weights,
            "rankers": [_score(one) for one in found.partner_scores],
        },
        "decision": found.decision,
        "radius_decision": found.radius_decision,
        "failed": outcome.failed + found.partners.failed,
    }


def formula_values(formula: Formula) -> dict[str, Any]:
    """A formula as a row of the reference table "score" holds it."""
    return {
        "version": str(formula.version),
        "label": formula.label,
        **formula.weights,
        "unknown_capacity": formula.unknown_capacity,
        "distance_curve": " ".join(repr(value) for value in formula.decay.values),
        "wins_full": formula.wins_full,
        "same_buyer": formula.same_buyer,
    }


def _figure(figure: Figure | None) -> list[float] | None:
    return None if figure is None else [round(value, 6) for value in figure]


def _score(score: Score) -> dict[str, Any]:
    rest = ("gain", "hr_gain", "newcomers", "newcomer_gain", "social", "social_gain", "exposure", "exposure_gain")
    return {
        "key": score.key,
        "label": score.label,
        "hr": {str(k): _figure(figure) for k, figure in score.hr.items()},
        "mrr": {str(k): _figure(figure) for k, figure in score.mrr.items()},
        **{name: _figure(getattr(score, name)) for name in rest},
    }


def _decay(one: Decay) -> dict[str, Any]:
    return {
        "key": one.key,
        "label": one.label,
        "winners": one.winners,
        "curve": _rounded(one.curve),
        "low": _rounded(one.bands[0]),
        "high": _rounded(one.bands[1]),
        "half_km": one.half_km if isfinite(one.half_km) else None,
        "radius_km": _figure(one.radius),
        "shipped_km": one.shipped or None,
    }


def _rounded(values: Sequence[float] | Any) -> list[float]:
    return [round(float(value), 4) for value in values]
