from django.urls import path

from . import views

app_name = "journal"
urlpatterns = [
    path("verify/", views.verify, name="verify"),
    path("verify/<str:token>/", views.verify, name="verify_token"),
]
