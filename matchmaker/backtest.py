"""Measure the ranking on contracts really won, and put in force what wins with its confidence interval."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from matchmaker.backtest_data import Loaded, load
from matchmaker.domain.backtest import charts, partners, rankers
from matchmaker.domain.backtest.decay import Decay, Rules, fitted, proposals
from matchmaker.domain.backtest.export import as_json, formula_values
from matchmaker.domain.backtest.metrics import Figure
from matchmaker.domain.backtest.partners import Partners
from matchmaker.domain.backtest.report import LIMITS, PART_NAMES, Findings, markdown
from matchmaker.domain.backtest.summary import Exposed, Guards, Score, measured, objections, signed
from matchmaker.domain.backtest.walk import Outcome, Plan, Walk
from matchmaker.domain.reference import Reference
from matchmaker.domain.score import Formula
from matchmaker.models import ReferenceRow
from matchmaker.quality import CalibrationBin, Interval, Quality, RankerQuality, keep_quality
from matchmaker.reference import reference

_CURVES = 9  # groups whose fall is drawn


class NothingToTestError(ValueError):
    """Aucun marché daté, situé, au titulaire connu : importez des entreprises et des marchés (sync decp) d'abord."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asks. ``adopt``: put in force what wins; ``most`` 0 = as the parameters say."""

    data: str = "les marchés de la base"
    seed: int = 20261123
    most: int = 0
    wide: bool = True
    adopt: bool = False
    adopt_radius: bool = False
    draws: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a backtest leaves: findings, charts by name (SVG), version adopted, radii adopted."""

    findings: Findings
    charts: dict[str, str]
    adopted: int | None
    radii: dict[str, float]


def backtest(wishes: Wishes, progress: Callable[[str], None]) -> Result:
    """Load, walk, measure, decide, keep. Raises NothingToTestError when no contract can be tested."""
    tables = reference()
    progress("Lecture des entreprises et des marchés")
    loaded = load(tables)
    if not any(case.lot is not None for case in loaded.cases):
        raise NothingToTestError(NothingToTestError.__doc__)
    found = _findings(loaded, tables, wishes, progress)
    drawn = _charts(found)
    adopted = _adopt(found, tables) if wishes.adopt and not _against(found, "learned", tables) else None
    radii = dict(found.radii)
    if not (wishes.adopt_radius and radii and not _against(found, "radii", tables)):
        radii = {}
    for trade, km in radii.items():
        _write_radius(trade, km, found)
    keep_quality(_quality(found, drawn), adopted)
    return Result(found, drawn, adopted, radii)


def write(result: Result, folder: Path) -> list[Path]:
    """The report in Markdown, its figures in JSON, its charts in SVG. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{name}.svg": drawing for name, drawing in result.charts.items()}
    files["rapport.md"] = markdown(result.findings, list(files))
    figures = as_json(result.findings) | {"adopted": result.adopted, "radii_adopted": result.radii}
    files["chiffres.json"] = json.dumps(figures, ensure_ascii=False, indent=1, allow_nan=False)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in files]


