"""How an eForms notice stands to others: what it changes, what it follows, under which numbers it is known."""

from __future__ import annotations

from matchmaker.sources.xml import Element, child, children, descendants, raw_text

# The converter of the Publications Office and several templates give this number to every notice.
_NOBODYS_NUMBER = "f252f386-55ac-4fa8-9be4-9f950b9904c8"


def number(root: Element) -> str:
    """The UUID of the notice (BT-701); where it is nobody's, the number of the publication."""
    own = raw_text(root, "ID")
    return publication_number(root) or own if own == _NOBODYS_NUMBER else own


def publication(root: Element) -> Element | None:
    return next(descendants(child(root, "UBLExtensions"), "Publication"), None)


def publication_number(root: Element) -> str:
    """The number in the Official Journal, "123456-2024"; an empty text before publication."""
    digits, _, year = raw_text(publication(root), "NoticePublicationID").partition("-")
    return f"{int(digits)}-{year}" if digits.isdecimal() and year.isdecimal() else ""


def aliases(root: Element) -> tuple[str, ...]:
    published = publication_number(root)
    return (f"ted:{published}",) if published else ()


def refers_to(root: Element) -> tuple[str, ...]:
    """The notice changed (BT-758) or modified (BT-1501), and the earlier planning notices (BT-125)."""
    extensions = child(root, "UBLExtensions")
    changed = [raw_text(name) for name in descendants(extensions, "ChangedNoticeIdentifier")]
    planned = [
        raw_text(name)
        for holder in (root, *children(root, "ProcurementProjectLot"))
        for name in children(holder, "TenderingProcess", "NoticeDocumentReference", "ID")
    ]
    return tuple(dict.fromkeys(named for text in changed + planned if (named := _named(text))))


def is_cancelled(root: Element) -> bool:
    """BT-140: a change notice whose change is that there is no procedure any more."""
    reasons = descendants(child(root, "UBLExtensions"), "ChangeReason")
    return any(raw_text(reason, "ReasonCode") == "cancel" for reason in reasons)


def _named(text: str) -> str:
    digits, _, year = text.partition("-")
    if digits.isdecimal() and year.isdecimal():
        return f"ted:{int(digits)}-{year}"
    return f"eforms:{text}" if text else ""
