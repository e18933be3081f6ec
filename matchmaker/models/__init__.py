"""Tables of the matchmaker, one concept a file."""

from matchmaker.models.award import Award, AwardHolder
from matchmaker.models.change import PendingChange
from matchmaker.models.directory import Directory, DirectoryRow
from matchmaker.models.firm import Firm
from matchmaker.models.imports import ImportRun, QuarantineItem, RawDocument, SourceState
from matchmaker.models.linkage import LinkIndex, LinkName
from matchmaker.models.match import Match, MatchNews, Run
from matchmaker.models.notice import Buyer, Lot, Publication, Tender
from matchmaker.models.quality import BacktestReport
from matchmaker.models.reference import Nomenclature, ReferenceRow
from matchmaker.models.register import RegisterEntry
from matchmaker.models.supply import SupplyCell, SupplyState, SupplyTotal

__all__ = [
    "Award",
    "AwardHolder",
    "BacktestReport",
    "Buyer",
    "Directory",
    "DirectoryRow",
    "Firm",
    "ImportRun",
    "LinkIndex",
    "LinkName",
    "Lot",
    "Match",
    "MatchNews",
    "Nomenclature",
    "PendingChange",
    "Publication",
    "QuarantineItem",
    "RawDocument",
    "ReferenceRow",
    "RegisterEntry",
    "Run",
    "SourceState",
    "SupplyCell",
    "SupplyState",
    "SupplyTotal",
    "Tender",
]
