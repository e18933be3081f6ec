"""Default is deny: every view states who may open it, and a silent one fails here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.constants import NOT_SET

from config.api import api
from tests.factories import make_quarantine

PUBLIC = {
    "home", "lots", "lots-csv", "lot", "lot-ranking", "lot-ranking-csv", "lot-map", "lot-context", "firm", "firm-map",
    "firm-context", "expiring", "expiring-csv", "runs", "sources", "source", "login", "set_language",
    "lot-why", "lot-why-not", "lot-firms", "firm-lots-csv", "method",
    "lot-sheet", "team-sheet", "allocation-xlsx", "allocation-csv", "lot-groupings-csv", "lot-groupings-xlsx",
    "lot-groupings",
    "lot-team-why-not", "missing", "missing-csv", "missing-map",
    "needs", "need", "need-map", "need-report",  # a 404 but to whom the need is open: test_needs.py
    "need-splits", "need-split", "need-outlines", "need-split-csv", "need-split-xlsx",  # likewise: test_splits.py
    "commitments", "commitment-latest", "commitment", "commitment-csv", "commitment-xlsx", "commitment-pdf",
    "counterfactual-list", "counterfactual", "counterfactual-pdf",
    "plans", "plan", "plan-csv", "plan-xlsx",  # a network's plan is a 404 to others: test_plans.py
    "need-clauses", "need-clauses-word", "need-justification",
    # A 404 until the buyer opens it; following a contribution takes its secret: test_consultation.py
    "need-consultation", "consultation-say", "consultation-follow", "consultation-document", "consultation-pdf",
    "supply", "supply-csv", "supply-gaps", "supply-mark", "supply-tile", "ground-tile",
}  # fmt: skip


def views(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from views(entry, entry.namespace or namespace)
        else:
            yield namespace, entry


def statement(view: object) -> str:
    """What a view says of its access: public, staff, signed-in, or nothing."""
    if getattr(view, "login_required", None) is False:
        return "public"
    return getattr(view, "access", "")


def test_every_view_states_its_access() -> None:
    silent = []
    for namespace, pattern in views(get_resolver()):
        if namespace == "admin":
            continue  # AdminSite guards each of its views itself
        if not statement(pattern.callback) and pattern.name != "logout":
            silent.append(str(pattern.pattern))
    assert silent == []


def test_only_the_views_we_mean_are_public() -> None:
    found = {
        pattern.name
        for namespace, pattern in views(get_resolver())
        if namespace not in ("admin", "api") and statement(pattern.callback) == "public"
    }
    assert found == PUBLIC


def test_the_api_denies_by_default_and_each_public_operation_says_so() -> None:
    assert api.auth, "without it, ninja's views would be open to all"
    operations = [
        operation
        for _prefix, router in api._routers
        for path in router.path_operations.values()
        for operation in path.operations
    ]
    assert operations
    for operation in operations:
        assert operation.auth_param is None or operation.auth_param is NOT_SET


def test_an_operation_that_says_nothing_is_refused_in_json(client: Client) -> None:
    from ninja import NinjaAPI
    from ninja.security import django_auth
    from ninja.testing import TestClient

    guarded = NinjaAPI(auth=django_auth, urls_namespace="guarded-test")

    @guarded.get("/secret")
    def secret(request: object) -> str:
        return "secret"

    assert TestClient(guarded).get("/secret", user=AnonymousUser(), COOKIES={}).status_code == 401


@pytest.mark.django_db
def test_imports_and_quarantine_are_for_staff(client: Client) -> None:
    make_quarantine()
    assert client.get("/imports/").headers["Location"] == "/login/?next=/imports/"
    member = get_user_model().objects.create_user("membre", password="x")
    client.force_login(member)
    response = client.get("/imports/")
    assert response.status_code == 403
    assert "réservée à l'équipe" in response.content.decode().replace("&#x27;", "'")
    member.is_staff = True
    member.save()
    page = client.get("/imports/").content.decode()
    assert "truncated_xml" in page
    assert "demandez-le de nouveau à la source" in page
    page = client.get("/quarantine/").content.decode()
    assert "&lt;ContractNotice&gt;" in page  # an excerpt is shown, never run


@pytest.mark.django_db
def test_pages_are_read_only(client: Client) -> None:
    assert client.post("/lots/").status_code == 405


@pytest.mark.django_db
def test_signing_in_leads_back_where_one_was(client: Client) -> None:
    get_user_model().objects.create_user("equipe", password="mot de passe", is_staff=True)
    response = client.post("/login/", {"username": "equipe", "password": "mot de passe", "next": "/imports/"})
    assert response.headers["Location"] == "/imports/"


@pytest.mark.django_db
def test_a_wrong_password_is_told_next_to_the_field(client: Client) -> None:
    page = client.post("/login/", {"username": "x", "password": "y"}).content.decode()
    assert 'role="alert"' in page
    assert 'aria-invalid="true"' in page


@pytest.mark.django_db
def test_pages_allow_no_foreign_script(client: Client) -> None:
    policy = client.get("/lots/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy  # so default-src rules: our own files, nothing inline
    assert "frame-ancestors 'none'" in policy


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/lots/?dep=%00", 200),
        ("/lots/?state=%00&trade=%00", 200),
        ("/lots/export.csv?trade=%00", 200),
        ("/firms/%00/", 404),
        ("/api/firms/%00", 404),
        ("/api/lots?trade=%00", 200),
        ("/api/lots?offset=99999999999999999999999", 200),
        ("/lots/?page=-1&page=abc", 200),
    ],
)
def test_an_absurd_address_never_breaks_a_page(client: Client, address: str, status: int) -> None:
    assert client.get(address).status_code == status
