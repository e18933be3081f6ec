"""Tables of the matchmaker, one concept a file."""

from matchmaker.models.firm import Firm
from matchmaker.models.imports import ImportRun, QuarantineItem, RawDocument
from matchmaker.models.match import Match, Run
from matchmaker.models.notice import Buyer, Lot, Tender
from matchmaker.models.reference import ReferenceRow

__all__ = [
    "Buyer",
    "Firm",
    "ImportRun",
    "Lot",
    "Match",
    "QuarantineItem",
    "RawDocument",
    "ReferenceRow",
    "Run",
    "Tender",
]
