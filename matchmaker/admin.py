"""What an administrator edits or inspects: reference tables, quarantine, import reports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from matchmaker.domain.reference import InvalidReferenceError, build_reference
from matchmaker.models import ImportRun, QuarantineItem, ReferenceRow
from matchmaker.reference import extra_table, stored_rows, stored_tables


class ReferenceRowForm(forms.ModelForm):
    """Refuses a value that would make the tables incoherent, in the words of the domain."""

    class Meta:
        model = ReferenceRow
        fields = ("values", "source", "is_estimate")

    def clean_values(self) -> dict[str, object]:
        values: dict[str, object] = self.cleaned_data["values"]
        table, key = self.instance.table, self.instance.key
        extra = extra_table(table)
        try:
            if extra:
                extra.check(stored_rows(table) | {key: values})
            else:
                tables = stored_tables()
                tables.setdefault(table, {})[key] = values
                build_reference("draft", tables)
        except (InvalidReferenceError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise ValidationError(str(error)) from error
        return values


@admin.register(ReferenceRow)
class ReferenceRowAdmin(admin.ModelAdmin):
    form = ReferenceRowForm
    list_display = ("table", "key", "values", "is_estimate", "edited", "source")
    list_filter = ("table", "is_estimate", "edited")
    search_fields = ("key", "values", "source")

    def save_model(self, request: HttpRequest, obj: ReferenceRow, form: Any, change: bool) -> None:
        """An edited row is a person's: reloading the shipped tables leaves it alone."""
        obj.edited = True
        super().save_model(request, obj, form, change)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ReferenceRow | None = None) -> bool:
        return False


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows written by imports only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


@admin.register(QuarantineItem)
class QuarantineItemAdmin(ReadOnlyAdmin):
    list_display = ("locator", "kind", "reason", "message", "created_at", "mended_at")
    list_filter = ("kind", "reason")


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "kind", "source", "state", "read", "new", "changed", "unchanged", "quarantined")
    list_filter = ("kind", "state")