def _plan(tables: Reference, wishes: Wishes) -> Plan:
    return Plan(
        folds=tables.integer("backtest.folds"),
        start=tables["backtest.start"],
        hold=tables["backtest.hold"],
        negatives=tables.integer("backtest.negatives"),
        seed=wishes.seed,
        known=tables["backtest.known_size"],
        decay=Rules(
            share=tables["backtest.radius_share"],
            enough=tables.integer("backtest.radius_min"),
            strength=tables["backtest.radius_pull"],
            reach_end=tables.formula.decay.end,
            times=max(20, (wishes.draws or tables.integer("backtest.draws")) // 5),
            seed=wishes.seed,
        ),
        gap=tables.integer("backtest.gap_days"),
        evidence_days=round(365.25 * tables["evidence.years"]),
        most=wishes.most or tables.integer("backtest.max_awards"),
    )


def _findings(loaded: Loaded, tables: Reference, wishes: Wishes, progress: Callable[[str], None]) -> Findings:
    plan, draws = _plan(tables, wishes), wishes.draws or tables.integer("backtest.draws")
    outcome = Walk(loaded.supply, tables, plan, progress).through(loaded.cases)
    scores = _scores(outcome, draws, wishes.seed)
    wide, wide_scores = None, []
    if wishes.wide:
        most = min(plan.most, tables.integer("backtest.wide_awards"))
        said = _named(progress, "Toute la base")
        wide = Walk(loaded.supply, tables, replace(plan, everyone=True, most=most), said).through(loaded.cases)
        wide_scores = _scores(wide, draws, wishes.seed)
    progress("Chute avec la distance")
    labels = {code: (trade.label, trade.radius_km) for code, trade in tables.trades.items()}
    decays = fitted(outcome.rows, labels, plan.decay)
    second = Partners(
        loaded.supply,
        tables,
        folds=max(1, plan.folds - 1),
        start=plan.start,
        negatives=5 * plan.negatives,
        seed=plan.seed,
        evidence_days=plan.evidence_days,
        gap=plan.gap,
    ).through(loaded.cases, progress)
    found = Findings(
        made_on=timezone.localdate(),
        data=wishes.data,
        formula=tables.formula,
        plan=plan,
        firms=len(loaded.supply),
        awards=loaded.awards,
        cases=len(loaded.cases),
        left_out=loaded.left_out,
        outcome=outcome,
        scores=scores,
        wide=wide,
        wide_scores=wide_scores,
        decays=decays,
        radii=proposals(decays),
        partners=second,
        partner_scores=measured(second.tested, partners.LABELS, draws, wishes.seed),
        decision="",
        radius_decision="",
        divisions=_divisions(loaded, outcome),
    )
    return replace(
        found,
        decision=_sentence(found, "learned", "Les poids appris", wishes.adopt, tables),
        radius_decision=_sentence(found, "radii", "Les rayons ajustés", wishes.adopt_radius, tables),
    )


def _named(progress: Callable[[str], None], name: str) -> Callable[[str], None]:
    return lambda words: progress(f"{name} : {words}")


def _scores(outcome: Outcome, draws: int, seed: int) -> list[Score]:
    exposed = Exposed(outcome.exposed_buyers, outcome.exposed)
    return measured(
        outcome.tested, rankers.LABELS, draws, seed, social=[one.social for one in outcome.tested], exposed=exposed
    )


def _divisions(loaded: Loaded, outcome: Outcome) -> dict[int, tuple[tuple[str, int], ...]]:
    cpv = {case.id: case.cpv[:2] for case in loaded.cases}
    counted: dict[int, Counter[str]] = {}
    for fold, case in sorted({(one.fold, one.case) for one in outcome.tested}):
        counted.setdefault(fold, Counter())[cpv[case]] += 1
    return {fold: tuple(counter.most_common(5)) for fold, counter in counted.items()}


def _against(found: Findings, key: str, tables: Reference) -> list[str]:
    score = next((one for one in found.scores if one.key == key), None)
    if key == "learned" and found.outcome.final in (None, found.formula):
        return ["trop peu de marchés pour apprendre"]
    if key == "radii" and not found.radii:
        return ["aucun métier n'a assez de titulaires et un intervalle qui exclut son rayon"]
    return objections(score, Guards(tables["backtest.newcomer_loss"], tables["backtest.exposure_loss"]))


def _sentence(found: Findings, key: str, words: str, wanted: bool, tables: Reference) -> str:
    """What is adopted and on which proof, or why nothing is."""
    against = _against(found, key, tables)
    if against:
        return f"{words} ne sont pas adoptés : {' ; '.join(against)}."
    gain = next(one.gain for one in found.scores if one.key == key)
    if wanted:
        return f"{words} sont adoptés : gain de MRR@20 {signed(gain)}."
    option = "--adopt" if key == "learned" else "--adopt-radius"
    return f"{words} l'emportent (gain de MRR@20 {signed(gain)}) : relancez avec {option} pour les mettre en vigueur."


@transaction.atomic
def _adopt(found: Findings, tables: Reference) -> int:
    """A new version of the table "score" with its figures, and the parameter that puts it in force."""
    assert found.outcome.final is not None
    version = max(tables.formulas) + 1
    gain = next(one.gain for one in found.scores if one.key == "learned")
    formula = replace(found.outcome.final, version=version)
    quality = {"made_on": found.made_on.isoformat(), "data": found.data, "gain_mrr20": [round(v, 6) for v in gain]}
    source = f"backtest du {found.made_on:%d/%m/%Y} sur {found.data} : gain de MRR@20 {signed(gain)}"[:250]
    values: dict[str, Any] = formula_values(formula) | {"is_estimate": "1", "source": source, "quality": quality}
    assert Formula.of(str(version), values) == formula  # what is written is what was measured
    ReferenceRow.objects.create(
        table="score", key=str(version), values=values, source=source, is_estimate=True, edited=True
    )
    row = ReferenceRow.objects.select_for_update().get(table="parameter", key="score.version")
    row.values, row.edited = row.values | {"value": str(version)}, True
    row.save(update_fields=["values", "edited", "updated_at"])
    return version


@transaction.atomic
def _write_radius(trade: str, km: float, found: Findings) -> None:
    row = ReferenceRow.objects.select_for_update().get(table="trade", key=trade)
    row.values, row.edited = row.values | {"radius_km": f"{km:g}"}, True
    row.source = f"rayon ajusté par backtest du {found.made_on:%d/%m/%Y} sur {found.data}"[:250]
    row.save(update_fields=["values", "source", "edited", "updated_at"])


def _charts(found: Findings) -> dict[str, str]:
    """SVG by name; those without data are left out."""
    bars = [(one.label, one.hr[10], one.key == "formula") for one in found.scores]
    drawn = {"hr": charts.bars("backtest-hr", "HR@10 de chaque classement", bars, "Part des titulaires parmi les dix")}
    if "formula" in found.outcome.reliability:
        bins = found.outcome.reliability["formula"].bins()
        drawn["calibration"] = charts.calibration("backtest-cal", "Chances annoncées, chances constatées", bins)
    if shown := _drawn(found.decays):
        drawn["decay"] = charts.falls("backtest-decay", "Chance de gagner selon la distance (km par route)", shown)
    if found.outcome.final is not None:
        title = "Poids en vigueur et poids appris"
        drawn["weights"] = charts.weights("backtest-weights", title, found.formula, found.outcome.final, PART_NAMES)
    return {name: drawing for name, drawing in drawn.items() if drawing}


def _drawn(decays: list[Decay] | Any) -> list[Decay]:
    """The whole, the sizes, then the trades that have most winners."""
    groups = [one for one in decays if not one.shipped and one.enough]
    trades = sorted((one for one in decays if one.shipped), key=lambda one: -one.winners)
    return (groups + trades)[:_CURVES]


def _quality(found: Findings, drawn: dict[str, str]) -> Quality:
    days = found.outcome.days
    bins = found.outcome.reliability["formula"].bins() if "formula" in found.outcome.reliability else []
    return Quality(
        made_at=timezone.localtime(),
        score_version=found.formula.version,
        data=found.data,
        first_day=date.fromordinal(days[0][0]) if days else None,
        last_day=date.fromordinal(days[-1][1]) if days else None,
        awards=len({one.case for one in found.outcome.tested}),
        winners=len(found.outcome.tested),
        firms=found.firms,
        coverage=found.coverage,
        uncovered=tuple(found.outcome.uncovered.most_common()),
        rankers=tuple(_ranker(one) for one in found.scores),
        calibration=tuple(CalibrationBin(**{k: float(v) for k, v in one._asdict().items()}) for one in bins),
        verdict=found.decision,
        limits=LIMITS,
        charts=drawn,
    )


def _ranker(score: Score) -> RankerQuality:
    def kept(figure: Figure | None) -> Interval | None:
        return Interval(*figure) if figure else None

    return RankerQuality(
        key=score.key,
        label=score.label,
        hr={k: Interval(*figure) for k, figure in score.hr.items()},
        mrr={k: Interval(*figure) for k, figure in score.mrr.items()},
        newcomers=kept(score.newcomers),
        ess=kept(score.social),
        exposure=score.exposure.value if score.exposure else 0.0,
        gain=Interval(*score.gain),
    )
