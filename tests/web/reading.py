"""Read a page as a person does."""

from __future__ import annotations

import html
import re

from django.test import Client


def text_of(client: Client, address: str) -> str:
    """What a person reads: tags out, spaces collapsed."""
    response = client.get(address)
    assert response.status_code == 200, address
    page = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    plain = html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\u202f", " ")
    return re.sub(r"\s+([,.:])", r"\1", " ".join(plain.split()))
