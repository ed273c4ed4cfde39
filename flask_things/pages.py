"""What people see in a browser: / and /docs."""

from importlib.resources import files

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

# The package flask-swagger-ui is taken for the files of Swagger UI that it carries: its own page
# lacks what a phone needs. Where they lie in it is not documented; a test would see them move.
SWAGGER_UI = files("flask_swagger_ui") / "dist"

#: What changes with a release only: a browser that has it asks whether it is still so.
DOCUMENTS = {"pages.docs", "api-docs.openapi_json"}

blp = Blueprint("pages", __name__, static_folder=str(SWAGGER_UI), static_url_path="/docs/assets")


@blp.get("/")
def home() -> AnyResponse:
    """Lead people to the documentation."""
    return redirect(url_for("pages.docs"))


@blp.get("/docs")
def docs() -> str:
    """Return Swagger UI. All its files come from here: it works with no internet."""
    return render_template("docs.html")


@blp.after_app_request
def revalidate(response: Response) -> Response:
    """Give documents an ETag, and answer 304 to who has them."""
    if request.endpoint in DOCUMENTS:
        response.cache_control.no_cache = True
        response.add_etag()
        response.make_conditional(request)
    return response
