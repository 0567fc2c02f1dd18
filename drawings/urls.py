from django.urls import path

from . import corner_views, views

app_name = "drawings"
urlpatterns = [
    path("drawings/", views.guide, name="guide"),
    path("drawings/template.dxf", views.template, name="template"),
    path("drawings/checks/", views.checks, name="checks"),
    path("drafts/<uuid:key>/drawings/corners/", corner_views.corners, name="corners"),
    path("drawings/checks/<uuid:key>/", views.check, name="check"),
    path("drawings/checks/<uuid:key>/unit/", views.unit, name="unit"),
    path("drawings/checks/<uuid:key>/again/", views.again, name="again"),
    path("drawings/checks/<uuid:key>/delete/", views.delete, name="delete"),
    path("drawings/checks/<uuid:key>/findings/<int:pk>/", views.finding, name="finding"),
]
