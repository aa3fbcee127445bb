{% if cookiecutter.django_version == '5.2' %}
"""The email backend of a site without a mail server."""

import logging

from django.core.mail.backends.base import BaseEmailBackend
{% else %}
"""The email backends of a site without a mail server."""

import logging

from django.core.mail.backends import console
from django.core.mail.backends.base import BaseEmailBackend
{% endif %}

logger = logging.getLogger(__name__)


class LoggingEmailBackend(BaseEmailBackend):
    """Log the subject of each email instead of sending it.

    The recipients and the text, which may contain a password reset link, do not belong in a log.
    """

    def send_messages(self, email_messages):
        """Log each message. Return 0, the number of messages that were sent."""
        for message in email_messages:
            logger.warning("Email not sent, because EMAIL_URL is not set: %s", message.subject)
        return 0
{% if cookiecutter.django_version != '5.2' %}


class ConsoleEmailBackend(console.EmailBackend):
    """Print each email as plain text.

    Django prints it in the encoding in which it would be sent, which breaks long links.
    """

    def write_message(self, message):
        """Write the headers and the text to the console."""
        recipients = ", ".join(message.recipients())
        headers = f"From: {message.from_email}\nTo: {recipients}\nSubject: {message.subject}"
        self.stream.write(f"{headers}\n\n{message.body}\n{'-' * 79}\n")
{% endif %}
