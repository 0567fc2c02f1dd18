from django.urls import path

from . import own_views, views
from .sign_on import views as sign_on

app_name = "accounts"
urlpatterns = [
    path("sign-on/", sign_on.begin, name="sign_on"),
    path("sign-on/wait/", sign_on.wait, name="sign_on_wait"),
    path("sign-on/state/", sign_on.state, name="sign_on_state"),
    path("sign-on/continue/", sign_on.go_on, name="sign_on_continue"),
    path("sign-on/cancel/", sign_on.cancel, name="sign_on_cancel"),
    path("sign-on/callback/", sign_on.callback, name="sign_on_callback"),
    path("profile/confirm/", own_views.confirm, name="step_up"),
    path("profile/mobile/", own_views.mobile, name="mobile"),
    path("profile/mobile/code/", own_views.mobile_code, name="mobile_code"),
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
