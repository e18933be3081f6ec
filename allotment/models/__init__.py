"""A buyer's needs and the ways to split them into lots."""

from allotment.models.need import Need, NeedPlace, NeedTrade
from allotment.models.split import Split, SplitLot

__all__ = ["Need", "NeedPlace", "NeedTrade", "Split", "SplitLot"]
