"""All addresses."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.generic import RedirectView

from dataflows.api.application import urls as api_urls
from dataflows.monitoring.status import healthz, readyz

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="dataflows:monitoring"), name="home"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("sources/", include("connectors.urls")),
    path("", include("dataflows.urls")),
    path("admin/", admin.site.urls),
    path("", include((api_urls(), "api"), namespace="api")),
    path("healthz", healthz),
    path("readyz", readyz),
]
