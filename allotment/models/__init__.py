"""A buyer's needs: the ways to split them, the clauses of each lot, the consultation on them; its yearly commitment."""

from allotment.models.clause import ClauseChoice, ClauseLog
from allotment.models.commitment import CommitmentEntry, CommitmentTarget
from allotment.models.consultation import BuyerWord, Consultation, Contribution, Interest, ModerationDecision
from allotment.models.need import Need, NeedPlace, NeedTrade
from allotment.models.split import Split, SplitLot

__all__ = [
    "BuyerWord",
    "ClauseChoice",
    "ClauseLog",
    "CommitmentEntry",
    "CommitmentTarget",
    "Consultation",
    "Contribution",
    "Interest",
    "ModerationDecision",
    "Need",
    "NeedPlace",
    "NeedTrade",
    "Split",
    "SplitLot",
]
