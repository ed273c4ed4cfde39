"""The OpenAPI document, and Swagger UI at /docs."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, make_response, render_template, request

from flask_things.http.compression import compressed
from flask_things.http.preconditions import revalidated
from flask_things.web import assets

# Only the assets of flask-swagger-ui are used, because its page does not work on phones. Their path
# in the package is not documented; a test pins it.
SWAGGER_UI = files("flask_swagger_ui") / "dist"

#: The page may load and call only this server. Swagger UI sets inline styles and data: images.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

blp = Blueprint("pages", __name__)
blp.add_url_rule("/docs/assets/<path:filename>", "static", assets.serve(str(SWAGGER_UI)))


@blp.get("/docs")
@compressed
@revalidated
def docs() -> Response:
    """Return Swagger UI. All its assets are local, so it works offline."""
    return make_response(render_template("docs.html"), {"Content-Security-Policy": POLICY})


def init_app(app: Flask, document: Callable[[], dict[str, Any]]) -> None:
    """Register the pages, and the document that a function returns."""
    app.register_blueprint(blp)
    app.add_url_rule("/static/<path:filename>", "static", assets.serve("web/static"))

    @app.get("/openapi.json")
    @compressed
    @revalidated
    def openapi() -> Response:
        return jsonify({**document(), "servers": [{"url": request.script_root or "/"}]})
