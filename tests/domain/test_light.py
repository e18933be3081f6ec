"""Plain text with light marks: what a contributor may write, and that nothing else ever reaches a page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.domain.light import rendered

ALLOWED = {"p", "br", "strong", "em", "a", "blockquote", "pre", "code", "q", "del", "ins"}
PIECES = (
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "{{", "}}", "{", "}", "[", "->", "]", "<quote>",
    "</quote>", "<code>", "</code>", "<q>", "</q>", "<del>", "</del>", "<ins>", "</ins>", "https://a.fr/?b=1&c=2",
    "javascript:alert(1)",
    '"', "'", "&", "<", ">", "\n\n", "\n", " mot ", "https://x\" onclick=\"y", "[clic->javascript:x]", "\x00",
)  # fmt: skip


class Reader(HTMLParser):
    """Every tag opened is closed in order, and every attribute is one we write."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        if tag == "a":
            kept = dict(attrs)
            assert set(kept) == {"href", "rel"} and kept["rel"] == "nofollow ugc noopener"
            assert (kept["href"] or "").startswith(("http://", "https://"))
        else:
            assert attrs == []
        if tag != "br":
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment came through")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration came through")


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=30).map("".join))
def test_whatever_is_typed_only_our_own_tags_come_out(text: str) -> None:
    reader = Reader()
    reader.feed(rendered(text))
    reader.close()
    assert reader.stack == []


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Bonjour\n\nmonde\nentier", "<p>Bonjour</p><p>monde<br>entier</p>"),
        ("{{gras}} et {italique}", "<p><strong>gras</strong> et <em>italique</em></p>"),
        ("<quote>cité</quote>", "<blockquote><p>cité</p></blockquote>"),
        ("<code>a < {b}</code>", "<pre><code>a &lt; {b}</code></pre>"),
        ("<q>mot</q> <del>a</del><ins>b</ins>", "<p><q>mot</q> <del>a</del><ins>b</ins></p>"),
        ("<b>gras ?</b>", "<p>&lt;b&gt;gras ?&lt;/b&gt;</p>"),
        ("", ""),
    ],
)
def test_the_shortcuts_of_the_forum(typed: str, shown: str) -> None:
    assert rendered(typed) == shown


@pytest.mark.parametrize("typed", ["Voir https://exemple.fr/a.", "Voir [https://exemple.fr/a->https://exemple.fr/a]."])
def test_an_address_becomes_a_link_without_the_full_stop_that_ends_the_sentence(typed: str) -> None:
    link = '<a href="https://exemple.fr/a" rel="nofollow ugc noopener">https://exemple.fr/a</a>'
    assert rendered(typed) == f"<p>Voir {link}.</p>"


def test_an_address_of_another_kind_stays_text() -> None:
    assert "<a" not in rendered("[clic->javascript:alert(1)] data:text/html,x")
