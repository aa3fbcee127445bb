"""Limits for emails, so that visitors cannot make this site flood a mailbox."""

import unicodedata
from datetime import timedelta

{% if cookiecutter.accounts == 'allauth' %}
from allauth.core.internal.ratelimit import get_ip as get_client_ip
{% endif %}
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import SentEmail
{% if cookiecutter.accounts == 'django' %}
from accounts.throttling import get_client_ip
{% endif %}


def may_send_email(request, email, warning=False):
    """Return whether a visitor may cause another email to an address, and count that email.

    A warning about a change to an account has its own limit, which no stranger can use up.
    """
    SentEmail.objects.filter(time__lt=timezone.now() - timedelta(hours=1)).delete()
    # All spellings that Django treats as the same address count together.
    email = unicodedata.normalize("NFKC", email).casefold()
    if warning:
        return take_number("email", f"warning {email}")
    return take_number("ip_address", get_client_ip(request)) and take_number("email", email)


def take_number(kind, value):
    """Store an email under a free number below the limit. Return whether there was one.

    The database refuses a number that another process has just taken, so that requests at the same
    moment cannot exceed the limit.
    """
    limit = settings.EMAILS_PER_HOUR[kind]
    keys = [salted_hmac(kind, f"{n} {value}", algorithm="sha256").hexdigest() for n in range(limit)]
    taken = set(SentEmail.objects.filter(key__in=keys).values_list("key", flat=True))
    return any(SentEmail.objects.get_or_create(key=key)[1] for key in keys if key not in taken)
