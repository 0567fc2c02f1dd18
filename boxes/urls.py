from django.urls import path

from .centre import views

app_name = "boxes"
urlpatterns = [
    path("boxes/deliveries/", views.deliveries, name="deliveries"),
    path("boxes/news/", views.news, name="news"),
]
