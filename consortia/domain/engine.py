"""Functions on numbers compiled by numba where it is there, else as plain Python: the same answers."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from types import FunctionType, ModuleType
from typing import Any

COMPILED = find_spec("numba") is not None  # a process may turn it off (settings.NUMBA)


def engine(module: ModuleType) -> Any:
    """The functions of a module that needs no other of ours: numba's cache only watches its file."""
    return _compiled(module) if COMPILED else module


@cache
def _compiled(module: ModuleType) -> Any:
    """The same functions, each compiled with the others; those with an underscore are only called by them."""
    from matchmaker.domain.compiled import entry, inner

    space = dict(vars(module))
    names = [name for name, one in space.items() if isinstance(one, FunctionType)]
    for name in names:
        twin = FunctionType(space[name].__code__, space, name)
        space[name] = inner(twin) if name.startswith("_") else entry(twin)
    return type("Engine", (), {name: staticmethod(space[name]) for name in names if not name.startswith("_")})
