"""CPV codes (2008 vocabulary): eight digits, with a check digit that nobody needs."""

from __future__ import annotations

import re

# The 45 divisions of regulation (EC) 213/2008.
_DIVISIONS = """
    03 09 14 15 16 18 19 22 24 30 31 32 33 34 35 37 38 39 41 42 43 44 45 48 50 51 55 60 63 64 65 66
    70 71 72 73 75 76 77 79 80 85 90 92 98
"""
DIVISIONS = frozenset(_DIVISIONS.split())

_SHAPE = re.compile(r"([0-9]{8})(?:\s*-\s*[0-9])?")


class CpvError(ValueError):
    """Ce code CPV est inconnu ; attendez-vous à huit chiffres, par exemple 45000000."""


def normalise_cpv(text: str) -> str:
    """The eight digits of a published code, check digit dropped; raise ``CpvError`` if it has not that shape.

    A shorter code is refused rather than padded: 4500000 may lack its first or its last zero.
    """
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        raise CpvError(f"Code CPV « {text.strip()} » illisible : huit chiffres sont attendus.")
    code = match.group(1)
    if code[:2] not in DIVISIONS:
        raise CpvError(f"Code CPV « {code} » inconnu : la division {code[:2]} n'existe pas.")
    return code
