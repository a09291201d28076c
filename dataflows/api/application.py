"""The API as one application: its services, its errors, its document."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.urls import re_path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from dataflows.api import refusals
from dataflows.api.authentication import SANDBOX, PlatformAuth
from dataflows.api.bodies import StrictParser
from dataflows.api.catalog import batches, data_sets, snapshots
from dataflows.api.conversion import languages, mapping_sets, single_mappings
from dataflows.api.export import batch_meta, files
from dataflows.api.flowservice import connections, days, flows, runs, source_connections, specs, target_connections
from dataflows.api.gateway import nowhere
from dataflows.api.ims import router as ims
from dataflows.api.registry import descriptors, field_groups, stats
from dataflows.api.registry import schemas as registry_schemas

FOUNDATION = "/data/foundation"
SERVICES = {
    "/flowservice": (specs, connections, source_connections, target_connections, flows, days, runs),
    "/conversion": (mapping_sets, single_mappings, languages),
    "/schemaregistry": (stats, registry_schemas, field_groups, descriptors),
    "/catalog": (data_sets, snapshots, batches),
    "/export": (batch_meta, files),
}

# All of them with every request below the foundation; the sandbox may be left out, for there is one.
SECURITY: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token from /ims/token/v3."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The client id."},
    "organization": {"type": "apiKey", "in": "header", "name": "x-gw-ims-org-id", "description": "HEX@AdobeOrg."},
}
SANDBOX_HEADER = {
    "name": "x-sandbox-name",
    "in": "header",
    "required": False,
    "description": "Without it the only sandbox is meant.",
    "schema": {"type": "string", "enum": [SANDBOX], "default": SANDBOX},
}


class Platform(NinjaAPI):
    """Its document says which headers AEP's gateway wants together."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> OpenAPISchema:
        document = super().get_openapi_schema(*args, **kwargs)
        document["components"]["securitySchemes"] = SECURITY
        for path, methods in document["paths"].items():
            for operation in methods.values() if FOUNDATION in path else ():
                operation["security"] = [{name: [] for name in SECURITY}]
                others = [each for each in operation.get("parameters", []) if each != SANDBOX_HEADER]
                operation["parameters"] = [*others, SANDBOX_HEADER]
        return document


api = Platform(
    title="Tributary API",
    version="1.0",
    description="The Flow Service API and its neighbours, in the shapes of Adobe Experience Platform. Every request "
    "below /data/foundation carries Authorization: Bearer (from /ims/token/v3), x-api-key (the client id), "
    "x-gw-ims-org-id, and x-sandbox-name: prod.",
    urls_namespace="api",
    docs_url=None,
    openapi_url="/api/openapi.json",
    parser=StrictParser(),
    auth=PlatformAuth(),
)
refusals.register(api)
api.add_router("/ims", ims)
for place, modules in SERVICES.items():
    for module in modules:
        api.add_router(FOUNDATION + place, module.router)


def urls() -> list[Any]:
    """Addresses of the API, open to whoever has no session: tokens decide."""
    patterns, _, _ = api.urls
    for pattern in patterns:
        if pattern.callback is not None:
            login_not_required(pattern.callback)
    return [*patterns, re_path(r"^(?:data/foundation|ims)(?:/(?s:.*))?$", nowhere)]
