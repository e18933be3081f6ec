"""Everything a page says exists in English too, and says the same figures."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = settings.BASE_DIR / "frontend"
CATALOGUE = ROOT / "locale/en/LC_MESSAGES/django.po"
FUNCTIONS = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext"}


def calls(source: str) -> Iterator[str]:
    """First argument of each gettext call of a Python source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)


def in_template(path: Path) -> Iterator[str]:
    """``templatize`` turns a template into gettext calls separated by noise."""
    text = templatize(path.read_text(), origin=path.name)
    for call in re.findall(r"""\b(?:gettext|ngettext|_)\((u?(?:'(?:\\.|[^'])*'|"(?:\\.|[^"])*"))""", text):
        yield ast.literal_eval(call.removeprefix("u"))


def said() -> set[str]:
    templates = (ROOT / "templates").rglob("*.html")
    found = {message for path in templates for message in in_template(path)}
    rooms = ("pages", "documents", "templatetags")
    for path in [*ROOT.glob("*.py"), *(path for room in rooms for path in (ROOT / room).glob("*.py"))]:
        found |= set(calls(path.read_text()))
    return found


def translated() -> dict[str, tuple[str, ...]]:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    return {
        (message.id[0] if isinstance(message.id, tuple) else message.id): (
            message.string if isinstance(message.string, tuple) else (message.string,)
        )
        for message in catalogue
        if message.id
    }


def test_every_sentence_has_its_english() -> None:
    known = translated()
    messages = said()
    assert len(messages) > 250, "the extraction broke"
    assert sorted(message for message in messages if not all(known.get(message, ("",)))) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(translated()) - said()) == []


def test_both_languages_have_the_same_blanks() -> None:
    with CATALOGUE.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    for message in messages:
        french, english = (each if isinstance(each, tuple) else (each,) for each in (message.id, message.string))
        assert blanks(*english) == blanks(*french), french


def blanks(*texts: str) -> set[str]:
    return {blank for text in texts for blank in re.findall(r"%\(\w+\)[sd]", text)}
