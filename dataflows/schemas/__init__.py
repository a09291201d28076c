"""XDM schemas, stored as JSON Schema documents: what a dataset's columns are, which are required, who is identified.

No Django in here. ``XdmSchema.from_json(document)`` reads and checks, ``mixpanel_events()`` is the schema we ship.
"""

from dataflows.schemas.comparing import Comparison, Difference, compare
from dataflows.schemas.identities import Identity
from dataflows.schemas.reading import SchemaInvalid
from dataflows.schemas.shapes import Shape, XdmType
from dataflows.schemas.standard import mixpanel_events
from dataflows.schemas.xdm import Field, XdmSchema

__all__ = [
    "Comparison",
    "Difference",
    "Field",
    "Identity",
    "SchemaInvalid",
    "Shape",
    "XdmSchema",
    "XdmType",
    "compare",
    "mixpanel_events",
]
