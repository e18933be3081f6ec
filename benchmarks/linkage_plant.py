"""Planted truth: establishments of the index asked for as people miswrite them, one way at a time."""

from __future__ import annotations

import random
import string
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from benchmarks.linkage_truth import Asked, Said, share
from matchmaker.domain.naming import Lexicon, plain, understood, variants

_SHORT = {
    "ASSOCIATION": "ASSOC", "SAINT": "ST", "SAINTE": "STE", "ETABLISSEMENTS": "ETS", "ENTREPRISE": "ENTR",
    "SOCIETE": "STE", "SYNDICAT": "SYND", "CENTRE": "CTRE", "FEDERATION": "FED", "GROUPEMENT": "GPT",
    "TRAVAUX": "TRVX", "BATIMENT": "BAT", "CONSTRUCTION": "CONST", "DEPARTEMENTAL": "DEPT", "TRANSPORTS": "TRANS",
    "COMMUNAUTE": "CTE", "SERVICES": "SCES", "SERVICE": "SCE", "COMPAGNIE": "CIE", "FRANCE": "FR",
}  # fmt: skip
_ADDED = ("SARL {}", "{} SAS", "SAS {}", "Association {}", "{} (SARL)", "Sté {}", "Ets {}", "{} SA", "SCOP {}")


@dataclass(frozen=True, slots=True)
class Held:
    """An establishment as the index holds it."""

    siret: str
    name: str
    trade_name: str
    postcode: str
    city: str
    commune: str
    departement: str
    neighbours: tuple[tuple[str, str], ...]  # (postcode, name) of communes near by
    homonyms: int  # other legal units of that very name


def upper(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", name.upper()) if not unicodedata.combining(c))


def misspelt(name: str, rng: random.Random) -> str:
    """One letter added, dropped, changed or swapped in a word of four letters or more."""
    words = name.split()
    long = [at for at, word in enumerate(words) if len(word) > 3]
    if not long:
        return ""
    at = rng.choice(long)
    word, place = words[at], rng.randrange(1, len(words[at]) - 1)
    letter = rng.choice(string.ascii_uppercase if word.isupper() else string.ascii_lowercase)
    words[at] = rng.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + letter + word[place:],
            word[:place] + letter + word[place + 1 :],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        )
    )
    return " ".join(words)


def _fewer(name: str, rng: random.Random, words: Lexicon) -> str:
    said = name.split()
    strong = [at for at, word in enumerate(said) if len(word) > 2 and understood(word, words).form == ""]
    if len(strong) < 3:
        return ""
    del said[rng.choice(strong)]
    return " ".join(said)


def _sigle(name: str, words: Lexicon) -> str:
    first = variants(name)[0]
    found = understood(first, words).initials
    good = found and found[0].isalpha() and len(found[0]) < 6 and not first.upper().startswith(("COMMUNE", "MAIRIE"))
    return ".".join(found[0].upper()) + "." if good else ""


def _short(name: str) -> str:
    said = " ".join(_SHORT.get(upper(word), word) for word in name.split())
    return said if said != name else ""


def _turned(name: str) -> str:
    words = name.split()
    return " ".join([*words[1:], words[0]]) if len(words) > 1 else ""


def _glued(name: str) -> str:
    words = name.split()
    return "".join(words[:2]) + " " + " ".join(words[2:]) if len(words) > 1 and len(words[0]) > 2 else ""


def _cut(name: str) -> str:
    return name[: max(18, len(name) * 2 // 3)] if len(name) > 24 else ""


def planted(held: list[Held], words: Lexicon, each: int, seed: int = 5) -> Iterator[Asked]:
    """Up to ``each`` questions a way of miswriting, by another draw of establishments each."""
    here = lambda h: Said("planté", postcode=h.postcode, city=h.city)  # noqa: E731
    rng = random.Random(seed)
    near = lambda h: rng.choice(h.neighbours)  # noqa: E731

    def moved(h: Held) -> Said:
        code, town = near(h)
        return Said("planté", h.name, postcode=code, city=town)

    ways: dict[str, Callable[[Held], Said]] = {
        "majuscules sans accents": lambda h: replace(here(h), name=upper(h.name)),
        "une faute": lambda h: replace(here(h), name=misspelt(h.name, rng)),
        "deux fautes": lambda h: replace(here(h), name=misspelt(misspelt(h.name, rng), rng)),
        "sigle": lambda h: replace(here(h), name=_sigle(h.name, words)),
        "nom commercial": lambda h: replace(here(h), name=h.trade_name),
        "commune voisine": lambda h: moved(h) if h.neighbours else Said("planté"),
        "tronqué": lambda h: replace(here(h), name=_cut(h.name)),
        "mot omis": lambda h: replace(here(h), name=_fewer(h.name, rng, words)),
        "mots inversés": lambda h: replace(here(h), name=_turned(h.name)),
        "mots collés": lambda h: replace(here(h), name=_glued(h.name)),
        "abrégé": lambda h: replace(here(h), name=_short(h.name)),
        "forme ajoutée": lambda h: replace(here(h), name=rng.choice(_ADDED).format(h.name)),
        "homonymes ailleurs": lambda h: replace(here(h), name=h.name if h.homonyms else ""),
        "commune sans code postal": lambda h: Said("planté", h.name, city=h.city),
        "code postal sans commune": lambda h: Said("planté", h.name, postcode=h.postcode),
        "département seul": lambda h: Said("planté", h.name, departement=h.departement),
        "sans lieu": lambda h: Said("planté", h.name),
    }
    for kind, way in ways.items():
        yield from _some(kind, way, held, each, random.Random(f"{seed} {kind}"))
    yield from _strangers(held, each, random.Random(f"{seed} absent"))


def _some(kind: str, way: Callable[[Held], Said], held: list[Held], each: int, rng: random.Random) -> Iterator[Asked]:
    done = 0
    for one in rng.sample(held, len(held)):
        said = way(one)
        if plain(said.name) and one.departement:
            yield Asked(kind, one.siret, said, real=False, same=plain(said.name) == plain(one.name))
            done += 1
            if done == each:
                return


def _strangers(held: list[Held], each: int, rng: random.Random) -> Iterator[Asked]:
    """Organisations the index does not hold, named after two that it does and set in the town of one."""
    drawn = rng.sample(held, min(len(held), 2 * each))
    for one, other in zip(drawn[::2], drawn[1::2], strict=True):
        mine, theirs = one.name.split(), other.name.split()
        if len(mine) < 2 or not theirs:
            continue
        longest = max(range(len(mine)), key=lambda at: len(mine[at]))
        mine[longest] = max(theirs, key=len)
        name = " ".join(mine)
        if plain(name) != plain(one.name):
            unknown = f"{int(share(one.siret) * 1e9):09d}00000"
            yield Asked("absente, nom voisin", unknown, Said("planté", name, postcode=one.postcode, city=one.city),
                        real=False, absent=True)  # fmt: skip
