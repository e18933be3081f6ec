"""The SIRET: 14 digits, of which the last checks the others."""

from __future__ import annotations

import re

LA_POSTE_SIREN = "356000000"  # its establishments outgrew the Luhn key: INSEE checks their digit sum instead

_NOISE = re.compile(r"^\s*(?:n[°ºo]\s*)?siret\s*(?:n[°ºo])?\s*:?|[\s.\-\u2010-\u2015]", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{14}")


class SiretError(ValueError):
    """Ce numéro SIRET n'est pas valide ; vérifiez ses 14 chiffres."""


def normalise_siret(text: str) -> str:
    """The 14 digits of ``text``, without spaces, dots or prefix; raise ``SiretError`` if it is no SIRET."""
    if not text.strip():
        raise SiretError("Le SIRET manque : complétez-le (14 chiffres) et relancez l'import.")
    digits = _NOISE.sub("", text)
    if not _DIGITS.fullmatch(digits):
        raise SiretError(f"« {text.strip()} » n'est pas un SIRET : il faut 14 chiffres.")
    if digits.startswith("000000000"):
        raise SiretError(f"« {text.strip()} » n'est pas un SIRET : le numéro SIREN est nul.")
    if not _key_is_right(digits):
        raise SiretError(f"Le SIRET « {text.strip()} » a une clé fausse : vérifiez ses chiffres.")
    return digits


def is_valid_siret(text: str) -> bool:
    """Whether ``normalise_siret`` would accept ``text``."""
    try:
        normalise_siret(text)
    except SiretError:
        return False
    return True


def luhn_is_right(digits: str) -> bool:
    """Whether a SIREN (9 digits) or most SIRET pass the Luhn check."""
    return _luhn_sum(digits) % 10 == 0


def normalise_siren(text: str) -> str:
    """The 9 digits of a SIREN, from itself, from a SIRET or from a French VAT number's end; raise ``SiretError``."""
    digits = re.sub(r"^(?:siren|FR[0-9A-Z]{2})|[\s.\-\u2010-\u2015:]", "", text.strip(), flags=re.IGNORECASE)
    if not digits:
        raise SiretError("Le SIREN manque : complétez-le (9 chiffres) et relancez l'import.")
    if re.fullmatch(r"[0-9]{13,14}", digits):
        return normalise_siret(digits.zfill(14))[:9]
    if not re.fullmatch(r"[0-9]{7,9}", digits):
        raise SiretError(f"« {text.strip()} » n'est pas un SIREN : il faut 9 chiffres.")
    digits = digits.zfill(9)  # a spreadsheet eats the zeros in front; the key below tells
    if int(digits) == 0 or _luhn_sum(digits) % 10:
        raise SiretError(f"Le SIREN « {text.strip()} » a une clé fausse : vérifiez ses chiffres.")
    return digits


def _key_is_right(digits: str) -> bool:
    if luhn_is_right(digits):
        return True
    return digits.startswith(LA_POSTE_SIREN) and sum(map(int, digits)) % 5 == 0


def _luhn_sum(digits: str) -> int:
    """Every second digit from the right counts double, the digits of a product being added up."""
    odd = sum(int(digit) for digit in digits[-1::-2])
    even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return odd + even
