"""Where the notice tests find their documents: hand-written ones here, real ones beside the repository."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from matchmaker.domain.notice import Notice
from matchmaker.sources.files import RawDocument, iter_documents
from matchmaker.sources.notices import parse_notice

WRITTEN = Path(__file__).parents[1] / "data" / "notices"
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "notices"

needs_real_notices = pytest.mark.skipif(
    not REAL.is_dir(), reason="avis réels absents : ../shared/data/notices n'existe pas à côté du dépôt"
)


def raw(content: str | bytes, name: str = "avis.xml") -> RawDocument:
    """A document in memory."""
    data = content.encode() if isinstance(content, str) else content
    return RawDocument(name, data, hashlib.sha256(data).hexdigest())


def written(name: str, *changes: tuple[str, str]) -> Notice:
    """A hand-written notice, after replacing some of its text; each replacement must find its target."""
    content = (WRITTEN / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in content, f"« {old} » n'est pas dans {name}"
        content = content.replace(old, new)
    return parse_notice(raw(content))


def documents(*parts: str) -> Iterator[RawDocument]:
    """The real documents of one file or folder of notices."""
    for found in iter_documents([REAL.joinpath(*parts)]):
        assert isinstance(found, RawDocument), found
        yield found


@cache
def real(*parts: str) -> dict[str, Notice]:
    """The real notices of one file or folder, by file name without suffix."""
    return {Path(found.name).stem: parse_notice(found) for found in documents(*parts)}
