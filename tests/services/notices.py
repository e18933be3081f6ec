"""Notices written to disk for the services' tests: hand-written ones with other words, numbers and versions."""

from __future__ import annotations

from pathlib import Path

WRITTEN = Path(__file__).parents[1] / "data" / "notices"
EFORMS, TED = "eforms_16_deux_lots.xml", "ted_f02_deux_lots.xml"
EFORMS_ID = "00000000-0000-4000-8000-000000000001"
FOLDER_ID = "00000000-0000-4000-8000-000000000002"


def text(name: str = EFORMS, *changes: tuple[str, str]) -> str:
    """A notice after replacing some of its text; each replacement must find its target."""
    content = (WRITTEN / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in content, f"« {old} » n'est pas dans {name}"
        content = content.replace(old, new)
    return content


def numbered(number: int, *changes: tuple[str, str]) -> str:
    """The eForms notice under another number, of another procedure."""
    others = (
        (EFORMS_ID, f"00000000-0000-4000-8000-{number:012d}"),
        (FOLDER_ID, f"00000000-0000-4000-9000-{number:012d}"),
        (">00000123-2024<", f">{number:08d}-2024<"),
    )
    return text(EFORMS, *others, *changes)


def version(number: str) -> tuple[str, str]:
    return "<cbc:VersionID>01<", f"<cbc:VersionID>{number}<"


def folder(path: Path, **files: str | bytes) -> Path:
    """A folder of XML files by name."""
    path.mkdir(exist_ok=True)
    for name, content in files.items():
        (path / f"{name}.xml").write_bytes(content.encode() if isinstance(content, str) else content)
    return path
