from django.urls import path

from dataflows.wizard import views

urlpatterns = [
    path("dataflows/new/", views.wizard_new, name="wizard_new"),
    path("dataflows/<int:pk>/edit/<slug:slug>/", views.wizard, name="wizard"),
    path("dataflows/<int:pk>/discard/", views.wizard_discard, name="wizard_discard"),
]
