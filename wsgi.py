"""The application for gunicorn, `flask run` and `flask shell`. flask finds this file by default."""

from flask_things import create_app

app = create_app()
