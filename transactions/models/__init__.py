"""A transaction and everything that hangs on it. Only the topics beside it write its tables."""

from .authorisation_events import AuthorisationEvent
from .booklets import Booklet, BookletEvent, Slip
from .books import Difference, Reconciliation
from .brought import BroughtReceipt
from .bulk import BulkItem, BulkJob
from .checklists import PointVersion
from .checks import Check
from .closures import Closure
from .counter import CounterTicket, ReceiptReprint
from .desk import CasePresence, LaneTurn, SavedFilter
from .feedback import FeedbackReason, PageFeedback
from .figures import DayFigure, MonthFigures
from .history import Deficiency, Direction, Event, Movement, Register, Serial
from .incidents import GateSwitch, Incident, IncidentNotice, IncidentWording
from .inspections import Inspection
from .marks import Mark
from .notes import Note
from .objections import Objection
from .outlines import PlotBox
from .papers import IS_SENT, Attachment, FeeDue, Intake, IssuedDocument, PaperContent
from .piles import OfficePile, PileForecast
from .requests import AT_COUNTER, Channel, Draft, Transaction, TransactionQuerySet
from .signed import SignedPaper, SigningCertificate
from .staff_notices import StaffMail, StaffNotice
from .subscriptions import StatusMessage, StatusSubscription
from .text_templates import TextTemplate, TextTemplateVersion
from .versions import AnswersInProgress, AnswersVersion
from .visits import CounterVisit
from .work import Delivery, DeliveryReport, FailedAttempt, Handover, Heartbeat, Notification, Outbox

# Whatever names a file in the store: each has stored_as, sha256, size, transaction. Backup, sweep and rebuild go by it.
STORED = (Attachment, SignedPaper)

__all__ = [
    "AT_COUNTER",
    "IS_SENT",
    "STORED",
    "AnswersInProgress",
    "AnswersVersion",
    "Attachment",
    "AuthorisationEvent",
    "Booklet",
    "BookletEvent",
    "BroughtReceipt",
    "BulkItem",
    "BulkJob",
    "CasePresence",
    "Channel",
    "Check",
    "Closure",
    "CounterTicket",
    "CounterVisit",
    "DayFigure",
    "Deficiency",
    "Delivery",
    "DeliveryReport",
    "Difference",
    "Direction",
    "Draft",
    "Event",
    "FailedAttempt",
    "FeeDue",
    "FeedbackReason",
    "GateSwitch",
    "Handover",
    "Heartbeat",
    "Incident",
    "IncidentNotice",
    "IncidentWording",
    "Inspection",
    "Intake",
    "IssuedDocument",
    "LaneTurn",
    "Mark",
    "MonthFigures",
    "Movement",
    "Note",
    "Notification",
    "Objection",
    "OfficePile",
    "Outbox",
    "PageFeedback",
    "PaperContent",
    "PileForecast",
    "PlotBox",
    "PointVersion",
    "ReceiptReprint",
    "Reconciliation",
    "Register",
    "SavedFilter",
    "Serial",
    "SignedPaper",
    "SigningCertificate",
    "Slip",
    "StaffMail",
    "StaffNotice",
    "StatusMessage",
    "StatusSubscription",
    "TextTemplate",
    "TextTemplateVersion",
    "Transaction",
    "TransactionQuerySet",
]
