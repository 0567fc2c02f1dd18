from django.urls import path

from . import views

app_name = "outside"
urlpatterns = [path("outside/<slug:body>/events/", views.events, name="events")]
