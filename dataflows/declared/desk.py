"""What every part of the check needs to see: who, when, where, and what else the file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from connectors.roles import User
from dataflows.declared.problems import Place, Problems
from dataflows.declared.shape import Reading
from dataflows.models import Dataset, Schema
from dataflows.schemas import XdmSchema


@dataclass
class Desk:
    """``environment`` holds the secrets; ``xdm`` the schemas of the file, by title, as soon as they are checked."""

    file: Reading
    problems: Problems
    folder: Path
    environment: Mapping[str, str]
    by: User
    now: datetime
    xdm: dict[str, XdmSchema] = field(default_factory=dict)

    def schema(self, title: str, place: Place) -> XdmSchema | None:
        """That of the file, else the stored one; a problem when there is neither."""
        if title in self.xdm:
            return self.xdm[title]
        if self.file.declares("schemas", title):
            return None  # It is declared and wrong, which is said there.
        stored = Schema.objects.filter(title=title).first()
        if stored is None:
            self.problems.add(place, f"There is no schema “{title}”.", "Add it under schemas, or correct the title.")
            return None
        return stored.xdm

    def schema_of_data_set(self, name: str) -> XdmSchema | None:
        """The schema that the dataset has or will have; ``None`` when that is unknown, which is said elsewhere."""
        title = next((each.schemaRef.title for each in self.file.document.dataSets if each.name == name), "")
        if not title:
            stored = Dataset.objects.filter(name=name).select_related("schema").first()
            title = stored.schema.title if stored else ""
        if title in self.xdm:
            return self.xdm[title]
        found = Schema.objects.filter(title=title).first()
        return found.xdm if found else None
