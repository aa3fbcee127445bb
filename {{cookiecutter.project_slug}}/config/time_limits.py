"""Time limits for database queries. Only web processes import this: see wsgi.py and asgi.py."""

from django.db.backends.signals import connection_created
from django.dispatch import receiver


@receiver(connection_created)
def limit_queries(connection, **kwargs):
    """Let PostgreSQL cancel a query that takes too long, or that waits too long for a lock.

    Otherwise, a locked table would soon occupy all threads, and the whole site would not respond.
    These are not options of the connection, because the pooler PgBouncer refuses such options.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '15s'; SET lock_timeout = '5s'")
