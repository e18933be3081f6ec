"""A publication filed: which procedure it belongs to, and the tender of that procedure folded anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict

from django.db.models import F, Q

from matchmaker.domain.canonical import buyer_from_json, digest, from_json, to_json
from matchmaker.domain.names import meeting_points, names, references
from matchmaker.domain.notice import Notice, NoticeKind
from matchmaker.domain.procedure import Procedure, fold, preferred
from matchmaker.domain.twins import Card, likeness, procedures
from matchmaker.ingest.results import write_results
from matchmaker.ingest.tenders import TenderWriter, settle_buyers
from matchmaker.models import Award, Publication, RawDocument, Tender

_LIGHT = ("tender_id", "source", "notice_id", "version", "kind", "names", "refers", "meets", "fictitious")


class DoubleError(ValueError):
    """Un autre document porte le même numéro d'avis et la même version avec un contenu différent."""


class Filing:
    """Files publications one by one; what it leaves does not depend on the order they come in."""

    def __init__(self, writer: TenderWriter, edition: str, fictitious: bool) -> None:
        self.writer, self.edition, self.fictitious = writer, edition, fictitious
        self.displaced = ""  # the document that the last publication kept took the place of

    def keep(self, notice: Notice, raw: RawDocument) -> str:
        """new, changed or unchanged. Raises :class:`DoubleError` for a content that gives way to the one kept."""
        self.displaced = ""
        row = Publication.objects.select_related("raw").filter(**_identity(notice)).first()
        fictitious = self.fictitious and (row is None or row.fictitious)
        record_hash = digest(notice, fictitious, self.edition)
        if row and row.record_hash == record_hash:
            return "unchanged"
        if row and row.raw.sha256 != raw.sha256 and not _new_state(row.raw, raw):
            self._contest(from_json(row.content), notice, row.raw)
        fresh = row or Publication(**_identity(notice))
        linked = _Linked(row, fresh)
        _fill(fresh, notice, fictitious, record_hash, raw)
        return self._refold(linked.component(), fresh, notice)

    def _contest(self, kept: Notice, notice: Notice, document: RawDocument) -> None:
        if kept == notice:
            return
        if preferred(kept, notice) == kept:
            raise DoubleError(DoubleError.__doc__)
        self.displaced = document.name

    def _refold(self, component: list[Publication], fresh: Publication, notice: Notice) -> str:
        """Sort the publications that fresh is linked with into procedures; write those that are not as before."""
        by_key = {_key(row): row for row in component}
        read = {_key(fresh): notice}

        def content(key: str) -> Notice:
            if key not in read:
                read[key] = from_json(Publication.objects.values_list("content", flat=True).get(pk=by_key[key].pk))
            return read[key]

        before: defaultdict[int | None, set[str]] = defaultdict(set)
        for row in component:
            before[row.tender_id].add(_key(row))
        outcome = "unchanged"
        for group in procedures([_card(row) for row in component], lambda a, b: likeness(content(a), content(b))):
            rows = [by_key[key] for key in group]
            if fresh in rows:
                outcome = self._write(rows, [content(key) for key in group], fresh)
            elif before[rows[0].tender_id] != set(group):
                self._write(rows, [content(key) for key in group], fresh)
        return outcome

    def _write(self, rows: list[Publication], notices: list[Notice], fresh: Publication) -> str:
        """One procedure: the oldest tender among those of its publications holds it, the others join it."""
        procedure = fold(notices)
        tender, *others = _tenders(rows) or [Tender()]
        known = tender.pk is not None
        lead = next(row for row in rows if _leads(row, procedure))
        fictitious = all(row.fictitious for row in rows)
        record_hash = _record_hash(procedure, fictitious, self.edition)
        buyers: set[int] = set()
        changed = bool(others) or tender.record_hash != record_hash
        if changed:
            for other in others:  # frees its number, in case it becomes that of the tender kept
                Tender.objects.filter(pk=other.pk).update(notice_id=f"fusion {other.pk}")
            buyers = self.writer.write(tender, procedure, lead.raw, record_hash, fictitious, others)
        if fresh in rows:
            fresh.tender = tender
            fresh.save()
        Publication.objects.filter(pk__in=[row.pk for row in rows]).update(tender=tender)
        Award.objects.filter(tender__in=others).update(tender=tender)
        if changed:
            write_results(tender, procedure, lead.raw, self.writer.reference)
        Tender.objects.filter(pk__in=[other.pk for other in others]).delete()
        settle_buyers(buyers)
        return "changed" if known and changed else "unchanged" if known else "new"


