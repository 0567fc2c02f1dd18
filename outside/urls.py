from django.urls import path

from . import views

app_name = "outside"
urlpatterns = [
    path("outside/<slug:body>/events/", views.events, name="events"),
    path("outside/sms/reports/", views.sms_reports, name="sms_reports"),
]
