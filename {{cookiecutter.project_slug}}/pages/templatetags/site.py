"""Template tag for the error pages."""

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