class _Linked:
    """Everything that names, references and meeting points link to a publication, as it was and as it becomes."""

    def __init__(self, before: Publication | None, fresh: Publication) -> None:
        self.fresh = fresh
        self.names = {*before.names, *before.refers} if before else set()
        self.meets = set(before.meets) if before else set()

    def component(self) -> list[Publication]:
        found: dict[int, Publication] = {}
        self._more([self.fresh])
        while True:
            linked = Q(names__overlap=sorted(self.names)) | Q(refers__overlap=sorted(self.names))
            if self.meets:
                linked |= Q(meets__overlap=sorted(self.meets))
            seen = [*found, self.fresh.pk] if self.fresh.pk else [*found]
            light = Publication.objects.only(*_LIGHT, "raw").annotate(buyer=F("content__buyer"))
            new = list(light.filter(linked).exclude(pk__in=seen))
            if not new:
                return [self.fresh, *found.values()]
            found |= {row.pk: row for row in new}
            self._more(new)

    def _more(self, rows: Iterable[Publication]) -> None:
        for row in rows:
            self.names |= {*row.names, *row.refers}
            self.meets |= set(row.meets)


def _new_state(before: RawDocument, after: RawDocument) -> bool:
    """What is fetched again under the same name is the new state of one document, not another document."""
    return bool(after.url and before.url) and before.name == after.name


def _identity(notice: Notice) -> dict[str, str]:
    return {"source": notice.source, "notice_id": notice.id[:100], "version": notice.version[:20]}


def _key(row: Publication) -> str:
    return f"{row.source}:{row.notice_id}:{row.version}"


def _card(row: Publication) -> Card:
    return Card(
        _key(row),
        row.source,
        NoticeKind(row.kind),
        frozenset(row.names),
        frozenset(row.refers),
        frozenset(row.meets),
        buyer_from_json(row.buyer if hasattr(row, "buyer") else row.content["buyer"]),  # light rows have no content
    )


def _fill(row: Publication, notice: Notice, fictitious: bool, record_hash: str, raw: RawDocument) -> None:
    mark = "fictif " if fictitious else ""  # a made-up notice never meets a real one
    row.kind, row.form = notice.kind.value, notice.form[:20]
    row.published_on = notice.published_on or notice.dispatched_on
    row.url = notice.url[:500]
    row.content = to_json(notice)
    row.names = sorted(mark + name for name in names(notice))
    row.refers = sorted(mark + name for name in references(notice))
    row.meets = sorted(mark + point for point in meeting_points(notice))
    row.fictitious, row.record_hash, row.raw = fictitious, record_hash, raw


def _tenders(rows: list[Publication]) -> list[Tender]:
    """Those led by one of the publications, oldest first."""
    wanted = Q()
    for source, notice_id in {(row.source, row.notice_id) for row in rows}:
        wanted |= Q(source=source, notice_id=notice_id)
    return list(Tender.objects.filter(wanted).order_by("pk"))


def _leads(row: Publication, procedure: Procedure) -> bool:
    lead = procedure.notice
    return {"source": row.source, "notice_id": row.notice_id, "version": row.version} == _identity(lead)


def _record_hash(procedure: Procedure, fictitious: bool, edition: str) -> str:
    """Of all a tender is written from; of the edition of the communes too, as places are understood with them."""
    history = [asdict(entry) for entry in procedure.history]
    results = [asdict(result) for result in procedure.results]
    awarded = procedure.awarded_on, procedure.lots_awarded
    return digest(procedure.notice, history, results, awarded, fictitious, edition)
