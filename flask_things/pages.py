"""What people see in a browser: / and /docs."""

from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

# The package flask-swagger-ui is taken for the files of Swagger UI that it carries: its own page
# lacks what a phone needs. Where they lie in it is not documented; a test would see them move.
SWAGGER_UI = files("flask_swagger_ui") / "dist"

#: What changes with a release only: a browser that has it asks whether it is still so.
DOCUMENTS = {"pages.docs", "api-docs.openapi_json"}

#: What that page may do: run and ask what is here. Swagger UI sets styles with pictures in them.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

blp = Blueprint("pages", __name__, static_folder=str(SWAGGER_UI), static_url_path="/docs/assets")


@blp.get("/")
def home() -> AnyResponse:
    """Lead people to the documentation."""
    return redirect(url_for("pages.docs"))


@blp.get("/docs")
def docs() -> Any:
    """Return Swagger UI. All its files come from here: it works with no internet."""
    return render_template("docs.html"), {"Content-Security-Policy": POLICY}


@blp.after_app_request
def revalidate(response: Response) -> Response:
    """Give documents an ETag, and answer 304 to who has them."""
    if request.endpoint in DOCUMENTS:
        response.cache_control.no_cache = True
        response.add_etag()
        response.make_conditional(request)
    return response
