from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny

from .. import errors
from ..docs import docs
from . import brought, views

urlpatterns = [
    path("services/", views.Services.as_view()),
    path("services/<slug:code>/", views.Service.as_view()),
    path("offices/", views.Offices.as_view()),
    path("transactions/", views.Transactions.as_view()),
    path("transactions/<str:reference>/", views.TransactionView.as_view()),
    path("transactions/<str:reference>/answers/", views.Answers.as_view()),
    path("transactions/<str:reference>/deficiencies/<int:deficiency>/files/", views.DeficiencyFiles.as_view()),
    path("transactions/<str:reference>/moves/", views.Moves.as_view()),
    path("attachments/", views.Attachments.as_view()),
    path("attachments/<uuid:key>/", views.AttachmentView.as_view()),
    path("receipts/", brought.Receipts.as_view()),
    path("inquiries/", views.Inquiries.as_view(), name="inquiries"),
    path("schema/", SpectacularAPIView.as_view(permission_classes=[AllowAny]), name="api_schema"),
    path("docs/", docs, name="api_docs"),
    re_path(r"^[\s\S]*$", errors.not_found),
]
