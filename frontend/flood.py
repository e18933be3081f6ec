"""Against floods of contributions without an account: so many from one address, so many on one page, in ten minutes."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

WINDOW_S = 600
FROM_ONE = 5
ON_ONE_PAGE = 60


def address_of(request: HttpRequest) -> str:
    """Whom the request comes from; behind proxies of ours, what the first of them saw."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = settings.PROXIES
    if trusted and len(hops) >= trusted:
        return hops[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))


def too_many(request: HttpRequest, page: str) -> bool:
    """Count one more. Addresses are kept as a keyed digest only, and for ten minutes."""
    sender = salted_hmac("flood", address_of(request), algorithm="sha256").hexdigest()[:32]
    return _counted(f"flood:{page}:{sender}") > FROM_ONE or _counted(f"flood:{page}") > ON_ONE_PAGE


def _counted(key: str) -> int:
    cache.add(key, 0, WINDOW_S)
    try:
        return int(cache.incr(key))
    except ValueError:  # it expired between the two
        return 1
