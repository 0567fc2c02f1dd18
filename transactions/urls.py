from django.urls import path

from .views import answering, documents, drafts, files, office, public, requests

app_name = "transactions"
urlpatterns = [
    path("", public.home, name="home"),
    path("services/<slug:code>/", public.service, name="service"),
    path("inquiry/", public.inquire, name="inquiry"),
    path("help/", public.page, {"name": "help"}, name="help"),
    path("privacy/", public.page, {"name": "privacy"}, name="privacy"),
    path("accessibility/", public.page, {"name": "accessibility"}, name="accessibility"),
    path("apply/<slug:code>/", drafts.start, name="start"),
    path("drafts/", drafts.every, name="drafts"),
    path("drafts/<uuid:key>/", drafts.task_list, name="draft"),
    path("drafts/<uuid:key>/documents/", documents.documents, name="documents"),
    path("drafts/<uuid:key>/documents/<slug:code>/", documents.add_document, name="add_document"),
    path("drafts/<uuid:key>/check/", drafts.check, name="check"),
    path("drafts/<uuid:key>/discard/", drafts.discard, name="discard"),
    path("drafts/<uuid:key>/<slug:code>/", drafts.step, name="step"),
    path("requests/", requests.requests, name="requests"),
    path("requests/<str:reference>/", requests.detail, name="request"),
    path("requests/<str:reference>/timeline/", requests.timeline, name="timeline"),
    path("requests/<str:reference>/receipt/", requests.receipt, name="receipt"),
    path("requests/<str:reference>/pin/", requests.renew_pin, name="renew_pin"),
    path("requests/<str:reference>/answer/", answering.answer, name="answer"),
    path("requests/<str:reference>/answer/<int:pk>/", documents.add_answer_file, name="add_answer_file"),
    path("requests/<str:reference>/withdraw/", requests.withdraw, name="withdraw"),
    path("requests/<str:reference>/documents/<slug:kind>/", requests.document, name="document"),
    path("notices/", requests.notices_list, name="notices"),
    path("notices/read/", requests.notices_read, name="notices_read"),
    path("office/", office.office, name="office"),
    path("office/changes/", office.changes, name="office_changes"),
    path("files/<uuid:key>/", files.download, name="file"),
    path("files/<uuid:key>/preview/", files.preview, name="preview"),
    path("files/<uuid:key>/preview/<int:page>/", files.preview, name="preview_page"),
]
