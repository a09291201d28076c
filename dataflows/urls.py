"""Addresses of the pages, one list per room."""

from dataflows.api.urls import urlpatterns as api
from dataflows.datasets.urls import urlpatterns as datasets
from dataflows.diagnostics.urls import urlpatterns as diagnostics
from dataflows.help.urls import urlpatterns as help_pages
from dataflows.mapper.urls import urlpatterns as mapper
from dataflows.monitoring.urls import urlpatterns as monitoring
from dataflows.schema_workspace.urls import urlpatterns as schema_workspace
from dataflows.wizard.urls import urlpatterns as wizard

app_name = "dataflows"

urlpatterns = [*api, *wizard, *mapper, *monitoring, *datasets, *schema_workspace, *diagnostics, *help_pages]
