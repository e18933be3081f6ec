"""People and the organisations they act for."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Our own user from the first migration on: swapping it later would mean rewriting history."""


class Organisation(models.Model):
    """Who acts: what belongs to it is seen by its members, and by others only once it is shared."""

    class Kind(models.TextChoices):
        NETWORK = "network", "réseau de l'ESS"
        BUYER = "buyer", "acheteur public"
        AGENCY = "agency", "structure d'appui"
        FIRM = "firm", "entreprise"

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=200)
    siret = models.CharField(max_length=14, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    class Role(models.TextChoices):
        MEMBER = "member", "membre"
        ADMIN = "admin", "responsable"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)

    class Meta:
        ordering = ["organisation", "user"]
        constraints = [models.UniqueConstraint(fields=["organisation", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.organisation_id}/{self.user_id}"
