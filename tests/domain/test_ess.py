"""Who is ESS, and how we know (law 2014-856, article 1)."""

from __future__ import annotations

import pytest

from matchmaker.domain.ess import ess_status
from matchmaker.domain.reference import Reference


@pytest.mark.parametrize(
    ("form", "status", "family"),
    [
        ("9220", "yes", "association"),
        ("9230", "yes", "association"),
        ("9260", "yes", "association"),
        ("9300", "yes", "fondation"),
        ("8210", "yes", "mutuelle"),
        ("5458", "yes", "SCOP"),
        ("5558", "yes", "SCOP"),
    ],
)
def test_legal_forms_that_are_ess_by_law(reference: Reference, form: str, status: str, family: str) -> None:
    found = ess_status(form, None, reference.legal_forms)
    assert found.status == status
    assert family.lower() in found.family.lower()
    assert found.provenance == "catégorie juridique"


@pytest.mark.parametrize("form", ["5710", "5499", "8310", "8311", "1000", "7361", "7366"])
def test_forms_that_prove_nothing_are_not_ess_by_form(reference: Reference, form: str) -> None:
    """A SAS may be a SCOP or a SCIC: it needs a flag, a list or a proof. Public bodies are not ESS."""
    assert ess_status(form, None, reference.legal_forms).status != "yes"


def test_a_sas_is_ess_when_sirene_says_so(reference: Reference) -> None:
    found = ess_status("5710", True, reference.legal_forms)
    assert (found.status, found.provenance) == ("yes", "indicateur SIRENE")


def test_a_missing_flag_does_not_contradict_an_association(reference: Reference) -> None:
    assert ess_status("9220", False, reference.legal_forms).status == "yes"


@pytest.mark.parametrize("form", ["9240", "9210", "6220", "7410", "9970"])
def test_some_forms_are_to_verify(reference: Reference, form: str) -> None:
    assert ess_status(form, None, reference.legal_forms).status == "verify"


@pytest.mark.parametrize("verified", [True, False])
def test_a_person_s_word_beats_flag_and_form(reference: Reference, verified: bool) -> None:
    found = ess_status("9220", True, reference.legal_forms, verified=verified)
    assert (found.status, found.provenance) == ("yes" if verified else "no", "vérifié par une personne")


@pytest.mark.parametrize("kind", ["EI", "ETTI", "ACI", "AI", "ESAT", "EA", "GEIQ"])
def test_an_inclusive_kind_without_legal_form_is_to_verify_never_taken_for_ess(reference: Reference, kind: str) -> None:
    assert ess_status("", None, reference.legal_forms, inclusive_kind=kind).status == "verify"


def test_the_kind_of_a_company_does_not_make_it_ess(reference: Reference) -> None:
    assert ess_status("5710", None, reference.legal_forms, inclusive_kind="EI").status != "yes"


def test_nothing_known_is_not_ess(reference: Reference) -> None:
    assert ess_status("", None, reference.legal_forms).status == "no"


# ---------------------------------------------------------------- the order of proofs


def test_the_ess_france_list_beats_the_sirene_flag(reference: Reference) -> None:
    found = ess_status("5710", False, reference.legal_forms, listed=True)
    assert (found.status, found.provenance) == ("yes", "liste ESS France")
    assert ess_status("5710", True, reference.legal_forms, listed=True).provenance == "liste ESS France"


@pytest.mark.parametrize("verified", [True, False])
def test_a_person_s_word_beats_the_ess_france_list(reference: Reference, verified: bool) -> None:
    found = ess_status("5710", True, reference.legal_forms, listed=True, verified=verified)
    assert (found.status, found.provenance) == ("yes" if verified else "no", "vérifié par une personne")


def test_the_flag_beats_the_table_of_legal_forms(reference: Reference) -> None:
    assert ess_status("9240", True, reference.legal_forms).provenance == "indicateur SIRENE"


def test_a_listed_association_keeps_its_family(reference: Reference) -> None:
    assert ess_status("9220", None, reference.legal_forms, listed=True).family == "association"


def test_an_esus_agreement_alone_asks_for_a_look_and_decides_nothing(reference: Reference) -> None:
    assert ess_status("5710", None, reference.legal_forms, esus=True).status == "verify"
    assert ess_status("9220", None, reference.legal_forms, esus=True).provenance == "catégorie juridique"
    assert ess_status("5710", True, reference.legal_forms, esus=True).provenance == "indicateur SIRENE"
