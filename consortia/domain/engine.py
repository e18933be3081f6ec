"""The search compiled by numba where it is there, else as plain Python: the same answers."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from types import FunctionType
from typing import Any

from consortia.domain import tree

COMPILED = find_spec("numba") is not None  # a process may turn it off (settings.NUMBA)


def engine() -> Any:
    """The functions of ``tree``."""
    return _compiled() if COMPILED else tree


@cache
def _compiled() -> Any:
    """The same functions, each compiled with the others; those with an underscore are only called by them."""
    from matchmaker.domain.compiled import entry, inner

    functions = {name: one for name, one in vars(tree).items() if isinstance(one, FunctionType)}
    space = dict(vars(tree))
    for name, function in functions.items():
        twin = FunctionType(function.__code__, space, name)
        space[name] = inner(twin) if name.startswith("_") else entry(twin)
    return type("Engine", (), {name: staticmethod(space[name]) for name in functions if not name.startswith("_")})
