"""Addresses of the pages about the API; those of the API itself are in ``application``."""

from django.urls import path

from dataflows.api import views

urlpatterns = [
    path("api/clients/", views.api_clients, name="api_clients"),
    path("api/clients/new/", views.api_client_new, name="api_client_new"),
    path("api/clients/<int:pk>/revoke/", views.api_client_revoke, name="api_client_revoke"),
    path("api/docs/", views.api_docs, name="api_docs"),
]
