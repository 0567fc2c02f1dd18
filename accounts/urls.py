from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("first/", views.first, name="first"),
    path("first/code/", views.code, name="code"),
    path("profile/", views.profile, name="profile"),
    path("profile/email/", views.email_again, name="email_again"),
    path("email/<str:token>/", views.email, name="email"),
    path("profile/programs/", views.programs, name="programs"),
    path("profile/programs/end/", views.program_end, name="program_end"),
    path("authorisations/", views.authorisations, name="authorisations"),
    path("authorisations/<int:pk>/revoke/", views.revoke, name="revoke"),
    path("office/authorisations/", views.office_authorisations, name="office_authorisations"),
    path("office/authorisations/<int:pk>/answer/", views.answer, name="answer"),
]
