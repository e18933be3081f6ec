"""A buyer's needs, the ways to split them into lots, and the clauses of each lot."""

from allotment.models.clause import ClauseChoice, ClauseLog
from allotment.models.need import Need, NeedPlace, NeedTrade
from allotment.models.split import Split, SplitLot

__all__ = ["ClauseChoice", "ClauseLog", "Need", "NeedPlace", "NeedTrade", "Split", "SplitLot"]
