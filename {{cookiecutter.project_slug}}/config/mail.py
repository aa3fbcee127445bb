{% if cookiecutter.django_version == '5.2' %}
"""Email backends: one for a mail server, and one for a site without one."""

import atexit
import copy
import logging
import queue
import threading

from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend
{% else %}
"""Email backends: one for a mail server, and two for a site without one."""

import atexit
import copy
import logging
import queue
import threading

from django.core.mail.backends import console, smtp
from django.core.mail.backends.base import BaseEmailBackend
{% endif %}

logger = logging.getLogger(__name__)

# Emails that wait for the mail server. They are lost if the process is killed.
emails = queue.Queue(maxsize=50)


class QueuedEmailBackend(BaseEmailBackend):
    """Send emails in another thread, so that a slow mail server does not delay pages.

    The thread logs an email that fails, because the page that caused it has been sent already. A
    management command runs in the main thread. It waits for the mail server and sees errors.
    """

    def __init__(self, **options):
        super().__init__()
        self.backend = smtp.EmailBackend(**options)

    def send_messages(self, email_messages):
        """Queue each message. Return the number of messages, as Django expects."""
        if threading.current_thread() is threading.main_thread():
            return self.backend.send_messages(email_messages)
        with lock:
            if not sender.ident:
                sender.start()
        for message in email_messages:
            try:
                # A copy, because the caller may change the message and send it again.
                emails.put_nowait((self.backend, copy.copy(message)))
            except queue.Full:
                logger.error("Email not sent, because too many are waiting: %s", message.subject)
        return len(email_messages)


def send_emails():
    """Send the emails in the queue, one after the other."""
    while True:
        backend, message = emails.get()
        try:
            backend.send_messages([message])
        except Exception as error:
            # Without the text of the error, which may contain the address of the recipient.
            logger.error("Email not sent (%s): %s", type(error).__name__, message.subject)
        emails.task_done()


@atexit.register
def wait_for_emails():
    """When the process exits, wait up to ten seconds for the emails in the queue."""
    with emails.all_tasks_done:
        if not emails.all_tasks_done.wait_for(lambda: not emails.unfinished_tasks, timeout=10):
            logger.error("%d emails were lost when the process exited.", emails.unfinished_tasks)


# Starts with the first email, because threads do not survive the fork of gunicorn's processes.
lock = threading.Lock()
sender = threading.Thread(target=send_emails, name="email", daemon=True)


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

    Django's own backend prints the encoded email, in which long links are broken.
    """

    def write_message(self, message):
        """Write the headers and the text to the console."""
        recipients = ", ".join(message.recipients())
        headers = f"From: {message.from_email}\nTo: {recipients}\nSubject: {message.subject}"
        self.stream.write(f"{headers}\n\n{message.body}\n{'-' * 79}\n")
{% endif %}
