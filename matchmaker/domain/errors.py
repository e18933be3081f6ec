"""Errors of reference tables, where every room of the domain can raise them."""

from __future__ import annotations


class InvalidReferenceError(ValueError):
    """Une table de référence est incohérente ; corrigez la ligne nommée dans le message."""
