"""A rehearsal of this project's deploy to Heroku, on this machine: `python -m preflight`.

It knows Heroku's contract alone (Procfile, app.json, the package manager's file, the Python version
file, manage.py), imports nothing from the project, and needs nothing but Python 3.10.
"""
