from django.urls import path

from . import views, webhook

app_name = "billing"
urlpatterns = [
    path("bank/notices/", webhook.notices, name="notices"),
    path("requests/<str:reference>/bill/", views.slip, name="slip"),
    path("requests/<str:reference>/bill/returned/", views.returned, name="returned"),
    path("requests/<str:reference>/bill/new/", views.renew, name="renew"),
]
