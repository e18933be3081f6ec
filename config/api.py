"""The JSON API. Default is deny: an operation is for signed-in people unless it says ``auth=None``."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.security import django_auth

from config.api_errors import speak_french
from consortia.api import router as lots
from geo.api import router as territory
from matchmaker.api import firms, ocds, runs, sources
from matchmaker.api_awards import router as awards
from matchmaker.api_news import router as news
from matchmaker.api_ranking import ranking
from matchmaker.api_why import why


class GuardedAPI(NinjaAPI):
    """An API that does its own refusing: 401 in JSON, where the site would answer with a sign-in page.

    Ninja's views are therefore taken out of LoginRequiredMiddleware, which is only safe because
    ``auth`` below guards every operation that does not lift it explicitly.
    """

    def _get_urls(self) -> list[URLPattern | URLResolver]:
        urls = super()._get_urls()
        for pattern in urls:
            if isinstance(pattern, URLPattern):
                login_not_required(pattern.callback)
        return urls


api = GuardedAPI(
    title="Maillage",
    version="1",
    description="Qui peut répondre localement à un marché public, seul ou ensemble.",
    auth=django_auth,
    docs_url="/docs",
    urls_namespace="api",
)
speak_french(api)
api.add_router("/lots", lots)
api.add_router("/lots", ranking)
api.add_router("/lots", why)
api.add_router("/firms", firms)
api.add_router("/awards", awards)
api.add_router("/runs", runs)
api.add_router("/ocds", ocds)
api.add_router("/sources", sources)
api.add_router("/news", news)
api.add_router("", territory)
