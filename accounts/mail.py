"""Mail the portal sends by itself."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage

from core import outside_http
from core.text import one_line, without_marks

BODY = "mail"


def send_mail(to: str, subject: str, text: str, *, key: str, end_link: str = "") -> None:
    """Send one mail and say that nobody wrote it, so that nobody's holiday reply comes back (RFC 3834).

    Sent again after a crash it carries the same `key`, by which a mailbox knows it. `end_link` ends a subscription
    by one press in the mailbox too (RFC 8058). Raises what the server says.
    """
    sender = settings.DEFAULT_FROM_EMAIL
    headers = {
        "Message-ID": f"<{key}@{sender.rpartition('@')[2].rstrip('>')}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if end_link:
        headers |= {"List-Unsubscribe": f"<{end_link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = EmailMessage(one_line(subject), without_marks(text), sender, [to], headers=headers)
    with outside_http.watched(BODY, "message", key=key, refusals=(SMTPRecipientsRefused,)):
        message.send()
