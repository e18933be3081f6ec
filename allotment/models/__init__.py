"""A buyer's needs, the ways to split them into lots, the clauses of each lot, and its yearly commitment."""

from allotment.models.clause import ClauseChoice, ClauseLog
from allotment.models.commitment import CommitmentEntry, CommitmentTarget
from allotment.models.need import Need, NeedPlace, NeedTrade
from allotment.models.split import Split, SplitLot

__all__ = [
    "ClauseChoice",
    "ClauseLog",
    "CommitmentEntry",
    "CommitmentTarget",
    "Need",
    "NeedPlace",
    "NeedTrade",
    "Split",
    "SplitLot",
]
