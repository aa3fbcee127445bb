"""What happens to mail in production while there is no mail server."""

import logging

from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)


class LoggingBackend(BaseEmailBackend):
    """Log one sentence for each mail instead of sending it.

    The sentence holds the subject alone. Addresses and bodies, a password-reset link among them,
    do not belong in a log.
    """

    def send_messages(self, email_messages):
        """Log every message and return 0, the number of messages sent."""
        for message in email_messages:
            logger.warning(
                "A mail was not sent, because EMAIL_URL is not set. Its subject: %s",
                message.subject,
            )
        return 0
