"""Compiled code kept on disk: what is damaged there is compiled again."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import numba
import pytest

from matchmaker.domain.compiled import entry

SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda _: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "other bytes": lambda content: os.urandom(len(content)),
}


@pytest.mark.parametrize("ending", ["*.nbi", "*.nbc", "*.nb?"])
@pytest.mark.parametrize("how", SPOILT)
def test_a_damaged_cache_of_compiled_code_is_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, ending: str
) -> None:
    """As a power cut leaves it: otherwise every ranking would fail until someone empties the folder."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "kept_on_disk.py"
    source.write_text("def double(x):\n    return 2.0 * x\n")
    described = importlib.util.spec_from_file_location("kept_on_disk", source)
    assert described and described.loader
    module = importlib.util.module_from_spec(described)
    monkeypatch.setitem(__import__("sys").modules, "kept_on_disk", module)
    described.loader.exec_module(module)
    assert entry(module.double)(3.0) == 6.0
    kept = list((tmp_path / "cache").rglob(ending))
    assert kept
    for path in kept:
        path.write_bytes(SPOILT[how](path.read_bytes()))
    assert entry(module.double)(4.0) == 8.0
    again = entry(module.double)
    assert again(5.0) == 10.0
    assert sum(again.stats.cache_hits.values()) == 1  # mended on disk too
