"""Likeness of words: what counts as a word, and what the scalar product of two texts must obey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.errors import InvalidReferenceError
from matchmaker.domain.pair import likeness
from matchmaker.domain.query import Terms
from matchmaker.domain.text import TextModel, TextModelError, TextSettings, firm_text, shared
from matchmaker.domain.wording import root, spelled, words
from tests.domain.tables import shipped

SETTINGS = TextSettings(max_df=0.5, min_df=1, title_weight=3, max_chars=200)
FIRMS = [
    "JARDINS DE COCAGNE",
    "Le Jardinier de Belledonne",
    "SARL DUPONT PEINTURE",
    "PEINTURES ET SOLS DU MIDI",
    "Légumes du Trièves",
    "NETTOYAGE DES ALPES",
    "Régie de quartier Villeneuve",
    "Paniers de la Drôme",
    "ESAT Sainte-Agnès",
]
MODEL = TextModel.fit(FIRMS, SETTINGS)
VEGETABLES = ("Paniers de légumes et jardinage des espaces de l'école", "Livraison hebdomadaire.")


def alike(firm: str, title: str, description: str = "") -> float:
    return likeness(MODEL.terms(firm), MODEL.lot_terms(title, description))


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ("jardins jardin jardinage jardinier JARDINIÈRE", "jardin"),
        ("maçonnerie maçon MACONS", "macon"),
        ("paysagiste paysager paysagers", "paysag"),
        ("nettoyage nettoyages nettoyeur", "nettoy"),
        ("plomberie plombiers", "plomberie"),
        ("traiteur", "traiteur"),
        ("traitement", "trait"),
        ("terrasses", "terras"),
        ("terrassements", "terrassement"),
        ("locaux local", "local"),
        ("eaux eau", "eau"),
        ("Légumes légume LEGUME", "legum"),
    ],
)
def test_a_word_meets_its_plural_and_its_kin(texts: str, expected: str) -> None:
    assert set(words(texts)) == {expected}


def test_forms_of_companies_tool_words_and_words_of_any_notice_say_nothing() -> None:
    assert words("SARL SAS ASSOCIATION Société Ets et Cie, marché public de travaux pour la commune : lot 3") == []


def test_accents_case_and_punctuation_are_folded() -> None:
    assert words("ÉLECTRICITÉ  générale-œuvre") == words("electricite Generale oeuvre")


@given(st.text())
def test_any_text_gives_words_of_small_plain_letters(text: str) -> None:
    assert all(word.isascii() and word.islower() and len(word) >= 2 for word in words(text))


@given(st.from_regex(r"[a-z]{3,15}", fullmatch=True))
def test_a_word_and_its_plural_in_s_are_one(word: str) -> None:
    if root(word) and root(word + "s") and word[-1] not in "sx":
        assert root(word) == root(word + "s")


@given(st.lists(st.sampled_from(["Légumes", "peintures", "PEINTURE", "œuvre", "lot", "à", "l'école"])))
def test_each_root_is_spelled_as_people_wrote_it(written: list[str]) -> None:
    text = " ".join(written)
    told = spelled(text)
    assert set(told) == set(words(text))
    assert all(word in text.lower() and words(word) == [found] for found, word in told.items())


# ---------------------------------------------------------------- likeness


def test_a_cocagne_garden_shares_words_with_vegetable_baskets_and_gardening() -> None:
    lot = MODEL.lot_terms(*VEGETABLES)
    assert "jardin" in [word for word, _ in shared(MODEL, MODEL.terms("JARDINS DE COCAGNE"), lot)]
    assert 0 < alike("JARDINS DE COCAGNE", *VEGETABLES) < 1
    assert alike("NETTOYAGE DES ALPES", *VEGETABLES) == 0


def test_a_painter_is_like_a_painting_lot() -> None:
    assert alike("DUPONT PEINTURE", "Travaux de peinture du gymnase") > 0.5
    assert alike("Légumes du Trièves", "Travaux de peinture du gymnase") == 0


def test_nothing_shared_is_zero_and_the_same_words_are_one() -> None:
    assert alike("JARDINS DE COCAGNE", "Nettoyage des vitres") == 0
    assert alike("", "Nettoyage") == alike("Nettoyage", "") == 0
    assert alike("Les peintures du Midi", "peinture midi") == pytest.approx(1, abs=1e-6)


def test_the_title_counts_more_than_the_description() -> None:
    in_title = alike("DUPONT PEINTURE", "Peinture", "Nettoyage")
    assert in_title > alike("DUPONT PEINTURE", "Nettoyage", "Peinture") > 0


def test_only_the_beginning_of_a_description_is_read() -> None:
    assert alike("DUPONT PEINTURE", "Nettoyage", "x" * 200 + " peinture") == 0


def test_the_names_of_the_place_are_no_words_of_the_lot() -> None:
    local = MODEL.lot_terms("Nettoyage à VILLENEUVE", "Écoles de Villeneuve.", "Villeneuve-lès-Avignon (30)")
    assert [MODEL.vocabulary[number] for number, _ in local] == ["nettoy"]
    assert alike("Régie de quartier Villeneuve", "Nettoyage à Villeneuve") > 0


def test_a_firm_that_opposes_diffusion_has_no_words() -> None:
    assert firm_text("Fernande Peinture", "Fernande", open_to_all=False) == ""
    assert firm_text("Fernande Peinture", "Fernande", open_to_all=True).split() == ["Fernande", "Peinture", "Fernande"]


TOLD = "jardin cocagne dupont peinture peintures sols legumes paniers nettoyage alpes regie inconnu"
SOME = st.lists(st.sampled_from(TOLD.split()), max_size=8)


def norm(terms: Terms) -> float:
    return sum(weight * weight for _, weight in terms)


@given(SOME, SOME)
def test_likeness_lies_between_0_and_1_and_is_symmetric(one: list[str], other: list[str]) -> None:
    a, b = MODEL.terms(" ".join(one)), MODEL.terms(" ".join(other))
    assert 0 <= likeness(a, b) <= 1
    assert likeness(a, b) == likeness(b, a)


@given(SOME.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_words_changes_nothing(both: tuple[list[str], list[str]]) -> None:
    assert MODEL.terms(" ".join(both[0])) == MODEL.terms(" ".join(both[1]))


@given(SOME)
def test_terms_are_numbers_that_rise_with_float32_weights_of_unit_norm(found: list[str]) -> None:
    terms = MODEL.terms(" ".join(found))
    numbers = [number for number, _ in terms]
    assert numbers == sorted(set(numbers))
    assert all(weight == float(np.float32(weight)) and weight > 0 for _, weight in terms)
    assert not terms or norm(terms) == pytest.approx(1, abs=1e-6)


@given(st.lists(SOME.map(" ".join), max_size=6))
def test_many_texts_at_once_give_each_its_own_terms(texts: list[str]) -> None:
    rows = MODEL.rows(texts)
    assert len(rows.ptr) == len(texts) + 1
    for place, text in enumerate(texts):
        part = slice(rows.ptr[place], rows.ptr[place + 1])
        assert tuple(zip(rows.term[part].tolist(), rows.weight[part].tolist(), strict=True)) == MODEL.terms(text)


# ---------------------------------------------------------------- fitting and keeping


def test_words_of_more_than_a_share_of_the_firms_are_no_words() -> None:
    names = ["Nettoyage Un", "Nettoyage Deux", "Nettoyage Peinture", "Peinture"]
    model = TextModel.fit(names, TextSettings(0.5, 1, 3, 100))
    assert "nettoyag" not in model.vocabulary
    assert "peintur" in model.vocabulary


def test_words_of_too_few_firms_are_no_words() -> None:
    model = TextModel.fit(["Dupont peinture", "Durand peinture", "Martin", ""], TextSettings(1, 2, 3, 100))
    assert model.vocabulary == ("peintur",)


def test_a_rarer_word_weighs_more() -> None:
    terms = {MODEL.vocabulary[number]: weight for number, weight in MODEL.terms("Cocagne peinture")}
    assert terms["cocagn"] > terms["peintur"]


@given(st.permutations(FIRMS))
def test_the_order_of_firms_changes_nothing(names: list[str]) -> None:
    assert TextModel.fit(names, SETTINGS) == MODEL


def test_a_model_without_a_firm_finds_nothing_alike() -> None:
    model = TextModel.fit([], SETTINGS)
    assert (len(model), model.terms("peinture"), len(model.rows(["a", "b"]).ptr)) == (0, (), 3)
    assert model == TextModel.empty(SETTINGS)


def test_a_model_kept_and_read_again_is_the_same_to_the_last_bit() -> None:
    again = TextModel.from_bytes(MODEL.to_bytes())
    assert again == MODEL
    assert again.to_bytes() == MODEL.to_bytes()
    assert again.version == MODEL.version
    assert [again.terms(name) for name in FIRMS] == [MODEL.terms(name) for name in FIRMS]


def test_the_version_changes_with_a_word_or_a_setting() -> None:
    other = TextModel.fit([*FIRMS, "Menuiserie"], SETTINGS)
    longer = TextModel.fit(FIRMS, TextSettings(0.5, 1, 3, 201))
    assert len({MODEL.version, other.version, longer.version}) == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-3],
        lambda content: b"",
        lambda content: b"autre-1" + content[14:],
        lambda content: content[:20] + bytes([content[20] ^ 1]) + content[21:],
    ],
)
def test_a_damaged_model_is_refused_in_one_sentence(spoil) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TextModelError, match="reconstruisez l'instantané"):
        TextModel.from_bytes(spoil(MODEL.to_bytes()))


def test_settings_come_from_the_table_of_parameters() -> None:
    assert 0 < TextSettings.of(shipped()).max_df < 1
    with pytest.raises(InvalidReferenceError, match="text"):
        TextSettings(max_df=0, min_df=1, title_weight=1, max_chars=0)
