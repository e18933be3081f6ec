"""What linking looks a name up in: firms reduced to what is compared, and the state of that reduction."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from matchmaker.models.firm import Firm


class LinkName(models.Model):
    """A firm as linking compares it. Derived from :class:`Firm`, made again at will; never shown."""

    firm = models.OneToOneField(Firm, on_delete=models.CASCADE, primary_key=True, related_name="+")
    siren = models.CharField(max_length=9)
    names = models.TextField()  # each reduced (domain.naming), separated by "|"
    written = models.TextField(blank=True)  # the same names in full, forms and noise words kept
    sigles = models.TextField(blank=True)  # separated by "|"
    form = models.CharField(max_length=12, blank=True)  # family of its legal form
    departement = models.CharField(max_length=3, blank=True)
    commune = models.CharField(max_length=5, blank=True)  # the whole one: Paris, not an arrondissement
    postcode = models.CharField(max_length=5, blank=True)
    street = models.TextField(blank=True)
    naf = models.CharField(max_length=6, blank=True)
    kind = models.CharField(max_length=5, blank=True)
    head_office = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    fictitious = models.BooleanField(default=False)
    firm_updated_at = models.DateTimeField()
    keys = ArrayField(models.IntegerField(), default=list)  # domain.blocking

    class Meta:
        indexes = [GinIndex(fields=["keys"], name="link_keys", fastupdate=False)]

    def __str__(self) -> str:
        return f"{self.firm_id}"


class LinkIndex(models.Model):
    """The one row that says with what the names in force were reduced, and how common each word is."""

    version = models.CharField(max_length=16)  # of the words and the code names are reduced with
    firms = models.PositiveIntegerField(default=0)  # when it was built whole
    added = models.PositiveIntegerField(default=0)  # written since
    read_until = models.DateTimeField(null=True)  # newest Firm.updated_at taken in
    crowded = models.BinaryField(default=b"")  # int32: keys too many firms share
    words = models.BinaryField(default=b"")  # int32: words met more than once ...
    counts = models.BinaryField(default=b"")  # int32: ... and by how many firms
    built_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.version
