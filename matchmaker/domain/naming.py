"""Names of French organisations, reduced to what tells one from another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_LOST = "\ufffd"  # an accent lost by an earlier conversion: nearly always a lost é
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}(?:[a-z]\b)?")
_BRACKETS = re.compile(r"\(([^()]{2,})\)?")
_OTHER = re.compile(r"[^a-z0-9]+")
_PLURAL = re.compile(r"(?<=...)[sx]+$")
_SMALL = frozenset(re.findall(r"\w+", "l d a et de du des la le les au aux en sur sous par pour un une"))
_SIGLE = range(2, 8)  # letters of a sigle


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What people abbreviate, and what says nothing of who is meant (reference_data/name_lexicon.csv)."""

    words: Mapping[str, str]
    forms: Mapping[str, str]  # legal form as written -> family
    noise: frozenset[str]
    phrases: Mapping[str, str]
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)
    starts: frozenset[str] = field(init=False, repr=False, compare=False)  # first words of phrases: few names have one

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", frozenset(phrase.split()[0] for phrase in self.phrases))
        longest_first = sorted(self.phrases, key=lambda phrase: (-len(phrase), phrase))
        alternatives = "|".join(map(re.escape, longest_first)) or r"(?!)"
        object.__setattr__(self, "pattern", re.compile(rf"\b(?:{alternatives})\b"))


def lexicon(rows: Iterable[Mapping[str, str]]) -> Lexicon:
    """From the table's rows (kind, written, meant); words are compared in the singular."""
    by_kind: dict[str, dict[str, str]] = {"word": {}, "form": {}, "noise": {}, "phrase": {}}
    for row in rows:
        meant = row["meant"] if row["kind"] == "form" else _singular(row["meant"])
        by_kind[row["kind"]][" ".join(map(_singular, row["written"].split()))] = meant
    return Lexicon(by_kind["word"], by_kind["form"], frozenset(by_kind["noise"]), by_kind["phrase"])


@dataclass(frozen=True, slots=True)
class Name:
    """``tokens`` tell who it is; ``form`` is the family of the legal form written beside; ``initials`` of all words.

    ``written`` is the name as it was said, in small letters: it tells "SCI Dupont" from "Dupont".
    """

    tokens: tuple[str, ...]
    form: str = ""
    initials: tuple[str, ...] = ()
    written: str = ""

    @property
    def core(self) -> str:
        return " ".join(self.tokens)

    @property
    def joined(self) -> str:
        return "".join(self.tokens)


def plain(text: str) -> str:
    """Small letters and digits, single spaces; "A.D.M.R." and "A D M R" become "admr".

    >>> plain("Sté  d'Électricité & Cie (A.D.M.R.)")
    'ste d electricite et cie admr'
    """
    text = text.lower().replace(_LOST, "e").replace("œ", "oe").replace("æ", "ae").replace("&", " et ")
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    if "." in text:
        text = _DOTTED.sub(lambda found: found[0].replace(".", "") + " ", text)
    return _gather_initials(_OTHER.sub(" ", text).split())


def _gather_initials(words: list[str]) -> str:
    """Runs of single letters are one sigle, unless they are but elided articles ("mob d emploi")."""
    if all(len(word) > 1 or word.isdigit() for word in words):
        return " ".join(words)
    out: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1 and word.isalpha():
            run.append(word)
            continue
        out.extend(["".join(run)] if len(run) > 1 and not _SMALL.issuperset(run) else run)
        run = []
        if word:
            out.append(word)
    return " ".join(out)


def variants(*texts: str) -> tuple[str, ...]:
    """The names one cell may hold: "ELEC ET COMPAGNIE (DURET SERVICES)" holds two. No repeats, order kept."""
    found: list[str] = []
    for text in texts:
        inside = _BRACKETS.findall(text)
        outside = _BRACKETS.sub(" ", text)
        found.extend([outside, *inside] if inside else [text])
    return tuple(dict.fromkeys(" ".join(name.split()) for name in found if name.strip()))


def understood(text: str, words: Lexicon) -> Name:
    """A name reduced: abbreviations written out, known phrases as their sigle, legal form and noise words apart.

    A name of nothing but such words keeps them: "La Maison" is a name.
    """
    simple = plain(text)
    form, tokens = _reduced(simple, words)
    while any(len(word) == 1 for word in tokens) or _holds_phrase(tokens, words):
        again = _reduced(plain(" ".join(tokens)), words)[1]  # what noise kept apart may be a phrase or a sigle
        if again == tokens:
            break
        tokens = again
    return Name(tokens, form, _initials(simple.split(), words), simple)


def _reduced(simple: str, words: Lexicon) -> tuple[str, tuple[str, ...]]:
    single = [_singular(word) for word in simple.split()]
    if _holds_phrase(single, words):
        single = words.pattern.sub(lambda m: words.phrases[m[0]], " ".join(single)).split()
    spoken = [words.words.get(word, word) for word in single]
    if len(spoken) > 1 and simple.startswith("ste "):
        spoken[0] = "societe"  # "STE GENERALE" in front of a name, "FOYER STE ANNE" inside
    form = next((words.forms[word] for word in spoken if word in words.forms), "")
    kept = [word for word in spoken if word not in words.forms and word not in words.noise]
    return form, tuple(dict.fromkeys(kept or spoken))


def _holds_phrase(tokens: Sequence[str], words: Lexicon) -> bool:
    return not words.starts.isdisjoint(tokens) and words.pattern.search(" ".join(tokens)) is not None


def _singular(word: str) -> str:
    return _PLURAL.sub("", word) if word[-1:] in ("s", "x") else word


def _initials(words: list[str], known: Lexicon) -> tuple[str, ...]:
    """Sigles the words may make: of the words that count, and of all but the legal form."""
    named = [word for word in words if known.words.get(word, word) not in known.forms or word == "association"]
    every = "".join(word[0] for word in named)
    strong = "".join(word[0] for word in named if word not in _SMALL)
    return tuple(dict.fromkeys(sigle for sigle in (strong, every) if len(sigle) > 2 and len(sigle) in _SIGLE))


def is_sigle(name: Name) -> bool:
    """One short word of letters may stand for several."""
    return len(name.tokens) == 1 and name.tokens[0].isalpha() and len(name.tokens[0]) in _SIGLE
