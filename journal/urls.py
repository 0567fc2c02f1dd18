from django.urls import path

from . import views

app_name = "journal"
urlpatterns = [
    path("verify/", views.verify, name="verify"),
    path("verify/offline.html", views.offline_verifier, name="offline_verifier"),
    path("verify/nodes.json", views.nodes_file, name="node_list"),
    path("verify/<str:token>/", views.verify, name="verify_token"),
]
