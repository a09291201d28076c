"""Addresses of the help pages."""

from django.urls import path

from dataflows.help import views

urlpatterns = [
    path("help/codes/", views.codes, name="help_codes"),
    path("help/codes/<str:code>/", views.code, name="help_code"),
]
