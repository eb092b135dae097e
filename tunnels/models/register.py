"""Registers: what every lane of a cell should hold, one row per item, numbered by change."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tunnels.models.tunnel import Tunnel


class Cell(models.Model):
    """The tunnel members that share one register. A fan is one cell.

    `head` gives the register its numbers: it moves by UPDATE ... RETURNING in the transaction that
    stores the rows, so that no reader can pass a number whose row is not committed yet. The
    other fields say what the register was shaped with; where the world differs, it is shaped again.
    """

    tunnel = models.ForeignKey(Tunnel, on_delete=models.CASCADE, related_name="cells")
    head = models.BigIntegerField(default=0)
    stale = models.BooleanField(default=True, help_text="All items must be shaped again.")
    blocked = models.BooleanField(default=False, help_text="A group of the policy is not known.")
    shaped_policy = models.PositiveIntegerField(default=0, help_text="Policy version.")
    shaped_day = models.DateField(null=True, blank=True, help_text="The date that gave the window.")
    shaped_facts = models.CharField(max_length=32, blank=True, help_text="Digest of sources and groups.")

    def __str__(self) -> str:
        return f"cell {self.pk}"


class RegisterRow(models.Model):
    """One item of a cell: the copy that shall stand in its targets, or why none does.

    A row that never had a copy has number 0, so no lane ever reads it; it answers "why not".
    A row that lost its copy keeps a number: the tombstone that takes the copies away.
    """

    cell = models.ForeignKey(Cell, on_delete=models.CASCADE, related_name="rows")
    key = models.TextField(help_text="The item's identity within the cell.")
    mark = models.CharField(max_length=16, help_text="Keyed hash of the key: the row's part of a mark.")
    number = models.BigIntegerField(default=0)
    fingerprint = models.CharField(max_length=32, blank=True, help_text="Of the copy; empty: no copy.")
    reason = models.CharField(max_length=200, blank=True, help_text="Why there is no copy.")
    cause = models.CharField(max_length=40, blank=True, help_text="What a delete of its copies is called.")
    about = models.CharField(max_length=64, blank=True, help_text="Object id of the person it is about.")
    people = ArrayField(models.CharField(max_length=16), default=list, help_text="Keyed hashes of addresses.")
    member = models.BigIntegerField(default=0, help_text="The tunnel member that gave its content.")
    starts_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cell", "key"], name="an_item_has_one_row"),
            models.UniqueConstraint(
                fields=["cell", "number"], condition=Q(number__gt=0), name="a_number_names_one_row"
            ),
        ]
        indexes = [models.Index(fields=["cell", "mark"], name="rows_by_mark")]

    def __str__(self) -> str:
        return f"row {self.pk} at {self.number}"


class Body(models.Model):
    """A copy's content, stored once however many rows, links and ledger entries name it."""

    fingerprint = models.CharField(max_length=32, primary_key=True)
    content = models.BinaryField(help_text="Canonical JSON.")

    class Meta:
        verbose_name_plural = "bodies"

    def __str__(self) -> str:
        return self.fingerprint
