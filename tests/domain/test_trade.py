"""Which trades a lot asks for, and which a firm can do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matchmaker.domain.reference import Reference
from matchmaker.domain.trade import (
    firm_trades,
    lot_trades,
    match_length,
    naf_index,
    normalise_naf,
    trades_of_cpv,
    trades_of_words,
)
from tests.domain.tables import shipped

CPVS = sorted({cpv for trade in shipped().trades.values() for cpv in trade.cpvs})
CODES = st.one_of(
    st.sampled_from(CPVS),
    st.builds(lambda cpv, length: cpv[:length].ljust(8, "0"), st.sampled_from(CPVS), st.integers(2, 7)),
    st.from_regex(r"[0-9]{8}", fullmatch=True),
)


@pytest.mark.parametrize(
    ("cpv", "trade_cpv", "length"),
    [
        ("45442100", "45442100", 8),
        ("77314000", "77310000", 7),  # inside the class of the trade
        ("45442110", "45442100", 7),
        ("45440000", "45442100", 4),
        ("45400000", "45442100", 3),
        ("45000000", "45442100", 2),
        ("90000000", "45442100", 0),
    ],
)
def test_a_lot_s_code_meets_a_trade_s_as_far_as_their_digits_agree(cpv: str, trade_cpv: str, length: int) -> None:
    assert match_length(cpv, trade_cpv) == length


@pytest.mark.parametrize(
    ("cpv", "expected"),
    [("90911200", {"T01": 1.0}), ("45442100", {"T07": 1.0}), ("77314000", {"T04": 0.95}), ("90911300", {"T02": 1.0})],
)
def test_the_longest_match_wins(reference: Reference, cpv: str, expected: dict[str, float]) -> None:
    assert trades_of_cpv(cpv, reference) == expected


def test_a_vague_code_meets_several_trades_with_little_trust(reference: Reference) -> None:
    found = trades_of_cpv("45400000", reference)
    assert {"T07", "T08", "T10", "T11"} <= set(found)
    assert set(found.values()) == {reference["cpv.match_3"]}


def test_a_code_far_from_all_trades_meets_none(reference: Reference) -> None:
    assert trades_of_cpv("16000000", reference) == {}  # farm machines


def test_one_cpv_is_the_whole_lot(reference: Reference) -> None:
    (need,) = lot_trades(["45442100"], reference)
    assert (need.trade, need.share, need.fit) == ("T07", 1.0, 1.0)


def test_the_main_cpv_takes_half_and_the_others_share_the_rest(reference: Reference) -> None:
    needs = lot_trades(["45442100", "45310000", "45330000"], reference)
    assert [(need.trade, need.share) for need in needs] == [("T07", 0.5), ("T13", 0.25), ("T14", 0.25)]


def test_vague_codes_go_once_a_precise_one_is_known(reference: Reference) -> None:
    assert [need.trade for need in lot_trades(["45000000", "45442100"], reference)] == ["T07"]


def test_a_code_said_twice_is_one_need(reference: Reference) -> None:
    assert len(lot_trades(["45442100", "45442100", "45442110"], reference)) == 1


def test_a_lot_without_known_trade_has_no_need(reference: Reference) -> None:
    assert lot_trades(["16000000"], reference) == ()
    assert lot_trades([], reference) == ()


def test_two_vague_needs_that_begin_alike_keep_distinct_names(reference: Reference) -> None:
    """Works (45...) and horticulture (77...) could both be green spaces: the second is named by another trade."""
    first, second = lot_trades(["45100000", "77900000"], reference)
    assert (first.trade, second.trade) == ("T04", "T05")
    assert {code for code, _ in second.options} >= {"T04", "T05", "T06"}


@given(st.lists(CODES, max_size=8))
@example(["45000000", "77000000"])
@example(["45100000", "77300000"])
@example(["63732000", "45000000", "77400000"])
def test_the_needs_of_any_lot_are_distinct_and_make_the_whole(cpvs: list[str]) -> None:
    reference = shipped()
    needs = lot_trades(cpvs, reference)
    assert len({need.trade for need in needs}) == len(needs) <= reference.integer("cpv.max_trades")
    assert not needs or sum(need.share for need in needs) == pytest.approx(1.0)
    assert all(need.trade in dict(need.options) and 0 < need.fit <= 1 for need in needs)


@pytest.mark.parametrize(
    ("text", "expected"), [("8121Z", "81.21Z"), ("81.21Z", "81.21Z"), (" 8121z ", "81.21Z"), ("81", ""), ("abc", "")]
)
def test_naf_codes_are_written_one_way(text: str, expected: str) -> None:
    assert normalise_naf(text) == expected


def test_a_naf_names_all_its_trades(reference: Reference) -> None:
    assert naf_index(reference.trades)["81.30Z"] == ("T04", "T05", "T06")  # INSEE: upkeep, pruning of trees included


def test_a_declared_trade_overrides_the_naf(reference: Reference) -> None:
    """Associations often carry a useless NAF."""
    found = firm_trades(["T24"], "81.21Z", "EI", reference)
    assert (found.trades, found.source, found.trust) == (("T24",), "declared", 1.0)


def test_without_declaration_the_naf_speaks(reference: Reference) -> None:
    found = firm_trades([], "43.34Z", "EI", reference)
    assert (found.trades, found.source, found.trust) == (("T07",), "naf", reference["trust.naf"])


def test_a_useless_naf_leaves_what_the_kind_usually_does_with_little_trust(reference: Reference) -> None:
    found = firm_trades([], "94.99Z", "ACI", reference)
    assert (found.source, found.trust) == ("kind", reference["trust.kind"])
    assert found.trust < reference["trust.naf"]
    assert found.trades == reference.kinds["ACI"].presumed_trades


def test_the_name_of_an_inclusive_firm_speaks_before_its_kind(reference: Reference) -> None:
    found = firm_trades([], "94.99Z", "ACI", reference, name="Association Propreté et Ménage du Pays de Retz")
    assert (found.trades, found.source) == (("T01", "T03"), "name")
    assert reference["trust.kind"] < found.trust < reference["trust.naf"]


def test_the_name_of_an_ordinary_firm_proves_nothing(reference: Reference) -> None:
    assert firm_trades([], "", "", reference, name="Nettoyage Plus").trades == ()


def test_a_vague_naf_that_names_a_trade_is_only_a_guess_for_an_inclusive_firm(reference: Reference) -> None:
    """88.99B is social mediation for an ordinary firm, and the NAF of half the ACI, whatever they do."""
    assert firm_trades([], "88.99B", "", reference).trades == ("T39",)
    found = firm_trades([], "88.99B", "ACI", reference)
    assert found.source == "kind"
    assert "T39" in found.trades


def test_lending_staff_is_the_only_trade_of_a_lender_whatever_its_name(reference: Reference) -> None:
    assert firm_trades([], "", "ETTI", reference, name="Nettoyage Intérim").trades == ("T44",)


def test_an_ordinary_firm_with_a_useless_naf_has_no_trade(reference: Reference) -> None:
    assert firm_trades([], "94.99Z", "", reference).trades == ()


def test_an_unknown_declared_trade_counts_for_nothing(reference: Reference) -> None:
    assert firm_trades(["T99"], "81.21Z", "", reference).trades == ("T01",)


def test_a_trade_declared_twice_counts_once_and_the_first_is_the_main_one(reference: Reference) -> None:
    assert firm_trades(["T07", "T01", "T07"], "", "", reference).trades == ("T07", "T01")


# ---------------------------------------------------------------- trades told by a title


@pytest.mark.parametrize(
    ("title", "cpvs", "trades"),
    [
        ("Lot 8 : peintures", ["45000000"], ("T07",)),
        ("Électricité courants faibles", ["45000000"], ("T13",)),
        ("Gros-œuvre", ["45210000"], ("T09", "T47")),
        ("Nettoyage des vitres de la mairie", ["90000000"], ("T02",)),  # not just any cleaning
        ("Plomberie — chauffage — électricité", ["45000000"], ("T13", "T14")),
        ("Assurance de la flotte automobile", ["66514110"], ()),
        ("Entretien de véhicules", ["50000000"], ("T45",)),
        ("Entretien de véhicules", ["66000000"], ()),  # another division: the code is right
        ("Entretien de véhicules", [], ("T45",)),
        ("Peinture, plomberie, électricité et menuiserie", ["45000000"], ()),  # too many to tell one
        ("Fourniture de traitements", ["55000000"], ()),  # no caterer
        ("Étanchéité des toitures terrasses", ["45000000"], ("T12",)),  # no earthworks
        ("Communications mobiles", ["39000000"], ()),  # no furniture
        ("", ["45000000"], ()),
    ],
)
def test_a_title_tells_trades_of_the_divisions_of_its_codes(
    reference: Reference, title: str, cpvs: list[str], trades: tuple[str, ...]
) -> None:
    assert trades_of_words(title, cpvs, reference) == trades


def test_a_precise_code_always_wins_over_words(reference: Reference) -> None:
    assert lot_trades(["45310000"], reference, "Peinture") == lot_trades(["45310000"], reference)
    assert lot_trades(["45000000", "45310000"], reference, "Peinture") == lot_trades(["45310000"], reference)


def test_words_replace_a_vague_code_as_options_less_sure_than_any_precise_one(reference: Reference) -> None:
    (need,) = lot_trades(["45000000"], reference, "Lot 7 : sols souples et peinture")
    fit = reference["text.trade_fit"]
    assert (need.options, need.share, need.by_words) == ((("T07", fit), ("T08", fit)), 1.0, True)
    assert reference["cpv.match_3"] < fit < reference["cpv.match_4"]


def test_without_telling_words_a_vague_code_keeps_its_trades(reference: Reference) -> None:
    assert lot_trades(["45000000"], reference, "Rénovation du gymnase") == lot_trades(["45000000"], reference)
    assert not any(need.by_words for need in lot_trades(["45000000"], reference))


# ---------------------------------------------------------------- who an ordinary French lot finds


def finds(reference: Reference, cpv: str, naf: str, title: str = "") -> bool:
    asked = {code for need in lot_trades([cpv], reference, title) for code, _ in need.options}
    return bool(asked & set(firm_trades([], naf, "", reference).trades))


@pytest.mark.parametrize(
    ("lot", "cpv", "naf"),
    [
        ("Gros œuvre de l'école", "45223220", "41.20B"),
        ("Construction d'un groupe scolaire, lot gros œuvre", "45214200", "41.20B"),
        ("Gros œuvre du gymnase", "45212222", "43.99C"),
        ("Étanchéité de la toiture-terrasse", "45261420", "43.99A"),
        ("Métallerie, serrurerie", "45262670", "25.11Z"),
        ("Pose de clôtures", "45342000", "43.32B"),
        ("Plafonds suspendus", "45421146", "43.31Z"),
        ("Désamiantage de l'ancienne cantine", "45262660", "39.00Z"),
        ("Renouvellement du réseau d'eau potable", "45232150", "42.21Z"),
        ("Assainissement du bourg", "45232410", "42.11Z"),
        ("Aménagement de la place", "45233262", "42.11Z"),
        ("Entretien de l'éclairage public", "50232100", "43.21B"),
        ("Éclairage public du lotissement", "45316110", "43.21A"),
        ("Traitement des ordures", "90510000", "38.11Z"),
        ("Exploitation des chaufferies", "50720000", "35.30Z"),
        ("Maintenance des ascenseurs", "50750000", "43.29B"),
        ("Maîtrise d'œuvre de la médiathèque", "71221000", "71.11Z"),
        ("Études de structure", "71312000", "71.12B"),
        ("Coordination sécurité et protection de la santé", "71317200", "71.12B"),
        ("Contrôle technique de la construction", "71631300", "71.20B"),
        ("Relevés topographiques", "71351810", "71.12A"),
        ("Conseil en organisation", "79411100", "70.22Z"),
        ("Assurance des bâtiments", "66515000", "65.12Z"),
        ("Assurance de la flotte", "66514110", "66.22Z"),
        ("Maintenance de logiciels", "72267000", "58.29C"),
        ("Achat d'ordinateurs", "30213000", "46.51Z"),
        ("Mobilier scolaire", "39160000", "31.01Z"),
        ("Pain pour les cantines", "15811000", "10.71C"),
        ("Viande pour la cuisine centrale", "15111000", "46.32A"),
        ("Consommables médicaux", "33141000", "46.46Z"),
        ("Véhicules utilitaires", "34136000", "45.11Z"),
        ("Gaz naturel", "09123000", "35.23Z"),
        ("Fioul", "09135100", "46.71Z"),
    ],
)
def test_a_lot_finds_the_firms_that_usually_do_it(reference: Reference, lot: str, cpv: str, naf: str) -> None:
    assert finds(reference, cpv, naf, lot)


@pytest.mark.parametrize(
    ("lot", "cpv", "naf"),
    [
        ("Maîtrise d'œuvre de la médiathèque", "71221000", "71.20B"),  # who designs is not who inspects
        ("Contrôle technique de la construction", "71631300", "71.12B"),
        ("Étanchéité de la toiture-terrasse", "45261420", "43.34Z"),
        ("Gros œuvre de l'école", "45223220", "43.21A"),
        ("Consommables médicaux", "33141000", "46.39B"),
        ("Gaz naturel", "09123000", "42.21Z"),  # who lays the pipe does not sell what flows in it
    ],
)
def test_a_lot_does_not_find_the_neighbouring_profession(reference: Reference, lot: str, cpv: str, naf: str) -> None:
    assert not finds(reference, cpv, naf, lot)


def test_a_school_without_a_telling_title_asks_for_any_building_trade_alike_and_is_named_by_the_builder(
    reference: Reference,
) -> None:
    """Buyers put the code of the building on every one of its lots (allotissement, art. L2113-10 CCP)."""
    (need,) = lot_trades(["45214200"], reference, "Construction du groupe scolaire Jean-Moulin")
    assert need.trade == "T47"
    assert {"T47", "T13", "T07"} < set(dict(need.options))
    assert set(dict(need.options).values()) == {reference["cpv.whole_work"]}
    assert "T01" not in dict(need.options)


def test_the_title_tells_which_lot_of_a_whole_work_it_is(reference: Reference) -> None:
    (need,) = lot_trades(["45214200"], reference, "Groupe scolaire Jean-Moulin – lot 9 : peinture")
    assert (need.trade, need.by_words) == ("T07", True)


def test_a_precise_code_tells_more_than_the_work_it_belongs_to(reference: Reference) -> None:
    assert [need.trade for need in lot_trades(["45214200", "45310000"], reference)] == ["T13"]


def test_a_trade_that_knows_a_building_by_its_code_is_more_than_an_option(reference: Reference) -> None:
    schools = replace(reference.trades["T41"], cpvs=("45214100",))
    edited = replace(reference, trades={**reference.trades, "T41": schools})
    assert trades_of_cpv("45214100", edited) == {"T41": 1.0}


def test_wider_codes_leave_inclusive_firms_what_their_name_and_kind_say(reference: Reference) -> None:
    """Wider codes give no firm less: what is named or presumed stays, a vague code only adds a guess."""
    assert firm_trades([], "94.99Z", "ACI", reference).trades == reference.kinds["ACI"].presumed_trades
    assert firm_trades([], "88.10C", "ESAT", reference).trades == reference.kinds["ESAT"].presumed_trades
    assert firm_trades([], "85.59B", "ACI", reference, name="Jardins de Cocagne").trades == ("T26",)


def test_every_phrase_names_trades_of_the_table_in_words_that_count(reference: Reference) -> None:
    assert len(reference.lot_words) > 100
    assert all(phrase and trades for phrase, trades in reference.lot_words.items())
    assert {trade for trades in reference.lot_words.values() for trade in trades} <= set(reference.trades)
