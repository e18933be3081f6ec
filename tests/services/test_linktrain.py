"""The classifier shipped as numbers is scikit-learn's own, and can be fitted again by a command."""

from __future__ import annotations

import csv
import json
import random
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from matchmaker.domain.linkage import FEATURES
from matchmaker.domain.linkmodel import LinkModel, LinkModelError
from matchmaker.link import model
from matchmaker.linktrain import Pairs, fit
from matchmaker.reference import FOLDER
from tests.factories import make_firm
from tests.services.test_link import crowd


def _pairs(size: int, seed: int) -> Pairs:
    """Pairs whose chance of being right follows a line of the features, as planted."""
    rng = np.random.default_rng(seed)
    rows = rng.random((size, len(FEATURES)))
    slope = np.linspace(-3, 5, len(FEATURES))
    right = rng.random(size) < 1 / (1 + np.exp(-(rows @ slope - slope.sum() / 2)))
    return Pairs(rows, right, rng.choice([1.0, 4.0], size))


def test_the_numbers_kept_answer_as_scikit_learn_does() -> None:
    kept, fitted = fit(_pairs(3_000, 1), _pairs(2_000, 2))
    kept = json.loads(json.dumps(kept))
    fresh = _pairs(2_000, 3).rows
    assert LinkModel.read(kept).probability(fresh) == pytest.approx(fitted.predict_proba(fresh)[:, 1], abs=1e-9)


def test_planted_chances_are_recovered() -> None:
    """Said and so agree in each tenth, on pairs never seen."""
    from matchmaker.linktrain import reliability

    kept, _ = fit(_pairs(20_000, 1), _pairs(20_000, 2))
    table = reliability(LinkModel.read(kept), _pairs(20_000, 3))
    assert len(table) >= 9
    assert all(abs(said - so) < 0.06 for said, so, _ in table)


def test_fitting_again_gives_the_same_numbers() -> None:
    assert fit(_pairs(500, 1), _pairs(500, 2))[0] == fit(_pairs(500, 1), _pairs(500, 2))[0]


def test_a_model_of_other_features_is_refused_with_what_to_do() -> None:
    with pytest.raises(LinkModelError, match="train_linkage"):
        LinkModel.read({"features": ["set"], "start": 0.0, "curve": [[0, 0], [1, 1]], "trees": []})


def test_the_shipped_model_says_where_it_comes_from() -> None:
    kept = json.loads((FOLDER / "linkage_model.json").read_text("utf-8"))
    assert {"trained_on", "date", "names", "pairs", "seed", "versions", "thresholds"} <= set(kept["provenance"])
    assert np.all(np.diff(model().knots) >= 0)
    assert np.all(np.diff(model().chances) >= 0)  # a better score is never less likely


@pytest.mark.django_db
@pytest.mark.usefixtures("places")
def test_the_command_fits_on_a_table_and_writes_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    table = tmp_path / "noms.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["siret", "split", "name", "city"])
        for firm in crowd(150):
            out.writerow([firm.siret, rng.choice(["train", "calibration"]), firm.name.upper()[:-2], firm.city])
    monkeypatch.setattr("matchmaker.linktrain.FOLDER", tmp_path)
    said = StringIO()
    call_command("train_linkage", str(table), stdout=said)
    assert "Seuils" in said.getvalue()
    LinkModel.read(json.loads((tmp_path / "linkage_model.json").read_text("utf-8")))


@pytest.mark.django_db
@pytest.mark.usefixtures("places")
def test_names_that_need_no_judging_teach_nothing_and_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matchmaker.linktrain.FOLDER", tmp_path)
    firm, table = make_firm("Baluchon Gourmand"), tmp_path / "noms.csv"
    lines = [f"{firm.siret},{split},{firm.name},{firm.city}" for split in ("train", "calibration")]
    table.write_text("siret,split,name,city\n" + "\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(CommandError, match="mal écrits"):
        call_command("train_linkage", str(table))


def test_a_table_without_truth_is_refused_in_words(tmp_path: Path) -> None:
    table = tmp_path / "noms.csv"
    table.write_text("name,city\nLe Relais,Voiron\n", encoding="utf-8")
    with pytest.raises(CommandError, match="donnez une table avec siret, split, name"):
        call_command("train_linkage", str(table))
