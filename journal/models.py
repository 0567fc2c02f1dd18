"""The book of what was promised. Rows of Entry are written once; the database itself refuses to change them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Chain(models.Model):
    """One chain for each node and incarnation. Its row is the lock under which entries are appended."""

    node = models.CharField(_("node"), max_length=2)
    incarnation = models.CharField(_("incarnation"), max_length=1)
    public_key = models.BinaryField()
    head_hash = models.BinaryField()
    length = models.PositiveBigIntegerField(_("length"), default=0)
    # Letters drawn when it was begun in a database that may have copies; they stand in its numbers after the letter.
    lot = models.CharField(max_length=4, blank=True, default="", db_default="")
    # How often the database had been restored when the chain was begun: it ends with the next time.
    restorations = models.PositiveIntegerField(default=0, db_default=0)
    # There is a witness outside the database (witness.py), so that its absence tells of a copy.
    witnessed = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("journal chain")
        verbose_name_plural = _("journal chains")
        constraints = [
            models.UniqueConstraint(
                fields=["node", "incarnation"],
                name="one_chain_per_incarnation",
                violation_error_message=_("This node already has a journal with this letter."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.node}{self.incarnation}{self.lot}"


class Restoration(models.Model):
    """This database came out of a backup. No chain that was begun before goes on in it."""

    at = models.DateTimeField()
    made_at = models.DateTimeField()
    # Keys of the secrets and powers that were ended with it, by kind (accounts/restored.py).
    ended = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"


class NodeListVersion(models.Model):
    """A signed node list as it was taken in. Its signature is checked whenever it is read (nodes.py)."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    document = models.TextField(_("document"))
    taken_at = models.DateTimeField(_("accepted at"))

    class Meta:
        verbose_name = _("node list")
        verbose_name_plural = _("node lists")

    def __str__(self) -> str:
        return str(self.version)


class Entry(models.Model):
    """One promise. `body` holds the canonical bytes as they were signed."""

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="entries", db_index=False)
    seq = models.PositiveBigIntegerField(_("number"))
    kind = models.SlugField(_("kind"), max_length=20, db_index=False)
    subject = models.CharField(_("subject"), max_length=40)
    body = models.BinaryField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()
    signature = models.BinaryField()
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        ordering = ["chain_id", "seq"]
        indexes = [models.Index(fields=["subject"], name="entries_of_subject")]
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "seq"],
                name="entries_are_numbered",
                violation_error_message=_("A journal entry already has this number."),
            ),
            # A request is received once, whatever is sent again.
            models.UniqueConstraint(
                fields=["subject"],
                condition=models.Q(kind="received"),
                name="a_request_is_received_once",
                violation_error_message=_("The journal already shows this request as received."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.subject}"
