"""Addresses of datasets."""

from django.urls import path

from dataflows.datasets import deletion_views, rollback_views, views

urlpatterns = [
    path("datasets/", views.datasets, name="datasets"),
    path("datasets/<int:pk>/", views.dataset, name="dataset"),
    path("datasets/<int:pk>/delete/", deletion_views.dataset_delete, name="dataset_delete"),
    path(
        "datasets/<int:pk>/snapshots/<int:snapshot>/roll-back/",
        rollback_views.dataset_roll_back,
        name="dataset_roll_back",
    ),
]
