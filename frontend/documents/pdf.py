"""From a rendered template to a tagged PDF (PDF/UA-1). The one door to WeasyPrint: see docs/decisions/0016."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from threading import BoundedSemaphore

AT_ONCE = 1  # documents laid out together in one process: the work is pure computing
PATIENCE_S = 8.0  # how long a reader waits for a turn
KEPT = 32  # documents a process remembers, some tens of kilobytes each

_turn = BoundedSemaphore(AT_ONCE)


class PdfError(RuntimeError):
    """Le document n'a pas pu être mis en page."""


class PdfBusyError(PdfError):
    """Trop de documents sont demandés en même temps : réessayez dans une minute."""


class PdfUnavailableError(PdfError):
    """Les bibliothèques de mise en page manquent sur ce serveur : relancez l'installation."""


def pdf_of(page: str) -> bytes:
    """Lay a page of HTML out. Nothing but what the page itself holds is read: no file, no network.

    The same page gives the same bytes. Raises :class:`PdfError`.
    """
    return _laid_out(page)


def tag_of(page: str) -> str:
    """A strong ETag: two pages share it only if their PDFs are the same."""
    return f'"{hashlib.sha256(page.encode()).hexdigest()[:32]}"'


@lru_cache(maxsize=KEPT)
def _laid_out(page: str) -> bytes:
    if not _turn.acquire(timeout=PATIENCE_S):
        raise PdfBusyError(PdfBusyError.__doc__)
    try:
        return _lay_out(page)
    finally:
        _turn.release()


def _lay_out(page: str) -> bytes:
    try:
        # Here and not above: it takes a second and system libraries, which a worker or a command never needs.
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as missing:
        raise PdfUnavailableError(PdfUnavailableError.__doc__) from missing
    made: bytes = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf(pdf_variant="pdf/ua-1")
    return made
