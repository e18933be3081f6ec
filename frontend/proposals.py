"""Proposals as cards of the same rows, so that they can be read across. Pure: no query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from consortia.queries import Team
from frontend import charts, words

UNNAMED = 3  # shown side by side when the service named none


def names() -> dict[str, str]:
    """What a proposal is best at, as its column is headed; the first that holds is its title."""
    return {
        "best": _("La meilleure"),
        "smallest": _("La plus petite"),
        "nearest": _("La plus proche"),
        "ess": _("%(all)s ESS") % {"all": words.percent(1)},
        "jobs": _("Le plus d'emplois"),
        "robust": _("La plus solide"),
    }


@dataclass(frozen=True, slots=True)
class Fact:
    """One measure of a proposal; ``percent`` is its bar on the scale of all, None without a bar."""

    key: str
    label: str
    text: str
    percent: float | None
    best: bool


@dataclass(frozen=True, slots=True)
class TradeBar:
    """Who does what: one trade, cut among the members that do it."""

    label: str
    amount_eur: int
    shares: list[charts.Share]


@dataclass(frozen=True, slots=True)
class Trial:
    """One stress test: ``mark`` is holds, repaired or fails."""

    test: str
    label: str
    text: str
    mark: str
    number: int = 0  # of the member that leaves


@dataclass(frozen=True, slots=True)
class Card:
    """A proposal beside the others."""

    team: Team
    title: str
    also: tuple[str, ...]
    shares: list[charts.Share]
    by_trade: list[TradeBar]
    facts: list[Fact]
    leaves: list[Trial]
    trials: list[Trial]
    shown: bool

    @property
    def rank(self) -> int:
        return self.team.proposal.rank

    @property
    def held(self) -> int:
        """Trials of any kind that the grouping survives."""
        return sum(trial.mark == "holds" for trial in (*self.leaves, *self.trials))


def cards(teams: Sequence[Team], chosen: Sequence[int], trades: Mapping[str, str]) -> list[Card]:
    """All proposals, best first; ``shown`` are those chosen, else those with a name, else the first."""
    side = side_by_side(teams, chosen)
    measured = [_facts(team, teams) for team in teams]
    return [
        Card(
            team=team,
            title=title_of(team),
            also=tuple(_names(team)[1:]),
            shares=charts.shares(team),
            by_trade=_by_trade(team, trades),
            facts=facts,
            leaves=_leaves(team),
            trials=_trials(team),
            shown=team.proposal.rank in side,
        )
        for team, facts in zip(teams, measured, strict=True)
    ]


def side_by_side(teams: Iterable[Team], chosen: Iterable[int] = ()) -> set[int]:
    """Ranks of the proposals compared: those chosen that exist, else the usual ones."""
    ranks = [team.proposal.rank for team in teams]
    named = {team.proposal.rank for team in teams if _names(team)}
    usual = named if len(named) > 1 else {*ranks[:UNNAMED], *named}
    return set(chosen) & set(ranks) or usual


def title_of(team: Team) -> str:
    found = _names(team)
    return found[0] if found else _("Groupement %(n)d") % {"n": team.proposal.rank}


def _names(team: Team) -> list[str]:
    return [label for name, label in names().items() if name in team.names]


# ---------------------------------------------------------------- measures


@dataclass(frozen=True, slots=True)
class _Measure:
    key: str
    label: str
    value: Callable[[Team], float | None]
    text: Callable[[float], str]
    less: bool = False  # whether less is better


def _measures() -> tuple[_Measure, ...]:
    return (
        _Measure("hours", _("Heures d'insertion par an"), lambda team: team.proposal.hours, words.about),
        _Measure("farthest", _("Membre le plus loin du lieu"), _farthest, words.kilometres, less=True),
        _Measure("apart", _("Entre les deux plus éloignés"), _stored("apart_km"), words.kilometres, less=True),
        _Measure("ess", _("Fait par l'ESS ou l'insertion"), _ess_share, words.percent),
        _Measure("margin", _("Capacité sur besoin"), lambda team: team.proposal.margin, words.times),
        _Measure("proof", _("Preuve du métier"), _stored("trade_proof"), words.percent),
    )


def _facts(team: Team, teams: Sequence[Team]) -> list[Fact]:
    found = []
    for measure in _measures():
        value = measure.value(team)
        if value is None:
            continue
        known = [other for one in teams if (other := measure.value(one)) is not None]
        top = max(known)
        best = min(known) if measure.less else top
        found.append(
            Fact(
                key=measure.key,
                label=measure.label,
                text=measure.text(value),
                percent=100 * value / top if top else None,
                best=value == best and len(set(known)) > 1,
            )
        )
    return found


def _stored(name: str) -> Callable[[Team], float | None]:
    return lambda team: team.proposal.measures.get(name)


def _farthest(team: Team) -> float:
    return max((one.member.distance_km for one in team.members), default=0.0)


def _ess_share(team: Team) -> float:
    stored: float | None = team.proposal.measures.get("ess_share")
    return sum(one.member.share for one in team.members if one.firm.social) if stored is None else stored


def _by_trade(team: Team, trades: Mapping[str, str]) -> list[TradeBar]:
    """One bar a trade, where the lot has several; the number of a member is the one on the map."""
    codes = {code for one in team.members for code in one.member.by_trade}
    bars = [_trade_bar(team, code, trades.get(code, code)) for code in codes] if len(codes) > 1 else []
    return sorted(bars, key=lambda bar: (-bar.amount_eur, bar.label))


def _trade_bar(team: Team, code: str, label: str) -> TradeBar:
    amounts = [one.member.by_trade.get(code, 0) for one in team.members]
    total = sum(amounts)
    shares = [
        charts.Share(number, one.firm.name, 100 * amount / (total or 1), one.member.mandataire)
        for number, (one, amount) in enumerate(zip(team.members, amounts, strict=True), start=1)
        if amount
    ]
    return TradeBar(label, total, shares)


# ---------------------------------------------------------------- stress tests


def _leaves(team: Team) -> list[Trial]:
    """ "Si X se retire", with its mark where the test was run."""
    tested = {row["siret"]: row for row in team.replay if row["test"] == "leaves"}
    found = []
    for number, one in enumerate(team.members, start=1):
        row = tested.get(one.firm.siret)
        text = row["text"] if row else one.withdrawal
        if text:
            found.append(Trial("leaves", one.firm.name, text, _mark(row) if row else "", number))
    return found


def _trials(team: Team) -> list[Trial]:
    labels = {
        "low": _("Capacités basses"),
        "payment": _("Paiement à 60 jours"),
        "ceiling": _("Plafond des ACI"),
    }
    return [
        Trial(row["test"], labels[row["test"]], row["text"], _mark(row)) for row in team.replay if row["test"] in labels
    ]


def _mark(row: Mapping[str, Any]) -> str:
    if row.get("survives"):
        return "holds"
    return "repaired" if row.get("repair") else "fails"
