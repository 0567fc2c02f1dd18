from django.urls import path, re_path

from .. import errors
from ..docs import Description, docs
from . import brought, catalogue, files, inquiries, moves, people, published, views

urlpatterns = [
    path("services/", catalogue.Services.as_view()),
    path("services/<slug:code>/", catalogue.Service.as_view()),
    path("services/<slug:code>/check/", catalogue.Check.as_view()),
    path("offices/", catalogue.Offices.as_view()),
    path("districts/", catalogue.Districts.as_view()),
    path("queue/next/", moves.TakeNext.as_view()),
    path("transactions/", views.Transactions.as_view()),
    path("transactions/<str:reference>/", views.TransactionView.as_view()),
    path("transactions/<str:reference>/receipt/", views.Receipt.as_view()),
    path("transactions/<str:reference>/pin/", views.Pin.as_view()),
    path("transactions/<str:reference>/papers/<slug:kind>/", views.Paper.as_view()),
    path("transactions/<str:reference>/looks/", views.Looks.as_view()),
    path("transactions/<str:reference>/answers/", views.Answers.as_view()),
    path("transactions/<str:reference>/deficiencies/<int:deficiency>/files/", files.DeficiencyFiles.as_view()),
    path("transactions/<str:reference>/moves/", moves.Moves.as_view()),
    path("transactions/<str:reference>/colleagues/", moves.Colleagues.as_view()),
    path("transactions/<str:reference>/notes/", moves.Notes.as_view()),
    path("transactions/<str:reference>/notes/read/", moves.NotesRead.as_view()),
    path("attachments/", files.Attachments.as_view()),
    path("attachments/<uuid:key>/", files.AttachmentView.as_view()),
    path("attachments/<uuid:key>/content/", files.Content.as_view()),
    path("engineering-offices/", people.EngineeringOffices.as_view()),
    path("authorisations/", people.Authorisations.as_view()),
    path("authorisations/<int:pk>/answer/", people.AuthorisationAnswer.as_view()),
    path("authorisations/<int:pk>/revoke/", people.AuthorisationRevoke.as_view()),
    path("notices/", people.Notices.as_view()),
    path("notices/read/", people.NoticesRead.as_view()),
    path("receipts/", brought.Receipts.as_view()),
    path("inquiries/", inquiries.Inquiries.as_view(), name="inquiries"),
    path("figures/", published.Figures.as_view()),
    path("figures/<str:month>/", published.FiguresOfMonth.as_view()),
    path("books/", published.LatestBooks.as_view()),
    path("books/<str:day>/", published.BooksOfDay.as_view()),
    path("schema/", Description.as_view(), name="api_schema"),
    path("docs/", docs, name="api_docs"),
    re_path(r"^[\s\S]*$", errors.not_found),
]
