"""Publications sorted into procedures: by the names they share, else by what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz import fuzz

from geo.domain.codes import search_name
from matchmaker.domain.names import buyer_names, deadline_day
from matchmaker.domain.notice import UNKNOWN_BUYER, Buyer, Notice, NoticeKind

SAME_TITLE = 90.0  # of 100, on words in any order
LIKE_TITLE = 60.0  # enough where the codes of all lots agree as well
SAME_WORD = 80.0
MOST_DAYS_APART = 21  # between two publications of one call

_LITTLE_WORDS = frozenset(
    (
        "a",
        "au",
        "aux",
        "d",
        "de",
        "des",
        "du",
        "en",
        "et",
        "l",
        "la",
        "le",
        "les",
        "n",
        "ou",
        "par",
        "pour",
        "sur",
        "un",
        "une",
    )
)
_INSTITUTIONS = """
    acheteur administration agence agglomeration assistance association autonome centrale centre chambre
    collectivite comite commande commandes commerce communal communale communaute commune communes conseil
    consortium cooperation departement departemental departementale departementaux developpement direction
    directions ecole enseignement environnement equipement etablissement etablissements etat francais francaise
    france general generale gestion groupe groupement habitat hlm hopital hopitaux hospitalier hospitaliere
    hospitaliers industrie institut intercommunal intercommunale interdepartemental international local locale
    lycee mairie metropole metropolitain metropolitaine ministere mixte mutualise national nationale office
    organisme ouvrages pays pole prefecture public publics publique publiques rectorat regie region regional
    regionale regionaux saint sainte saints sante secours secretariat service services sivom social sociale
    societe superieur syndicat technique technologie territoire territoires territorial territoriale transport
    transports union unite universitaire universite urbain urbaine vallee ville villes
