"""What people see in a browser: / and /docs."""

from importlib.resources import files

from flask import Blueprint, redirect, render_template, url_for
from werkzeug import Response

# The package flask-swagger-ui is taken for the files of Swagger UI that it carries: its own page
# lacks what a phone needs. Where they lie in it is not documented; a test would see them move.
SWAGGER_UI = files("flask_swagger_ui") / "dist"

blp = Blueprint("pages", __name__, static_folder=str(SWAGGER_UI), static_url_path="/docs/assets")


@blp.get("/")
def home() -> Response:
    """Lead people to the documentation."""
    return redirect(url_for("pages.docs"))


@blp.get("/docs")
def docs() -> str:
    """Return Swagger UI. All its files come from here: it works with no internet."""
    return render_template("docs.html")
