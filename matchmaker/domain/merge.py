"""Partial answers on their way between machines, and their exact merging into the whole answer.

Firms are split by place: each is wholly in one shard. The best k of all are therefore among the best k of each shard,
whatever is counted adds up, and nothing is computed anew: values are moved, never changed, so that the whole is the
answer of a single process bit for bit.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import numpy as np

from matchmaker.domain.answers import Answers, merged

_CHECKSUM = hashlib.sha256
_SIZE = _CHECKSUM().digest_size


class DamagedPartError(ValueError):
    """Un résultat partiel est abîmé : il sera recalculé."""


def merge(parts: Sequence[Answers], k: int) -> Answers:
    """The whole answer from those of shards that partition the firms, for the same lots in the same order."""
    return parts[0] if len(parts) == 1 else merged(parts, k)


def chosen(answers: Answers, lots: Sequence[bool]) -> Answers:
    """The answers of some of the lots."""
    if all(lots):
        return answers
    kept = np.array(lots, bool)
    rows = kept[answers.lot]
    columns = {name: getattr(answers, name)[rows] for name in Answers._fields[1:9]}
    ptr = np.concatenate([[0], np.cumsum(np.diff(answers.ptr)[kept])])
    return Answers(ptr, **columns, supply=answers.supply[kept], solo_supply=answers.solo_supply[kept])


def packed(part: Answers) -> bytes:
    """Bytes that tell by themselves whether they are whole. The same answers give the same bytes."""
    out = io.BytesIO()
    for column in part:
        np.save(out, column, allow_pickle=False)
    return _CHECKSUM(out.getbuffer()).digest() + out.getvalue()


def unpacked(content: bytes) -> Answers:
    """Raises :class:`DamagedPartError` when a bit is wrong or missing."""
    body = memoryview(content)[_SIZE:]
    if _CHECKSUM(body).digest() != content[:_SIZE]:
        raise DamagedPartError(DamagedPartError.__doc__)
    file = io.BytesIO(body)
    return Answers(*(np.load(file, allow_pickle=False) for _ in Answers._fields))
