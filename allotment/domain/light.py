"""Plain text with the light marks of the founding forum (SPIP shortcuts) as safe HTML.

``{{gras}} {italique} [mot->https://adresse] <quote> <code> <q> <del> <ins>``, paragraphs at empty lines, addresses that
become links. Everything is escaped but what is written here: no other tag, attribute or scheme ever comes out.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

DEEPEST: Final = 8  # marks within marks; beyond, they are shown as typed
_LINK: Final = '<a href="{url}" rel="nofollow ugc noopener">{words}</a>'
_BLOCK = re.compile(r"<(quote|code)>(.*?)</\1>", re.DOTALL)
_INLINE = re.compile(
    r"\{\{(?P<strong>[^{}]+)\}\}"
    r"|\{(?P<em>[^{}]+)\}"
    r"|\[(?P<words>[^\[\]]*?)->(?P<target>https?://[^\s\[\]<>\"']+)\]"
    r"|<(?P<tag>q|del|ins)>(?P<inside>.*?)</(?P=tag)>"
    r"|(?P<url>https?://[^\s<>\"'{}\[\]]*[^\s<>\"'{}\[\].,;:!?)])",
    re.DOTALL,
)


def rendered(text: str) -> str:
    """Safe HTML: ``p br strong em a blockquote pre code q del ins`` and nothing else."""
    text = text.replace("\r\n", "\n").replace("\x00", "")
    found, at = [], 0
    for block in _BLOCK.finditer(text):
        found.append(_paragraphs(text[at : block.start()]))
        inside = block[2].strip("\n")
        if block[1] == "code":
            found.append(f"<pre><code>{escape(inside)}</code></pre>")
        else:
            found.append(f"<blockquote>{_paragraphs(inside)}</blockquote>")
        at = block.end()
    found.append(_paragraphs(text[at:]))
    return "".join(found)


def _paragraphs(text: str) -> str:
    parts = [part.strip() for part in re.split(r"\n\s*\n", text)]
    return "".join(f"<p>{_inline(part).replace('\n', '<br>')}</p>" for part in parts if part)


def _inline(text: str, depth: int = 0) -> str:
    if depth >= DEEPEST:
        return escape(text)
    found, at = [], 0
    for mark in _INLINE.finditer(text):
        found += [escape(text[at : mark.start()]), _marked(mark, depth + 1)]
        at = mark.end()
    return "".join(found) + escape(text[at:])


def _marked(mark: re.Match[str], depth: int) -> str:
    for tag in ("strong", "em"):
        if mark[tag] is not None:
            return f"<{tag}>{_inline(mark[tag], depth)}</{tag}>"
    if mark["tag"] is not None:
        return f"<{mark['tag']}>{_inline(mark['inside'], depth)}</{mark['tag']}>"
    url = mark["target"] or mark["url"]
    return _LINK.format(url=escape(url), words=escape((mark["words"] or "").strip() or url))
