"""Which proposals to pursue together, no firm beyond its capacity: exact where possible, always with a proven bound."""

from consortia.domain.portfolio.choose import Progress, choose
from consortia.domain.portfolio.limits import exclusive_limits, lot_limits
from consortia.domain.portfolio.model import Column, Limit, Part, Plan, Portfolio, PortfolioError, broken

__all__ = [
    "Column",
    "Limit",
    "Part",
    "Plan",
    "Portfolio",
    "PortfolioError",
    "Progress",
    "broken",
    "choose",
    "exclusive_limits",
    "lot_limits",
]
