"""Change the tables of the database, one release after another: `python manage.py migrate`."""

import time

from django.core.management.commands import migrate
from django.db import connections


class Command(migrate.Command):
    """Django's command, which waits until another one on the same database has finished.

    Otherwise, two releases at the same moment could both run a migration, and change data twice.
    """

    def handle(self, *args, **options):
        """Lock, then migrate. PostgreSQL releases the lock when this process disconnects."""
        connection = connections[options["database"]]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Any number that nothing else in this database uses for a lock. A query that waits
                # for it would block an index that is created CONCURRENTLY.
                cursor.execute("SELECT pg_try_advisory_lock(2026)")
                while cursor.fetchone() == (False,):
                    self.stdout.write("Waiting for another migrate command to finish.")
                    time.sleep(1)
                    cursor.execute("SELECT pg_try_advisory_lock(2026)")
        super().handle(*args, **options)