"""
_ANY_BUYER = frozenset(_INSTITUTIONS.split())  # words that many buyers bear in their names
_NOBODY = {search_name(UNKNOWN_BUYER)}
_FOLLOW_UPS = (NoticeKind.AWARD, NoticeKind.MODIFICATION, NoticeKind.CORRECTION)
_BEFORE = (NoticeKind.PRIOR_INFORMATION, NoticeKind.OTHER)


@dataclass(frozen=True, slots=True)
class Card:
    """What of a publication tells which procedure it belongs to."""

    key: str
    source: str
    kind: NoticeKind
    names: frozenset[str]
    refers: frozenset[str] = frozenset()
    meets: frozenset[str] = frozenset()
    buyer: Buyer | None = None  # None: not known


type Alike = Callable[[str, str], float]  # two keys -> 0 (no) to 100


def likeness(one: Notice, other: Notice) -> float:
    """How surely two calls of different sources are one procedure: 0, or how near their titles are."""
    if one.source == other.source or not _one_buyer(one.buyer, other.buyer):
        return 0.0
    if deadline_day(one) is None or deadline_day(one) != deadline_day(other):
        return 0.0
    days = [notice.published_on or notice.dispatched_on for notice in (one, other)]
    if days[0] and days[1] and abs((days[0] - days[1]).days) > MOST_DAYS_APART:
        return 0.0
    title, other_title = search_name(one.title), search_name(other.title)
    if _told_apart(title, other_title):
        return 0.0
    titles = fuzz.token_sort_ratio(title, other_title)
    enough = LIKE_TITLE if _codes(one) == _codes(other) else SAME_TITLE
    return titles if titles >= enough else 0.0


def _one_buyer(one: Buyer, other: Buyer) -> bool:
    """By the SIREN where both have one; else by the name, in one département as far as the postcodes tell."""
    if one.national_id and other.national_id:
        return one.national_id[:9] == other.national_id[:9]
    postcodes = one.place.postcode, other.place.postcode
    near = not all(postcodes) or postcodes[0][:2] == postcodes[1][:2]
    return near and not set(buyer_names(one)).isdisjoint(buyer_names(other))


def _other_buyer(one: Buyer | None, other: Buyer | None) -> bool:
    """Whether two buyers are surely not one: both known, and neither SIREN, name nor a word of their own in common.

    A group of buyers, or a town become a métropole, keeps such a word.
    """
    ours, theirs = (set(buyer_names(buyer)) - _NOBODY if buyer else set() for buyer in (one, other))
    if not (one and other and ours and theirs):
        return False
    return ours.isdisjoint(theirs) and _own_words(one.name).isdisjoint(_own_words(other.name))


def _own_words(name: str) -> set[str]:
    return {word for word in search_name(name).split() if len(word) >= 4 and word.isalpha()} - _ANY_BUYER


def _told_apart(one: str, other: str) -> bool:
    """Whether each title has a word that the other lacks: "école Jules Ferry", "école Victor Hugo"."""
    ours, theirs = (set(title.split()) - _LITTLE_WORDS for title in (one, other))
    return _has_own(ours, theirs) and _has_own(theirs, ours)


def _has_own(words: set[str], others: set[str]) -> bool:
    return any(not any(_one_word(word, other) for other in others) for word in words - others)


def _one_word(one: str, other: str) -> bool:
    """Spelled almost alike, or of one family ("commune", "communaux"); figures never are."""
    if not (one + other).isalpha():
        return False
    family = min(len(one), len(other)) >= 5 and one[:5] == other[:5]
    return family or fuzz.ratio(one, other) >= SAME_WORD


def _codes(notice: Notice) -> list[str]:
    """The main code of each lot."""
    return sorted(lot.cpvs[0] if lot.cpvs else "" for lot in notice.lots)


def procedures(cards: Collection[Card], alike: Alike) -> list[list[str]]:
    """The keys of the cards, sorted into procedures. The order of the cards changes nothing.

    A reference to another buyer's notice counts for nothing. A prior information joins the one call that refers to
    it, a follow-up the one procedure that it refers to; with several they stand alone. Twins join the likest pair
    first, and may make one of what was several.
    """
    sets = _Sets(card.key for card in cards)
    named: defaultdict[str, list[Card]] = defaultdict(list)
    for card in cards:
        for name in card.names:
            named[name].append(card)
    for holders in named.values():
        sets.join(card.key for card in holders)
    only_before = _groups_before(sets, cards)
    cited = _cited(sets, cards, named, only_before)
    lost = [card for card in cards if card.kind in _FOLLOW_UPS and sets.root(card.key) not in cited]
    _join_cited(sets, cited)
    _join_absent(sets, lost, named)
    _join_prior(sets, cards, named, only_before)
    _join_twins(sets, cards, alike)
    _join_cited(sets, cited)
    return sets.all()


def _groups_before(sets: _Sets, cards: Collection[Card]) -> set[str]:
    """The cards of groups that hold nothing but announcements of calls to come."""
    later = {sets.root(card.key) for card in cards if card.kind not in _BEFORE}
    return {card.key for card in cards if sets.root(card.key) not in later}


def _cited(
    sets: _Sets, cards: Collection[Card], named: dict[str, list[Card]], only_before: set[str]
) -> dict[str, set[str]]:
    """For each group that shares names, the cards outside it that it refers to."""
    cited: defaultdict[str, set[str]] = defaultdict(set)
    for card in cards:
        root = sets.root(card.key)
        for name in card.refers:
            targets = named.get(name, ())
            if any(target.key in only_before for target in targets):
                continue
            cited[root] |= {
                target.key
                for target in targets
                if sets.root(target.key) != root and not _other_buyer(card.buyer, target.buyer)
            }
    return {root: targets for root, targets in cited.items() if targets}


def _join_cited(sets: _Sets, cited: dict[str, set[str]]) -> None:
    """Those that refer to one procedure only; as joining makes one of several, until nothing joins any more."""
    left = dict(cited)
    while ready := [root for root, targets in left.items() if len({sets.root(target) for target in targets}) == 1]:
        for root in ready:
            sets.join([root, *left.pop(root)])


def _join_absent(sets: _Sets, lost: Iterable[Card], named: dict[str, list[Card]]) -> None:
    """Follow-ups that refer only to a call that we do not have are of one procedure, where their buyer is one."""
    referring: defaultdict[str, list[Card]] = defaultdict(list)
    for card in lost:
        for name in card.refers - named.keys():
            referring[name].append(card)
    for holders in referring.values():
        for one, other in combinations(holders, 2):
            if not _other_buyer(one.buyer, other.buyer):
                sets.join((one.key, other.key))


def _join_prior(sets: _Sets, cards: Collection[Card], named: dict[str, list[Card]], only_before: set[str]) -> None:
    callers: defaultdict[str, set[str]] = defaultdict(set)
    for card in cards:
        for name in card.refers:
            for target in named.get(name, ()):
                if target.key not in only_before or _other_buyer(card.buyer, target.buyer):
                    continue
                if sets.root(target.key) != sets.root(card.key):
                    callers[sets.root(target.key)].add(sets.root(card.key))
    for prior, roots in sorted(callers.items()):
        if len(roots) == 1:
            sets.join([prior, *roots])


def _join_twins(sets: _Sets, cards: Collection[Card], alike: Alike) -> None:
    """The likest pairs first; a procedure takes in no second one of a source it already has."""
    met: defaultdict[str, list[Card]] = defaultdict(list)
    for card in cards:
        for point in card.meets:
            met[point].append(card)
    pairs = {
        (min(a.key, b.key), max(a.key, b.key))
        for holders in met.values()
        for a, b in combinations(holders, 2)
        if a.source != b.source and sets.root(a.key) != sets.root(b.key)
    }
    likely = sorted((-alike(*pair), pair) for pair in pairs)
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for card in cards:
        sources[sets.root(card.key)].add(card.source)
    for score, (a, b) in likely:
        one, other = sets.root(a), sets.root(b)
        if score < 0 and one != other and not sources[one] & sources[other]:
            both = sources[one] | sources[other]
            sets.join((a, b))
            sources[sets.root(a)] = both


class _Sets:
    """Disjoint sets of keys; the smallest key stands for its set, so that nothing depends on order."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.parent = {key: key for key in keys}

    def root(self, key: str) -> str:
        while self.parent[key] != key:
            self.parent[key] = self.parent[self.parent[key]]
            key = self.parent[key]
        return key

    def join(self, keys: Iterable[str]) -> None:
        roots = sorted({self.root(key) for key in keys})
        for root in roots[1:]:
            self.parent[root] = roots[0]

    def all(self) -> list[list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for key in sorted(self.parent):
            found[self.root(key)].append(key)
        return list(found.values())
