"""Likeness of words: what a firm calls itself against what a lot asks for. TF-IDF, fitted on the firms' names.

A text becomes a short unit vector of numbered words; the likeness of two is their scalar product (``pair.likeness``),
0 without a common word, 1 for the same words. Words that more than a share of the firms carry are no words of the
model: that is part of the definition, and what keeps a ranking by words fast.

Where a lot is says nothing of what it asks for: the names of its place are no words of it ("Nantes Propreté").

Weights: square root of the count x rarity among the firms' names, to unit norm, as float32. Rarities are rounded to
1/4096, so that every machine writes the same model from the same names.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import batched
from typing import Any, NamedTuple

import numpy as np

from matchmaker.domain.errors import InvalidReferenceError
from matchmaker.domain.query import Terms
from matchmaker.domain.reference import Reference
from matchmaker.domain.wording import without, words

FORMAT = b"maillage-text-1"  # raise when the words or the weights of the same text would change
_GRAIN = 4096
_BATCH = 20_000  # texts weighed at once


class TextModelError(ValueError):
    """Le modèle des mots est illisible ou d'une autre version : reconstruisez l'instantané."""


@dataclass(frozen=True, slots=True)
class TextSettings:
    """``max_df``: share of the firms with a name beyond which a word is dropped; ``min_df``: firms below which it is.

    Of a lot, a word of the title counts ``title_weight`` times and only the first ``max_chars`` of the description
    are read.
    """

    max_df: float
    min_df: int
    title_weight: int
    max_chars: int

    def __post_init__(self) -> None:
        if not (0 < self.max_df <= 1 and self.min_df >= 1 and self.title_weight >= 1 and self.max_chars >= 0):
            raise InvalidReferenceError("Paramètres text.* : une part entre 0 et 1 et des nombres positifs attendus.")

    @classmethod
    def of(cls, tables: Reference) -> TextSettings:
        return cls(
            max_df=tables["text.max_df"],
            min_df=tables.integer("text.min_df"),
            title_weight=tables.integer("text.title_weight"),
            max_chars=tables.integer("text.max_chars"),
        )


class Rows(NamedTuple):
    """Terms of many texts: text ``i`` holds ``term[ptr[i]:ptr[i + 1]]``, increasing, and as many weights."""

    ptr: np.ndarray  # i8, one more than texts
    term: np.ndarray  # u4
    weight: np.ndarray  # f4


def firm_text(name: str, trade_name: str, *, open_to_all: bool) -> str:
    """What a firm says of itself; "" for one that opposes diffusion: its words are never used."""
    return f"{name} {trade_name}" if open_to_all else ""


@dataclass(frozen=True)
class TextModel:
    """``vocabulary``: words in alphabetical order, numbered by it; ``rarity`` of each. Immutable."""

    vocabulary: tuple[str, ...]
    rarity: tuple[float, ...]
    settings: TextSettings

    @classmethod
    def fit(cls, texts: Iterable[str], settings: TextSettings) -> TextModel:
        """Learn from the firms' texts, read once; texts without a word count for nothing.

        Memory: about 100 bytes a distinct word, whatever the number of firms.
        """
        firms, seen = 0, Counter[str]()
        for text in texts:
            found = set(words(text))
            firms += bool(found)
            seen.update(found)
        most = settings.max_df * firms
        kept = sorted(word for word, count in seen.items() if settings.min_df <= count <= most)
        counts = np.array([seen[word] for word in kept], dtype=np.float64)
        rarity = np.round((np.log((1 + firms) / (1 + counts)) + 1) * _GRAIN) / _GRAIN
        return cls(tuple(kept), tuple(rarity.tolist()), settings)

    @classmethod
    def empty(cls, settings: TextSettings) -> TextModel:
        """Knows no word: every likeness is 0."""
        return cls((), (), settings)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def terms(self, text: str) -> Terms:
        """A firm's words: their numbers, increasing, and weights of unit norm."""
        return _one(self.rows([text]))

    def lot_terms(self, title: str, description: str, place: str = "") -> Terms:
        """A lot's words: its title counts several times, its description by its beginning, the place's names never."""
        return self.terms(self.lot_text(title, description, place))

    def lot_text(self, title: str, description: str, place: str = "") -> str:
        """What is read of a lot, for :meth:`rows` of many at once."""
        told = " ".join([title] * self.settings.title_weight)
        return without(f"{told} {description[: self.settings.max_chars]}", place)

    def named(self, terms: Terms) -> tuple[str, ...]:
        """The words (roots) behind numbers."""
        return tuple(self.vocabulary[number] for number, _ in terms)

    def rows(self, texts: Iterable[str]) -> Rows:
        """The terms of many texts; each row is exactly :meth:`terms` of its text. Memory follows the answer."""
        parts = [self._weighed(batch) for batch in batched(texts, _BATCH, strict=False)]
        sizes = np.concatenate([[0], *(np.diff(part.ptr) for part in parts)])
        return Rows(
            np.cumsum(sizes, dtype=np.int64),
            np.concatenate([np.empty(0, np.uint32), *(part.term for part in parts)]),
            np.concatenate([np.empty(0, np.float32), *(part.weight for part in parts)]),
        )

    def _weighed(self, texts: Sequence[str]) -> Rows:
        if not self.vocabulary:
            return Rows(np.zeros(len(texts) + 1, np.int64), np.empty(0, np.uint32), np.empty(0, np.float32))
        counter, weigher = self._tools
        counts = counter.transform(texts)
        counts.data = np.sqrt(counts.data.astype(np.float64))
        counts.sort_indices()
        found = weigher.transform(counts, copy=False)
        return Rows(found.indptr.astype(np.int64), found.indices.astype(np.uint32), found.data.astype(np.float32))

    @cached_property
    def _tools(self) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer  # takes a second: when weighing

        counter = CountVectorizer(analyzer=words, vocabulary={word: i for i, word in enumerate(self.vocabulary)})
        weigher = TfidfTransformer()
        weigher.idf_ = np.array(self.rarity)
        return counter, weigher

    # ------------------------------------------------------------ one small file

    @cached_property
    def version(self) -> str:
        """Changes with any word, rarity or setting."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    def to_bytes(self) -> bytes:
        """The whole model: a line with format and checksum, then compressed JSON. Same model, same bytes."""
        told = {
            "settings": asdict(self.settings),
            "words": self.vocabulary,
            "rarity": [round(value * _GRAIN) for value in self.rarity],
        }
        body = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
        return b"%s %s\n" % (FORMAT, hashlib.sha256(body).hexdigest().encode()) + zlib.compress(body, 6)

    @classmethod
    def from_bytes(cls, content: bytes) -> TextModel:
        """Read :meth:`to_bytes`. Raises :class:`TextModelError` when it is damaged or of another format."""
        head, _, packed = content.partition(b"\n")
        try:
            name, checksum = head.split()
            body = zlib.decompress(packed)
        except (ValueError, zlib.error):
            raise TextModelError(TextModelError.__doc__) from None
        if name != FORMAT or hashlib.sha256(body).hexdigest().encode() != checksum:
            raise TextModelError(TextModelError.__doc__)
        told = json.loads(body)
        rarity = tuple(value / _GRAIN for value in told["rarity"])
        return cls(tuple(told["words"]), rarity, TextSettings(**told["settings"]))


def _one(rows: Rows) -> Terms:
    return tuple(zip(rows.term.tolist(), rows.weight.tolist(), strict=True))


def shared(model: TextModel, firm: Terms, lot: Terms) -> tuple[tuple[str, float], ...]:
    """The words a firm and a lot have in common with what each adds to their likeness, heaviest first."""
    wanted = dict(lot)
    found = [(model.vocabulary[number], weight * wanted[number]) for number, weight in firm if number in wanted]
    return tuple(sorted(found, key=lambda item: (-item[1], item[0])))
