"""Fit the classifier of linking on names whose SIRET is known, and choose its thresholds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import batched
from typing import Any

import numpy as np
import rapidfuzz
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator

from matchmaker.domain.linkage import FEATURES, Floats
from matchmaker.domain.linkmodel import DIRECTIONS, UNTRAINED, LinkModel
from matchmaker.link import BATCH, Linker, Sought, model
from matchmaker.linknames import refresh
from matchmaker.models import Firm, LinkIndex
from matchmaker.reference import FOLDER

SEED = 20_261_123
SPLITS = ("train", "calibration", "test")
PRECISION = 0.98  # of the names judged; those the whole name settles are surer
TREES, LEAVES = 120, 15


@dataclass(frozen=True, slots=True)
class Example:
    """A name and its truth. ``split``: train, calibration or test; ``siret`` is unknown to the index when absent."""

    sought: Sought
    siret: str
    split: str
    weight: float = 1.0


class TooPlainError(ValueError):
    """Ces noms se rapprochent tous sans juger : donnez aussi des noms mal écrits, sans lieu ou d'une autre liste."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidates of many names, one row each; ``right`` where it is the establishment sought."""

    rows: Floats
    right: np.ndarray
    weights: Floats

    @property
    def size(self) -> int:
        return len(self.right)


def pairs(examples: Sequence[Example], linker: Linker) -> Pairs:
    """What is judged of each name: what the whole name in its commune settles is not.

    Other establishments of the right unit are neither right nor wrong.
    """
    rows: list[Floats] = []
    right: list[bool] = []
    weights: list[float] = []
    for example, siret, row in _candidates(examples, linker):
        if siret == example.siret or siret[:9] != example.siret[:9]:
            rows.append(row)
            right.append(siret == example.siret)
            weights.append(example.weight)
    return Pairs(np.array(rows).reshape(-1, len(FEATURES)), np.array(right), np.array(weights))


def _candidates(examples: Iterable[Example], linker: Linker) -> Iterator[tuple[Example, str, Floats]]:
    for batch in batched(examples, BATCH, strict=False):
        sides = [linker.side(example.sought) for example in batch]
        judged = [[] if settled else found for settled, found in linker.found(sides)]
        ids = {item.firm.firm_id for found in judged for item in found}
        sirets = dict(Firm.objects.filter(id__in=ids).values_list("id", "siret"))
        for example, found in zip(batch, judged, strict=True):
            for item in found:
                yield example, sirets[item.firm.firm_id], item.row


def fit(train: Pairs, calibration: Pairs) -> tuple[dict[str, Any], CalibratedClassifierCV]:
    """Small boosted trees, monotone, then an isotonic curve on pairs they have not seen.

    Returns the form kept, and scikit-learn's own to compare with.
    """
    trees = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=0.12, min_samples_leaf=40, l2_regularization=1.0,
        monotonic_cst=[DIRECTIONS[name] for name in FEATURES], early_stopping=False, random_state=SEED,
    )  # fmt: skip
    trees.fit(train.rows, train.right, sample_weight=train.weights)
    calibrated = CalibratedClassifierCV(FrozenEstimator(trees), method="isotonic")
    times = np.rint(calibration.weights).astype(int)
    calibrated.fit(np.repeat(calibration.rows, times, axis=0), np.repeat(calibration.right, times))
    curve = calibrated.calibrated_classifiers_[0].calibrators[0]
    kept = {
        "features": list(FEATURES),
        "start": float(trees._baseline_prediction[0, 0]),
        "curve": [list(knot) for knot in zip(curve.X_thresholds_.tolist(), curve.y_thresholds_.tolist(), strict=True)],
        "trees": [_nodes(stage[0].nodes) for stage in trees._predictors],
    }
    return kept, calibrated


def _nodes(nodes: np.ndarray) -> list[list[object]]:
    return [
        [float(node["value"])]
        if node["is_leaf"]
        else [FEATURES[node["feature_idx"]], float(node["num_threshold"]), int(node["left"]), int(node["right"])]
        for node in nodes
    ]


def reliability(model: LinkModel, seen: Pairs, bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean probability said, share right, how many) by tenth of probability."""
    said = model.probability(seen.rows)
    place = np.minimum((said * bins).astype(int), bins - 1)
    return [
        (float(said[place == at].mean()), float(seen.right[place == at].mean()), int((place == at).sum()))
        for at in range(bins)
        if (place == at).any()
    ]


def train(examples: Sequence[Example], *, note: str, on: date) -> dict[str, object]:
    """Fit on the index as it is, choose the thresholds on calibration names, and write what is shipped."""
    refresh()
    linker = Linker.current(judge=UNTRAINED)
    parts = {name: [one for one in examples if one.split == name] for name in ("train", "calibration")}
    train_pairs, calibration_pairs = (pairs(parts[name], linker) for name in ("train", "calibration"))
    if not train_pairs.size or not calibration_pairs.size:
        raise TooPlainError(TooPlainError.__doc__)
    kept, _ = fit(train_pairs, calibration_pairs)
    better = replace(linker, model=LinkModel.read(kept))
    found = thresholds(parts["calibration"], better)
    provenance = {
        "trained_on": note,
        "date": on.isoformat(),
        "names": {name: len(some) for name, some in parts.items()},
        "pairs": {"train": train_pairs.size, "calibration": calibration_pairs.size},
        "right": {"train": int(train_pairs.right.sum()), "calibration": int(calibration_pairs.right.sum())},
        "index": LinkIndex.objects.get().firms,
        "seed": SEED,
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "rapidfuzz": rapidfuzz.__version__},
        "thresholds": found,
    }
    text = json.dumps({"provenance": provenance} | kept, indent=1, ensure_ascii=False)
    (FOLDER / "linkage_model.json").write_text(_flat(text) + "\n", encoding="utf-8")
    model.cache_clear()
    return provenance


def _flat(text: str) -> str:
    """Each node and each point of the curve on a line of its own."""
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text)


def thresholds(examples: Sequence[Example], linker: Linker) -> dict[str, float]:
    """Where to link and what rival to bear: most right links at the wanted precision, on names not trained on.

    Names the index does not hold count as wrong once linked. What the whole name settles is linked anyway.
    """
    seen: list[tuple[float, float, bool, float]] = []  # best chance, best rival, right, weight
    sure: list[tuple[bool, float]] = []
    for batch in batched(examples, BATCH, strict=False):
        sides = [linker.side(example.sought) for example in batch]
        for example, (settled, found) in zip(batch, linker.found(sides), strict=True):
            if not found:
                continue
            siren = found[0].firm.siren
            right = siren == example.siret[:9]
            if settled:
                sure.append((right, example.weight))
                continue
            rival = max((item.chance for item in found if item.firm.siren != siren), default=0.0)
            seen.append((found[0].chance, rival, right, example.weight))
    chance, against, right, weight = np.array(seen).T
    options = [
        (float(weight[linked] @ right[linked]), float(weight[linked].sum()), link, rival)
        for link in np.arange(0.5, 1.0, 0.01).round(2)
        for rival in (0.1, 0.2, 0.3, 0.4, 0.5)
        if (linked := (chance >= link) & (against < rival)).any()
    ]
    good = [option for option in options if option[0] >= PRECISION * option[1]]
    hits, linked, link, rival = max(good, default=(0.0, 1.0, 1.0, 0.3))
    settled = sum(weight for right, weight in sure if right) / (sum(weight for _, weight in sure) or 1.0)
    return {
        "link": float(link),
        "rival": rival,
        "precision": round(hits / linked, 4),
        "recall": round(hits / float(weight.sum()), 4),
        "settled": round(settled, 4),
    }
