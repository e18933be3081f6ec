"""Compiled code kept on disk: what is damaged there is compiled again."""

from __future__ import annotations

import importlib.util
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numba
import pytest

from matchmaker.domain import batch, compiled, kernel, segment
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


def test_the_folder_tells_the_columns_compiled_code_reads_too() -> None:
    """A column that changes its place keeps its type: old code would read another one in its stead."""
    for columns in (batch.Lots, batch.Rules, segment.Rows, segment.Bounds, segment.Words, kernel.Top, kernel.Details):
        assert Path(str(inspect.getsourcefile(columns))).name in compiled.FILES


RACE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import kept_on_disk
from matchmaker.domain.compiled import entry
double = entry(kept_on_disk.double)
while not Path(sys.argv[1], "go").exists():
    pass
print(double(2 if sys.argv[2] == "int" else 2.0 if sys.argv[2] == "float" else 2j))
"""


def test_processes_that_compile_at_once_keep_each_their_own_code(tmp_path: Path) -> None:
    """Whatever order their files are written in, nobody loads the code of other types, and nothing is left aside."""
    (tmp_path / "kept_on_disk.py").write_text("def double(x):\n    return x + x\n")
    told = {"int": "4", "float": "4.0", "complex": "4j"}
    known = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(Path(__file__).parents[2])}
    for _ in ("compiled", "loaded"):
        (tmp_path / "go").unlink(missing_ok=True)
        racing = [
            subprocess.Popen(
                [sys.executable, "-c", RACE, str(tmp_path), kind], env=known, stdout=subprocess.PIPE, text=True
            )
            for kind in told
        ]
        (tmp_path / "go").touch()
        assert [one.communicate()[0].strip() for one in racing] == list(told.values())
    (index,) = (tmp_path / "cache").rglob("*.nbi")
    assert len(list(index.parent.glob("*.nbc"))) == 3
    assert not list(index.parent.glob("*.tmp.*"))


def test_without_a_folder_nothing_is_written_beside_the_sources(tmp_path: Path) -> None:
    (tmp_path / "kept_on_disk.py").write_text("def double(x):\n    return x + x\n")
    (tmp_path / "go").touch()
    bare = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    bare |= {"PYTHONPATH": str(Path(__file__).parents[2])}
    told = subprocess.run(
        [sys.executable, "-c", RACE, str(tmp_path), "int"], env=bare, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "4"
    assert not list(tmp_path.rglob("*.nb?"))
