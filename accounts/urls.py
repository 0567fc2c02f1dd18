from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("first/", views.first_sign_in, name="first"),
    path("first/code/", views.enter_code, name="code"),
    path("profile/", views.profile, name="profile"),
    path("profile/email/", views.resend_email_link, name="email_again"),
    path("email/<str:token>/", views.email, name="email"),
    path("profile/programs/", views.api_tokens, name="programs"),
    path("profile/programs/end/", views.end_api_token, name="program_end"),
    path("authorisations/", views.authorisations, name="authorisations"),
    path("authorisations/<int:pk>/revoke/", views.revoke_authorisation, name="revoke"),
    path("office/authorisations/", views.office_authorisations, name="office_authorisations"),
    path("office/authorisations/<int:pk>/answer/", views.answer_authorisation, name="answer"),
]
