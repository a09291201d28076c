"""Addresses of datasets and schemas."""

from django.urls import path

from dataflows.datasets import views

urlpatterns = [
    path("datasets/", views.datasets, name="datasets"),
    path("datasets/<int:pk>/", views.dataset, name="dataset"),
    path("schemas/", views.schemas, name="schemas"),
    path("schemas/<int:pk>/", views.schema, name="schema"),
]
