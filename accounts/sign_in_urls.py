"""The pages of django-allauth the portal uses, under allauth's own names. Accounts are opened by accounts:first."""

from allauth.account import views
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/", views.password_change, name="account_change_password"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("2fa/", include("allauth.mfa.urls")),
    path("signup/", RedirectView.as_view(pattern_name="accounts:first"), name="account_signup"),
    path("password/forgotten/", RedirectView.as_view(pattern_name="accounts:first"), name="account_reset_password"),
    path("email/", RedirectView.as_view(pattern_name="accounts:profile"), name="account_email"),
    path("set/", RedirectView.as_view(pattern_name="accounts:first"), name="account_set_password"),
]
