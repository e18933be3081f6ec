"""Who may open a page. Each view states it; ``tests/web/test_access.py`` refuses a silent one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]

__all__ = ["login_not_required", "signed_in", "staff_only"]


def staff_only(view: View) -> View:
    """Signed-out people go to the sign-in page (by the middleware), others without the role get a 403."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    guarded.access = "staff"  # type: ignore[attr-defined]
    return guarded


def signed_in(view: View) -> View:
    """Any signed-in person (the middleware sends others to the sign-in page); the view narrows to what is theirs."""
    view.access = "signed-in"  # type: ignore[attr-defined]
    return view
