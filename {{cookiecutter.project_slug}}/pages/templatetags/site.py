"""Template tags of this site."""

from django import template
from django.templatetags.static import static

register = template.Library()


@register.simple_tag
def style_sheet():
    """Return the URL of the style sheet, or "" if it was not collected.

    The tag `static` raises an error then, and an error page must not fail.
    """
    try:
        return static("css/site.css")
    except ValueError:
        return ""
{% if cookiecutter.accounts == 'allauth' %}


@register.filter
def without_placeholder(field):
    """Return the HTML of a form field. The placeholders of allauth repeat the labels."""
    return field.as_widget(attrs={"placeholder": False})
{% endif %}
