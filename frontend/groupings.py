"""The groupings of a lot as a page compares them: what a person asked, the answer, and what it changed.

Weights of one's own and the choice of what to compare live in the address only: nothing of them is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consortia.domain.problem import Weights
from consortia.live import UnsizedLotError, teams
from consortia.queries import LotView, Team
from frontend import words
from matchmaker.models import Lot
from matchmaker.queries import Params

CRITERIA = ("trade", "distance", "ess", "hiring", "fragile", "solo", "member")
OWN = "gw_"  # prefix of a weight of groupings in an address
SIZE, FEWEST, FREE = OWN + "size", "fewest", "free"
COMPARE = "compare"
MOST_COMPARED = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address says of groupings. ``weights``: None when they are those of the service."""

    weights: Weights | None = None
    sliders: Mapping[str, int] = field(default_factory=dict)
    fewest_first: bool = True
    compare: tuple[int, ...] = ()  # ranks of the proposals set side by side; none = those the service names

    def query(self) -> QueryDict:
        """The shortest address that says the same."""
        said = QueryDict(mutable=True)
        if self.compare:
            said[COMPARE] = ",".join(str(rank) for rank in self.compare)
        if self.weights:
            said[SIZE] = FEWEST if self.fewest_first else FREE
            for name, value in self.sliders.items():
                said[OWN + name] = str(value)
        return said

    def official(self) -> Wanted:
        return replace(self, weights=None, sliders={})


def read(params: Params, official: Weights) -> Wanted:
    """Read an address; a value that means nothing is dropped, as old links must go on working."""
    sliders = {name: _points(params, name, getattr(official, name)) for name in CRITERIA}
    size = "".join(params.getlist(SIZE)[-1:])
    fewest = official.fewest_first if size not in (FEWEST, FREE) else size == FEWEST
    own = Weights(**sliders, fewest_first=fewest)
    usual = own == official or not any(sliders.values())
    return Wanted(None if usual else own, sliders, fewest, _ranks(params))


def _points(params: Params, name: str, usual: int) -> int:
    text = "".join(params.getlist(OWN + name)[-1:])
    return min(100, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else usual


def _ranks(params: Params) -> tuple[int, ...]:
    """ "1,3", or one value a box as a form without script sends them."""
    parts = ",".join(params.getlist(COMPARE)).split(",")
    ranks = {int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 3}
    return tuple(sorted(ranks - {0}))[:MOST_COMPARED]


# ---------------------------------------------------------------- the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """``teams`` under the weights asked for; ``live`` when they were sought on the spot."""

    teams: list[Team]
    live: bool = False
    change: str = ""


def answer_of(view: LotView, wanted: Wanted) -> Answer:
    """What is stored, or the groupings sought anew under a person's own weights: then at most eight queries."""
    if wanted.weights is None or not view.teams:
        return Answer(view.teams)
    try:
        found = teams(view.lot, wanted.weights)
    except UnsizedLotError:
        found = []
    if not found:  # weights never make a lot impossible: what is known of it or of the firms has changed
        return Answer(view.teams, change=_("Rien trouvé avec ce qui est connu aujourd'hui : voici ce qui est gardé."))
    return Answer(found, live=True, change=change(view.teams[0], found[0]))


def change(before: Team, after: Team) -> str:
    """What replaced what between two groupings, in one sentence."""
    old = {one.firm.siret: one.firm.name for one in before.members}
    new = {one.firm.siret: one.firm.name for one in after.members}
    gone = [name for siret, name in old.items() if siret not in new]
    come = [name for siret, name in new.items() if siret not in old]
    if not gone and not come:
        return _("La même équipe reste la meilleure.")
    if not come:
        return ngettext("%(gone)s sort.", "%(gone)s sortent.", len(gone)) % {"gone": words.joined(gone)}
    if not gone:
        return ngettext("%(come)s entre.", "%(come)s entrent.", len(come)) % {"come": words.joined(come)}
    return ngettext("%(come)s remplace %(gone)s.", "%(come)s remplacent %(gone)s.", len(come)) % {
        "come": words.joined(come),
        "gone": words.joined(gone),
    }


def said(answer: Answer, compared: int) -> str:
    """What a screen reader announces at each change."""
    count = ngettext("%(n)d groupement trouvé", "%(n)d groupements trouvés", len(answer.teams)) % {
        "n": len(answer.teams)
    }
    side = ngettext(", %(n)d montré", ", %(n)d comparés côte à côte", compared) % {"n": compared}
    prefix = _("Avec vos poids : %(change)s") % {"change": answer.change} if answer.live else answer.change
    return f"{prefix} {count}{side}.".strip()


# ---------------------------------------------------------------- the form


@dataclass(frozen=True, slots=True)
class Slider:
    name: str
    label: str
    help: str
    value: int
    official: int


def sliders(wanted: Wanted, official: Weights) -> list[Slider]:
    labels = criteria_labels()
    usual = asdict(official)
    values = wanted.sliders or usual
    return [Slider(OWN + name, *labels[name], value=values[name], official=usual[name]) for name in CRITERIA]


def criteria_labels() -> dict[str, tuple[str, str]]:
    """Criterion -> what the slider is called, and what it asks for."""
    return {
        "trade": (_("Preuve du métier"), _("des membres dont le métier est bien attesté")),
        "distance": (_("Proximité"), _("des membres proches du lieu")),
        "ess": (_("ESS et insertion"), _("des membres de l'ESS ou inclusifs")),
        "hiring": (_("Emploi"), _("des membres qui accueillent des heures d'insertion ou recrutent")),
        "fragile": (_("Solidité"), _("des membres dont la capacité est sûre")),
        "solo": (_("Besoin d'être ensemble"), _("pas de membre capable de répondre seul")),
        "member": (_("Petite équipe"), _("peu de membres, quand la taille n'est pas imposée")),
    }


# ---------------------------------------------------------------- addresses


def is_mine(name: str) -> bool:
    """Whether a parameter of the lot page speaks of groupings."""
    return name == COMPARE or name.startswith(OWN)


def merged(request: HttpRequest, lot: Lot, own: QueryDict, *, groupings: bool) -> str:
    """The page's address with ``own`` in place of what it said of groupings (or of all the rest), the other half kept.

    Two forms of the page write its address, each its own part.
    """
    shown = request.headers.get("HX-Current-URL", "").partition("?")[2].partition("#")[0]
    return address(lot, own, others(QueryDict(shown), groupings=groupings))


def others(params: QueryDict, *, groupings: bool) -> list[tuple[str, str]]:
    """What an address says of the other half of the page."""
    return [(name, value) for name, values in params.lists() if is_mine(name) != groupings for value in values]


def address(lot: Lot, own: QueryDict, kept: Iterable[tuple[str, str]] = ()) -> str:
    query = QueryDict(mutable=True)
    for name, value in kept:
        query.appendlist(name, value)
    query.update(own)
    page, text = reverse("lot", args=[lot.pk]), query.urlencode(safe=",")
    return f"{page}?{text}" if text else page
