"""The Admin pages: people and their roles; accounts and the request ledger to look at, never the secrets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from connectors.models import Account, ExportRequest
from connectors.roles import ADMIN, ROLES, has_role

admin.site.site_header = admin.site.site_title = _("Tributary administration")
admin.site.index_title = _("People, and the records behind the pages")

# The roles are fixed; renaming or deleting one would lock people out.
admin.site.unregister(Group)
admin.site.unregister(User)


class ForAdmins:
    """Permissions by role instead of Django's permission tables."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, ADMIN)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user, ADMIN)


class LookOnly(ForAdmins):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class PeopleAdmin(ForAdmins, UserAdmin):  # type: ignore[type-arg]
    """Only a superuser may touch a superuser: an Admin must not become one by resetting a password."""

    list_display = ("username", "email", "roles", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "usable_password", "password1", "password2", "groups")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("Roles"))
    def roles(self, user: User) -> str:
        names = sorted(group.name for group in user.groups.all())
        if user.is_superuser:
            names.insert(0, str(_("Superuser")))
        return ", ".join(names) or "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, ADMIN)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return has_role(request.user, ADMIN) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self.has_change_permission(request, obj) and obj != request.user

    @staticmethod
    def _may_touch(request: HttpRequest, obj: User | None) -> bool:
        return obj is None or not obj.is_superuser or bool(getattr(request.user, "is_superuser", False))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            return forms.ModelMultipleChoiceField(
                Group.objects.filter(name__in=ROLES),
                label=_("Role"),
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("A Viewer looks, an Analyst sets up and runs, an Admin also manages people."),
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Whoever has the role Admin may open these pages, and nobody else."""
        super().save_related(request, form, formsets, change)
        user: User = form.instance
        is_staff = has_role(user, ADMIN)
        if user.is_staff != is_staff:
            user.is_staff = is_staff
            user.save(update_fields=["is_staff"])


@admin.register(Account)
class AccountAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "kind", "username", "region", "created_by", "created_at", "last_checked_at")
    search_fields = ("name", "username")
    fields = (
        "name",
        "description",
        "kind",
        "auth_kind",
        "username",
        "region",
        "secret_changed_at",
        "created_by",
        "created_at",
        "updated_at",
        "last_checked_at",
    )


@admin.register(ExportRequest)
class ExportRequestAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("sent_at", "account", "purpose", "reference", "first_day", "last_day", "status", "size", "code")
    list_filter = ("purpose", "code")
    list_select_related = ("account",)
    date_hierarchy = "sent_at"


@admin.register(LogEntry)
class TrailAdmin(LookOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who added, changed and deleted what (``connectors.audit``), of everybody; the start page shows only one's own."""

    list_display = ("action_time", "user", "action_flag", "content_type", "object_repr", "change_message")
    list_filter = ("action_flag", "content_type")
    search_fields = ("object_repr", "user__username")
    list_select_related = ("user", "content_type")
