"""Filters and tags of the pages: thin doors to ``frontend.words``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.safestring import mark_safe

from allotment.domain.light import rendered
from frontend import words
from frontend.clause_view import held_word
from frontend.open_lots import how_label

register = template.Library()

register.filter("grouped", words.grouped)
register.filter("euros", words.euros)
register.filter("about_euros", words.about_euros)
register.filter("about", words.about)
register.filter("km", words.kilometres)
register.filter("percent", words.percent)
register.filter("day", words.day)
register.filter("lasting", words.lasting)


@register.filter
def get(mapping: Mapping[str, Any] | None, key: str) -> Any:
    return mapping.get(key, "") if mapping else ""


@register.filter
def light(text: str) -> str:
    """What a contributor typed, as safe HTML: ``rendered`` escapes all but its own tags."""
    return mark_safe(rendered(text))


@register.filter
def situation(as_of: date) -> str:
    return words.situation(as_of, timezone.localdate())


@register.filter
def time_left(deadline: datetime | None, as_of: date) -> str:
    return words.time_left(deadline, as_of)


@register.filter
def moment(deadline: datetime | None, as_of: date) -> str:
    return words.moment_in_words(deadline, as_of)


@register.filter
def css(value: float) -> str:
    """A number for a style attribute: a point as decimal mark whatever the language."""
    return f"{float(value):.2f}"


@register.filter
def css6(value: float) -> str:
    """A coordinate for a script or an address: six decimals, a point whatever the language."""
    return f"{float(value):.6f}"


@register.filter
def reserved_to(code: str) -> str:
    return str(words.RESERVATIONS.get(code, words.RESERVATIONS["none"])[0])


@register.filter
def article(code: str) -> str:
    return words.RESERVATIONS.get(code, words.RESERVATIONS["none"])[1]


@register.filter
def state_label(state: str) -> str:
    return str(words.STATES[state][0])


@register.filter
def state_mark(state: str) -> str:
    return str(words.STATES[state][1])


@register.filter
def form_label(form: str) -> str:
    return str(words.FORMS.get(form, (form, ""))[0])


@register.filter
def form_meaning(form: str) -> str:
    return str(words.FORMS.get(form, ("", ""))[1])


@register.filter
def ess_label(status: str) -> str:
    return str(words.ESS.get(status, ""))


@register.filter
def social_words(codes: list[str]) -> str:
    return words.joined([str(words.SOCIAL.get(code, code)) for code in codes if code != "none"])


@register.filter
def green_words(codes: list[str]) -> str:
    return words.joined([str(words.GREEN.get(code, code)) for code in codes if code != "none"])


register.filter("how", how_label)
register.filter("held_word", held_word)


@register.simple_tag(takes_context=True)
def address_with(context: Mapping[str, Any], **changes: Any) -> str:
    """The current query string with some values replaced (None lifts one); the page starts again."""
    request: HttpRequest = context["request"]
    query: QueryDict = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    for name in [name for name, values in query.lists() if not any(values)]:
        del query[name]
    return f"?{query.urlencode()}" if query else "?"
