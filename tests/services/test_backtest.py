"""``manage.py backtest`` on a base: what it reads, what it adopts and when it refuses, what it leaves on disk."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.contrib.gis.geos import Point as GeosPoint
from django.core.management import CommandError, call_command

from matchmaker.backtest import Wishes, backtest
from matchmaker.backtest_data import load
from matchmaker.ingest import ingest_firms
from matchmaker.models import Award, AwardHolder, Buyer, Firm, ReferenceRow
from matchmaker.quality import latest_quality
from matchmaker.reference import reference
from matchmaker.sync import sync
from tests.factories import make_firm
from tests.services.conftest import real

QUICK = Wishes(data="des marchés d'essai", wide=False, draws=200)
placed = pytest.mark.usefixtures("places")


def silent(words: str) -> None:
    pass


def firms(count: int = 260) -> list[Firm]:
    """Green-space firms around Grenoble, a third of them ESS."""
    dice = np.random.default_rng(1)
    model = make_firm("Modèle", trades=["T04"], naf="81.30Z")
    rows = []
    for at in range(count):
        row = Firm.objects.get(pk=model.pk)
        row.pk, row.siret, row.siren = None, f"{200_000_000 + at:09d}00001", f"{200_000_000 + at:09d}"
        row.point = GeosPoint(5.7 + dice.uniform(-0.5, 0.5), 45.2 + dice.uniform(-0.35, 0.35), srid=4326)
        row.point_precision, row.ess = "address", "yes" if at % 3 == 0 else "no"
        row.headcount_band = ["01", "02", "11", "12"][at % 4]
        rows.append(row)
    model.delete()
    return Firm.objects.bulk_create(rows)


def awards(known: list[Firm], pull: float, count: int = 260) -> list[Award]:
    """One contract every other day; ``pull`` is how strongly the near ones win (0 = anyone within about 50 km)."""
    dice = np.random.default_rng(2)
    buyers = [Buyer.objects.create(key=f"acheteur {n}", name=f"Ville {n}", siret=f"21{n:07d}00001") for n in range(50)]
    spots = np.array([(firm.point.x * 78, firm.point.y * 111) for firm in known])
    rows, holders = [], []
    for at in range(count):
        lon, lat = 5.7 + dice.uniform(-0.2, 0.2), 45.2 + dice.uniform(-0.15, 0.15)
        km = 1.3 * np.hypot(*(spots - (lon * 78, lat * 111)).T)
        chance = np.where(km < 50, np.exp(-pull * km / 50), 0)
        rows.append(
            Award(
                source="decp",
                uid=f"essai {at}",
                contract=f"essai {at}",
                buyer=buyers[at % 50],
                cpv="77310000",
                trades=["T04"],
                point=GeosPoint(lon, lat, srid=4326),
                notified_on=date(2024, 1, 1) + timedelta(days=2 * at),
                annual_eur=50_000,
                grouping="none",
                record_hash=str(at),
            )
        )
        winner = known[int(dice.choice(len(known), p=chance / chance.sum()))]
        holders.append((rows[-1], winner))
    Award.objects.bulk_create(rows)
    AwardHolder.objects.bulk_create(
        AwardHolder(award=award, position=1, siret=firm.siret, siren=firm.siren, firm=firm) for award, firm in holders
    )
    return rows


def put_in_force(**points: float) -> None:
    row = ReferenceRow.objects.get(table="score", key="1")
    zero = dict.fromkeys(("trade", "text", "distance", "capacity", "evidence", "ess"), 0)
    row.values, row.edited = row.values | zero | points, True
    row.save()


@pytest.mark.django_db
@placed
def test_a_wrong_formula_gives_way_to_what_its_winners_teach_with_the_proof_beside() -> None:
    put_in_force(trade=30, evidence=70)
    awards(firms(), pull=8)
    before = reference().formula
    result = backtest(Wishes(data="des marchés d'essai", wide=False, draws=200, adopt=True), silent)
    assert result.findings.decision.startswith("Les poids appris sont adoptés"), result.findings.decision
    after = reference().formula
    assert (before.version, after.version, result.adopted) == (1, 2, 2)
    assert after.distance > after.evidence
    row = ReferenceRow.objects.get(table="score", key="2")
    assert row.edited and row.values["quality"]["gain_mrr20"][1] > 0
    assert "des marchés d'essai" in row.source
    shown = latest_quality()
    assert shown is not None and "adoptés" in shown.verdict
    assert shown.score_version == 1  # the one measured
    call_command("load_reference", verbosity=0)
    assert reference().formula == after  # a reload leaves it in force


@pytest.mark.django_db
@placed
def test_nothing_is_adopted_without_proof_nor_without_being_asked() -> None:
    known = firms()
    awards(known, pull=0)
    result = backtest(Wishes(wide=False, draws=200, adopt=True, adopt_radius=True), silent)
    assert result.findings.decision.startswith("Les poids appris ne sont pas adoptés")
    assert (result.adopted, result.radii) == (None, {})
    Award.objects.all().delete()
    Buyer.objects.all().delete()
    put_in_force(trade=30, evidence=70)
    awards(known, pull=8)
    result = backtest(QUICK, silent)
    assert "relancez avec --adopt" in result.findings.decision
    assert reference().formula.version == 1
    assert list(ReferenceRow.objects.filter(table="score").values_list("key", flat=True)) == ["1"]


@pytest.mark.django_db
@placed
def test_the_base_is_read_as_it_was_known_and_says_what_it_leaves_out() -> None:
    known = firms(20)
    rows = awards(known, pull=1, count=12)
    Award.objects.filter(pk=rows[0].pk).update(notified_on=None)
    Award.objects.filter(pk=rows[1].pk).update(point=None)
    Award.objects.filter(pk=rows[2].pk).update(cpv="")
    AwardHolder.objects.filter(award=rows[3]).update(firm=None)
    Award.objects.filter(pk=rows[4].pk).update(fictitious=True)
    Firm.objects.update(ending_eur=10**9, notified_eur=10**9, active=False)  # later facts change nothing
    loaded = load(reference())
    assert loaded.left_out == {
        "sans date": 1,
        "sans titulaire connu et situé": 1,
        "sans code CPV": 1,
        "sans lieu": 1,
    }
    assert (loaded.awards, len(loaded.cases), len(loaded.supply)) == (11, 9, 20)
    assert loaded.supply.mid.max() < 10**7
    assert [case.day for case in loaded.cases] == sorted(case.day for case in loaded.cases)


@pytest.mark.django_db
@placed
def test_a_masked_firm_is_measured_from_its_commune() -> None:
    known = firms(1)[0]
    open_place = load(reference()).supply.xyz[0]
    Firm.objects.filter(pk=known.pk).update(diffusion="P")
    masked_place = load(reference()).supply.xyz[0]
    assert (open_place != masked_place).any()


@pytest.mark.django_db
@placed
def test_the_command_writes_a_report_its_figures_and_its_charts(tmp_path: Path) -> None:
    awards(firms(150), pull=4, count=120)
    call_command("backtest", out=tmp_path / "essai", draws=50, data="des marchés d'essai", verbosity=0)
    report = (tmp_path / "essai" / "rapport.md").read_text(encoding="utf-8")
    figures = json.loads((tmp_path / "essai" / "chiffres.json").read_text(encoding="utf-8"))
    assert "Ce que ces données ne montrent pas" in report
    assert figures["coverage"] == 1
    assert figures["tested_awards"] > 50
    assert {path.suffix for path in (tmp_path / "essai").iterdir()} == {".md", ".json", ".svg"}
    assert "formule en vigueur" in report


@pytest.mark.django_db
@placed
def test_the_same_base_and_seed_give_the_same_figures() -> None:
    awards(firms(100), pull=4, count=100)
    one, other = (backtest(QUICK, silent).findings for _ in range(2))
    assert one.scores == other.scores
    assert one.outcome.final == other.outcome.final


@pytest.mark.django_db
@placed
def test_an_empty_base_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="importez des entreprises et des marchés"):
        call_command("backtest", verbosity=0)


@pytest.mark.django_db
@pytest.mark.usefixtures("france")
def test_real_awards_from_import_to_report(tmp_path: Path) -> None:
    """End to end on a sample: the real winners known by SIRET, and a list of inclusive structures."""
    esat = real("ess", "esat_liste_officielle.csv.gz")
    winners, contracts = (
        real("sirene", "etablissements_titulaires_decp.csv.gz"),
        real("awards", "decp_v1_2018_2019.jsonl.gz"),
    )
    sync("esat", [esat])
    assert ingest_firms(winners).quarantined == 0
    sync("decp", [contracts])
    call_command("backtest", out=tmp_path, max_awards=900, draws=50, no_wide=True, verbosity=0)
    figures = json.loads((tmp_path / "chiffres.json").read_text(encoding="utf-8"))
    by_key = {one["key"]: one for one in figures["rankers"]}
    assert figures["tested_awards"] > 40
    assert 0.05 < figures["coverage"] < 0.9
    assert by_key["formula"]["mrr"]["20"][0] > 5 * by_key["random"]["mrr"]["20"][0]
    assert figures["failed"] == []
    assert latest_quality() is not None
