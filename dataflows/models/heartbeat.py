"""Signs of life of the processes behind the pages."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """``name`` is ``tick`` for the scheduler or ``worker:<host>:<pid>`` for a worker process."""

    name = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField()
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str, *, now: datetime, detail: str = "") -> None:
        cls.objects.update_or_create(name=name, defaults={"at": now, "detail": detail})
