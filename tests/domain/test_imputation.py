"""What a lot may be worth, from comparable contracts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.imputation import Comparable, Comparables, Level, buyer_kind, procedure_level, short_euros
from tests.domain.tables import shipped

RULES = shipped()
TOWN, STATE = "21380185500015", "13000000000017"


def town(number: int) -> str:
    return f"21{number:012d}"


def contracts(cpv: str, count: int, amount: int = 100_000, months: int | None = 12, **more: str) -> list[Comparable]:
    return [Comparable(cpv, more.get("buyer") or town(number), months, amount) for number in range(count)]


def test_the_longest_common_code_with_enough_buyers_is_compared() -> None:
    known = Comparables([*contracts("90911200", 12, 50_000), *contracts("90919200", 40, 900_000)])
    found = known.impute(["90911200"], TOWN, 12, RULES)
    assert found is not None
    assert (found.prefix, found.kind, found.count, found.mid_eur) == ("90911200", "communes", 12, 50_000)


def test_too_few_buyers_widen_to_shorter_codes_and_then_to_all_buyers() -> None:
    known = Comparables([*contracts("90911200", 11), *contracts("90919200", 1, buyer=town(99))])
    found = known.impute(["90911200"], TOWN, 12, RULES)
    assert found is not None and (found.prefix, found.count) == ("9091", 12)
    other = known.impute(["90911200"], STATE, 12, RULES)
    assert other is not None and (other.prefix, other.kind) == ("9091", "")


def test_many_lots_of_one_buyer_are_one_witness() -> None:
    assert Comparables(contracts("90911200", 60, buyer=TOWN)).impute(["90911200"], TOWN, 12, RULES) is None


def test_nothing_comparable_gives_nothing() -> None:
    assert Comparables([]).impute(["90911200"], TOWN, 12, RULES) is None
    assert Comparables(contracts("45000000", 40)).impute(["90911200"], TOWN, 12, RULES) is None
    assert Comparables(contracts("45000000", 40)).impute([], TOWN, 12, RULES) is None


def test_a_second_code_serves_when_the_main_one_has_no_comparable() -> None:
    found = Comparables(contracts("77310000", 20)).impute(["90911200", "77310000"], TOWN, 12, RULES)
    assert found is not None and found.prefix == "77310000"


def test_a_longer_lot_is_dearer_but_not_in_proportion() -> None:
    known = Comparables(contracts("90911200", 20, 100_000, 12))
    found = known.impute(["90911200"], TOWN, 48, RULES)
    assert found is not None and found.mid_eur == pytest.approx(200_000, rel=0.01)


def test_the_basis_is_told_in_words() -> None:
    rows = [Comparable("90911200", town(number), 12, 10_000 + 5_000 * number) for number in range(20)]
    found = Comparables(rows).impute(["90911200"], TOWN, 12, RULES)
    assert found is not None
    assert found.words == "20 marchés comparables : CPV 90911200, communes ; une chance sur deux entre 27 k€ et 87 k€"


@pytest.mark.parametrize(
    ("siret", "kind"),
    [(TOWN, "communes"), ("19380001200017", "établissements scolaires"), ("13000000000017", "services de l'État"),
     ("26380001200017", "hôpitaux et action sociale"), ("55208131766522", ""), ("", "")],
)  # fmt: skip
def test_the_kind_of_a_buyer_is_read_from_its_siren(siret: str, kind: str) -> None:
    assert buyer_kind(siret) == kind


@pytest.mark.parametrize(("amount", "words"), [(512, "510 €"), (20_400, "20 k€"), (1_260_000, "1,3 M€")])
def test_no_more_digits_than_known(amount: int, words: str) -> None:
    assert short_euros(amount) == words


@pytest.mark.parametrize(
    ("procedure", "source", "form", "level"),
    [
        ("Appel d'offres ouvert", "", "", Level.FORMAL),
        ("Procédure concurrentielle avec négociation", "", "", Level.FORMAL),
        ("Dialogue compétitif", "", "", Level.FORMAL),
        ("Procédure adaptée", "", "", Level.ADAPTED),
        ("Marché passé sans publicité ni mise en concurrence préalable", "", "", Level.ADAPTED),
        ("Marché négocié sans publicité ni mise en concurrence préalable", "", "", Level.ADAPTED),
        ("", "ted", "F02", Level.FORMAL),
        ("open", "boamp", "JOUE/APPEL_OFFRE", Level.FORMAL),
        ("open", "boamp", "FNSimple/APPEL_OFFRE", Level.ADAPTED),
        ("mapa", "boamp", "", Level.ADAPTED),
        ("neg-w-call", "ted", "F24", Level.CONCESSION),
        ("open", "eforms", "19", Level.CONCESSION),
        ("neg-wo-call", "ted", "F15", Level.UNKNOWN),
        ("", "boamp", "", Level.UNKNOWN),
    ],
)
def test_the_level_of_a_procedure_is_read_from_its_words(procedure: str, source: str, form: str, level: Level) -> None:
    assert procedure_level(procedure, source, form) is level


def test_a_formal_lot_is_compared_with_formal_procedures_only() -> None:
    small = [replace(one, level=Level.ADAPTED) for one in contracts("45221000", 40, 80_000)]
    large = [replace(one, level=Level.FORMAL) for one in contracts("45221000", 12, 9_000_000)]
    known = Comparables([*small, *large])
    for level, amount in ((Level.FORMAL, 9_000_000), (Level.ADAPTED, 80_000)):
        found = known.impute(["45221000"], TOWN, 12, RULES, level)
        assert found is not None and (found.mid_eur, found.level) == (amount, level)
    both = known.impute(["45221000"], TOWN, 12, RULES)
    assert both is not None and both.count == 52
    assert Comparables(small).impute(["45221000"], TOWN, 12, RULES, Level.FORMAL) is None


def test_a_formal_lot_with_distant_comparables_only_is_left_without_estimation() -> None:
    known = Comparables([replace(one, level=Level.FORMAL) for one in contracts("45900000", 40)])
    assert known.impute(["45221000"], TOWN, 12, RULES, Level.FORMAL) is None


def test_a_concession_is_never_estimated() -> None:
    known = Comparables(contracts("60112000", 40))
    assert known.impute(["60112000"], TOWN, 12, RULES, Level.CONCESSION) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 10**8), st.none() | st.integers(1, 96)), min_size=12, max_size=60
    ),
    st.none() | st.integers(1, 96),
)
def test_the_range_is_an_interval_within_the_amounts_compared(
    rows: list[tuple[int, int, int | None]], months: int | None
) -> None:
    known = [Comparable("90911200", town(buyer), length, amount) for buyer, amount, length in rows]
    found = Comparables(known).impute(["90911200"], TOWN, months, RULES)
    if found is None:
        assert len({one.buyer for one in known}) < RULES.integer("imputation.min_buyers")
        return
    assert 0 <= found.low_eur <= found.mid_eur <= found.high_eur
    if months is None:
        assert min(one.amount_eur for one in known) - 1 <= found.low_eur
        assert found.high_eur <= max(one.amount_eur for one in known) + 1
