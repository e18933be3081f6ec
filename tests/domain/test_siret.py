"""Le SIRET : quatorze chiffres dont le dernier contrôle les autres."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.domain.siret import SiretError, is_valid_siret, normalise_siret

VALID = "20003441100013"  # a public body, published in TED


def with_luhn_key(thirteen: str) -> str:
    """The SIRET that begins with these digits, its key computed another way: by trying the ten digits."""
    total = 0
    for rank, digit in enumerate(reversed(thirteen), start=2):
        value = int(digit) * (2 if rank % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return thirteen + str(-total % 10)


bodies = st.text("0123456789", min_size=13, max_size=13).filter(lambda text: not text.startswith("000000000"))


def test_un_siret_juste_est_rendu_tel_quel() -> None:
    assert normalise_siret(VALID) == VALID


@pytest.mark.parametrize(
    "published", ["200 034 411 00013", "SIRET : 20003441100013", "200.034.411.00013", " n° siret 20003441100013 "]
)
def test_les_espaces_points_et_prefixes_sont_oubliés(published: str) -> None:
    assert normalise_siret(published) == VALID


def test_une_cle_fausse_est_refusée_avec_une_phrase() -> None:
    with pytest.raises(SiretError, match="clé fausse"):
        normalise_siret("20003441100014")


@pytest.mark.parametrize("published", ["", "200034411", "213400906000011", "direction des achats", "FR12345678901"])
def test_ce_qui_n_a_pas_quatorze_chiffres_est_refusé(published: str) -> None:
    with pytest.raises(SiretError, match="14 chiffres"):
        normalise_siret(published)


def test_un_siren_nul_est_refusé_bien_que_sa_clé_soit_juste() -> None:
    assert not is_valid_siret("00000000000000")


def test_les_chiffres_d_autres_écritures_sont_refusés() -> None:
    assert not is_valid_siret("٢٠٠٠٣٤٤١١٠٠٠١٣")


def test_le_siège_de_la_poste_suit_la_règle_commune() -> None:
    assert is_valid_siret("35600000000048")


def test_un_établissement_de_la_poste_se_contrôle_par_la_somme_de_ses_chiffres() -> None:
    assert is_valid_siret("35600000049837")  # 3+5+6+4+9+8+3+7 = 45
    assert not is_valid_siret("35600000049838")


@given(bodies)
def test_toute_clé_calculée_est_acceptée(body: str) -> None:
    assert is_valid_siret(with_luhn_key(body))


@given(bodies, st.integers(0, 13), st.integers(1, 9))
def test_un_seul_chiffre_faux_est_toujours_vu(body: str, rank: int, shift: int) -> None:
    siret = with_luhn_key(body)
    wrong = siret[:rank] + str((int(siret[rank]) + shift) % 10) + siret[rank + 1 :]
    assert wrong.startswith(("356000000", "000000000")) or not is_valid_siret(wrong)


@given(bodies)
def test_normaliser_deux_fois_ne_change_rien(body: str) -> None:
    once = normalise_siret(with_luhn_key(body))
    assert normalise_siret(once) == once


@given(st.text(max_size=40))
def test_aucun_texte_ne_provoque_autre_chose_qu_un_refus(text: str) -> None:
    assert is_valid_siret(text) in (True, False)
