"""What the registers hold, kept apart from the firms: a list read before SIRENE speaks once the firm is known."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from matchmaker.domain.register import Claim


class RegisterEntry(models.Model):
    """One entry of a register: of an establishment (SIRET) or of a legal unit (SIREN)."""

    source = models.CharField(max_length=20)  # siae | ea | esat | geiq | esus | ess_france
    number = models.CharField(max_length=14)
    name = models.CharField(max_length=200, blank=True)
    inclusive_kind = models.CharField(max_length=5, blank=True)
    ess = models.BooleanField(default=False)  # on the ESS France list
    esus = models.BooleanField(default=False)
    esus_until = models.DateField(null=True)
    # The list gave no SIRET: linked by name and place, as sure as this. Null: the SIRET is the list's own.
    probability = models.FloatField(null=True)

    class Meta:
        ordering = ["source", "number"]
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="register_entry_once"),
            models.CheckConstraint(condition=Q(number__regex=r"^(\d{9}|\d{14})$"), name="register_number_is_official"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.number}"

    def claim(self) -> Claim:
        return Claim(self.source, self.inclusive_kind, self.ess, self.esus, self.esus_until)
