"""SIRET numbers that pass the Luhn key and belong to nobody."""

from __future__ import annotations

# INSEE allots SIREN upwards and the demo counts down from the very top of the last block, so that
# both meet last. Public bodies never start with 9: a demo buyer cannot be taken for a real one.
BLOCK = "999"
TOP = 99_999_999
BLOCK_SIZE = 100_000
BUYERS = 5_000  # the first numbers of the block, kept for buyers


def luhn_sum(digits: str) -> int:
    total = 0
    for rank, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if rank % 2 else 1)
        total += value - 9 if value > 9 else value
    return total


def is_luhn(digits: str) -> bool:
    return digits.isdigit() and luhn_sum(digits) % 10 == 0


def with_key(body: str) -> str:
    """The number completed by the last digit that makes its Luhn sum a multiple of ten."""
    return f"{body}{-luhn_sum(body + '0') % 10}"


def siret(rank: int, establishment: int) -> str:
    """The SIRET of the ``rank``-th fictitious legal unit and of its n-th establishment (from 1)."""
    return with_key(f"{with_key(str(TOP - rank))}{establishment:04d}")


def buyer_siret(rank: int) -> str:
    if not 0 <= rank < BUYERS:
        raise ValueError(f"Au plus {BUYERS} acheteurs fictifs.")
    return siret(rank, 1)


def firm_siret(rank: int, establishment: int = 1) -> str:
    """Past the end of the block, numbers go on as further establishments of the same legal units."""
    units = BLOCK_SIZE - BUYERS
    return siret(BUYERS + rank % units, establishment + 10 * (rank // units))
