"""From codes to trades: which trades a lot asks for, which a firm can do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from geo.domain.codes import search_name
from matchmaker.domain.reference import Reference, Trade
from matchmaker.domain.wording import words


@dataclass(frozen=True, slots=True)
class LotTrade:
    """One need of a lot, ``share`` 0..1 of its amount.

    ``options`` are the trades any of which can meet it, each with the confidence 0..1 of the CPV
    match; ``trade`` names the need by its first option. ``by_words``: no code named it, the title's words did.
    """

    options: tuple[tuple[str, float], ...]
    share: float
    by_words: bool = False

    @property
    def trade(self) -> str:
        return self.options[0][0]

    @property
    def fit(self) -> float:
        return max(fit for _, fit in self.options)


@dataclass(frozen=True, slots=True)
class FirmTrades:
    """Trades of a firm, main first, how they are known ("declared", "naf", "name", "kind", "none"), and the trust."""

    trades: tuple[str, ...]
    source: str
    trust: float


def match_length(cpv: str, trade_cpv: str) -> int:
    """How closely a lot's CPV meets a trade's: 8 identical, 7 inside the trade's class, else common digits.

    >>> match_length("45442100", "45442100"), match_length("77314000", "77310000")
    (8, 7)
    """
    if cpv == trade_cpv:
        return 8
    stem = trade_cpv.rstrip("0")
    if len(stem) >= 4 and cpv.startswith(stem):
        return 7
    common = 0
    while common < 8 and cpv[common] == trade_cpv[common]:
        common += 1
    return min(common, 6)


def trades_of_cpv(cpv: str, reference: Reference) -> dict[str, float]:
    """Trades with the longest match for one CPV code, each with its confidence; {} below 2 digits.

    A code that names a whole work (table "whole_work": a school) says little of the trade: buyers put it on every lot
    of the work. Its own trades come first, then all those of its row, equal and none sure enough to be precise.
    """
    best = 0
    found: dict[str, int] = {}
    for trade in reference.trades.values():
        length = max((match_length(cpv, code) for code in trade.cpvs), default=0)
        if length > best:
            best, found = length, {}
        if length == best:
            found[trade.code] = length
    if best < 2:
        return {}
    if others := _whole_work(cpv, best, reference):
        return dict.fromkeys((*found, *others), reference["cpv.whole_work"])
    return {code: reference[f"cpv.match_{length}"] for code, length in found.items()}


def _whole_work(cpv: str, best: int, reference: Reference) -> tuple[str, ...]:
    """Trades of the whole work a code names; () when it names none, or a trade knows the code better."""
    for code, trades in reference.whole_works.items():
        if max(7, best) <= match_length(cpv, code):
            return tuple(trade for trade in trades if trade in reference.trades)
    return ()


def trades_of_words(title: str, cpvs: Collection[str], reference: Reference) -> tuple[str, ...]:
    """Trades a lot's title speaks of (table "lot_word"): every word of a phrase, in any order and inflection.

    A phrase inside another one found says nothing ("nettoyage" in "nettoyage de vitres"). Only trades of the
    divisions of the lot's codes, when it has any: a word never contradicts a code ("assurance de la flotte auto").
    () when the title speaks of more than ``text.max_trades``.
    """
    told = set(words(title))
    found = [phrase for phrase in reference.lot_words if phrase <= told]
    divisions = {cpv[:2] for cpv in cpvs}
    trades = {
        code: None
        for phrase in found
        if not any(phrase < other for other in found)
        for code in reference.lot_words[phrase]
        if code in reference.trades
        and (not divisions or any(cpv[:2] in divisions for cpv in reference.trades[code].cpvs))
    }
    return tuple(sorted(trades)) if len(trades) <= reference.integer("text.max_trades") else ()


def lot_trades(cpvs: Iterable[str], reference: Reference, title: str = "") -> tuple[LotTrade, ...]:
    """The needs of a lot: those its CPV codes name; where none is precise, the trades its title speaks of.

    These are options of one need, as sure as ``text.trade_fit`` says: less than any precise code.
    """
    cpvs = tuple(cpvs)
    needs = _coded_trades(cpvs, reference)
    if not title or any(need.fit >= reference["cpv.match_4"] for need in needs):
        return needs
    trades = trades_of_words(title, cpvs, reference)
    fit = reference["text.trade_fit"]
    return (LotTrade(tuple((code, fit) for code in trades), 1.0, by_words=True),) if trades else needs


def _coded_trades(cpvs: Iterable[str], reference: Reference) -> tuple[LotTrade, ...]:
    """The needs of a lot by its codes, main first; the first CPV is the main one.

    A CPV that meets several trades alike opens one need with options. Vague needs (under 4 digits)
    go once a precise one is known; a need goes when another, narrower one is among its options.
    Shares: ``lot.main_trade_share`` for the main need, the rest equally.
    """
    found: dict[frozenset[str], dict[str, float]] = {}
    for cpv in cpvs:
        options = trades_of_cpv(cpv, reference)
        if options:
            known = found.setdefault(frozenset(options), options)
            known.update({code: max(fit, known[code]) for code, fit in options.items()})
    precise = reference["cpv.match_4"]
    if any(max(options.values()) >= precise for options in found.values()):
        found = {key: options for key, options in found.items() if max(options.values()) >= precise}
    kept = [options for key, options in found.items() if not any(other < key for other in found)]
    kept = _with_own_names(kept)[: reference.integer("cpv.max_trades")]
    if not kept:
        return ()
    main = reference["lot.main_trade_share"] if len(kept) > 1 else 1.0
    other = (1.0 - main) / (len(kept) - 1) if len(kept) > 1 else 0.0
    return tuple(
        LotTrade(options=tuple(options.items()), share=main if index == 0 else other)
        for index, options in enumerate(kept)
    )


def _with_own_names(needs: Iterable[dict[str, float]]) -> list[dict[str, float]]:
    """Needs by distinct first options, which name them; one whose options all name others adds nothing and goes.

    Works (45...) and horticulture (77...), both vague, may both begin with green spaces.
    """
    named: dict[str, dict[str, float]] = {}
    for options in needs:
        own = next((code for code in options if code not in named), None)
        if own is not None:
            named[own] = {own: options[own], **options}
    return list(named.values())


def naf_index(trades: Mapping[str, Trade]) -> dict[str, tuple[str, ...]]:
    """NAF rev. 2 code -> trades that name it."""
    index: dict[str, tuple[str, ...]] = {}
    for trade in trades.values():
        for naf in trade.nafs:
            index[naf] = (*index.get(naf, ()), trade.code)
    return index


def normalise_naf(text: str) -> str:
    """ "8121Z" or "81.21Z" -> "81.21Z"; anything else -> ""."""
    compact = text.strip().upper().replace(".", "")
    if len(compact) == 5 and compact[:4].isdigit() and compact[4].isalpha():
        return f"{compact[:2]}.{compact[2:]}"
    return ""


def trades_of_name(name: str, reference: Reference) -> tuple[str, ...]:
    """Trades the words of a name tell ("Jardins de Cocagne" grows vegetables); whole words or their beginning."""
    plain = f" {search_name(name)}"
    found = {code: None for word, codes in reference.name_words.items() if f" {word}" in plain for code in codes}
    return tuple(found)


def firm_trades(
    declared: Iterable[str],
    naf: str,
    inclusive_kind: str,
    reference: Reference,
    nafs: Mapping[str, tuple[str, ...]] | None = None,
    *,
    name: str = "",
) -> FirmTrades:
    """What a firm can do: declared trades always override NAF; then come its name and its kind's usual trades.

    Associations often carry a useless NAF (94.99Z, 88.99B: the "vague_naf" table). For an inclusive firm such a
    code is only a guess among its kind's usual trades, with as little trust.
    """
    known = tuple(dict.fromkeys(code for code in declared if code in reference.trades))
    if known:
        return FirmTrades(known, "declared", reference["trust.declared"])
    by_naf = (nafs if nafs is not None else naf_index(reference.trades)).get(naf, ())
    kind = reference.kinds.get(inclusive_kind)
    vague = kind is not None and naf in reference.vague_nafs
    if by_naf and not vague:
        return FirmTrades(by_naf, "naf", reference["trust.naf"])
    lends = kind is not None and kind.delivery == "mise_a_disposition"
    by_name = trades_of_name(name, reference) if kind is not None and not lends else ()
    if by_name:
        return FirmTrades(by_name, "name", reference["trust.name"])
    if kind and (kind.presumed_trades or by_naf):
        presumed = tuple(dict.fromkeys((*kind.presumed_trades, *by_naf)))
        return FirmTrades(presumed, "kind", reference["trust.kind"])
    return FirmTrades((), "none", 0.0)
