"""What holds for every page: its language, and an address the database can read."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.template import loader
from django.utils import translation


class ChosenLanguage:
    """Activate the language of the visitor's cookie, else French.

    The browser's own preference is not followed: what the service computes (reasons, gaps, sentences of a grouping)
    is written in French, and a page half in English would read worse than one in French.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.known = {code for code, _ in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in self.known else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response


class PlainText:
    """Take NUL characters out of what an address asks: the database cannot even compare them.

    In the path they name nothing, and the page is not found; in the query they are dropped.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path:
            with translation.override(settings.LANGUAGE_CODE):
                return HttpResponseNotFound(loader.render_to_string("404.html", request=request))
        request.META["QUERY_STRING"] = request.META.get("QUERY_STRING", "").replace("%00", "")
        return self.get_response(request)
