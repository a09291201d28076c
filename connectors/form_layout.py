"""How every form looks: crispy's Bootstrap fields without a form tag, which the page writes itself."""

from __future__ import annotations

from crispy_forms.helper import FormHelper


class PageForm:
    """Mixin before ``forms.Form``, for ``{% crispy form %}`` or ``{{ form.field|as_crispy_field }}``.

    The page writes ``<form>`` and ``{% csrf_token %}``, so that one form may hold more than its fields.
    """

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper(self)
        helper.form_tag = False
        helper.disable_csrf = True
        helper.use_custom_control = False
        return helper
