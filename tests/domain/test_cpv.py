"""Le code CPV : huit chiffres, clé oubliée."""

from __future__ import annotations

import pytest

from matchmaker.domain.cpv import CpvError, normalise_cpv


@pytest.mark.parametrize("published", ["45000000", "45000000-7", " 45000000 - 7 "])
def test_la_clé_de_contrôle_est_oubliée(published: str) -> None:
    assert normalise_cpv(published) == "45000000"


@pytest.mark.parametrize("published", ["", "4500000", "450000000", "45000000-77", "45 000 000", "ABCDEFGH", "٤٥٠٠٠٠٠٠"])
def test_une_autre_forme_est_refusée_plutôt_que_complétée(published: str) -> None:
    with pytest.raises(CpvError, match="huit chiffres"):
        normalise_cpv(published)


@pytest.mark.parametrize("code", ["00000000", "99000000"])
def test_une_division_inconnue_est_refusée(code: str) -> None:
    with pytest.raises(CpvError, match="division"):
        normalise_cpv(code)
