"""The description of the API: made of the doors' own code, with a page to try it."""

from itertools import groupby
from operator import attrgetter
from pathlib import Path

import flask
import flask_openapi3_swagger
from flask import Blueprint, current_app, jsonify, render_template, send_from_directory
from flask_openapi3 import APIBlueprint, Info, Tag

from parlor import schemas
from parlor.errors import (
    CodeMalformed,
    CodeMissing,
    CrossSite,
    DescriptionInvalid,
    DescriptionTooLong,
    EmailInvalid,
    FullNameInvalid,
    Invalid,
    MessageInvalid,
    MessageMissing,
    MessageTooLong,
    MethodNotAllowed,
    NameInvalid,
    NameMissing,
    NameTooLong,
    NotAMember,
    NotFound,
    PasswordMissing,
    PasswordTooLong,
    PasswordTooShort,
    PictureInvalid,
    Retry,
    RoomNameTaken,
    RoomNotFound,
    ServerError,
    SignInNeeded,
    TooLarge,
    TooMany,
    Unprocessable,
)

EVERYWHERE = [
    NotFound,
    MethodNotAllowed,
    SignInNeeded,
    CodeMalformed,
    CodeMissing,
    CrossSite,
    DescriptionInvalid,
    DescriptionTooLong,
    TooLarge,
    Unprocessable,
    TooMany,
    ServerError,
    Retry,
]
"""Errors that any route may answer with."""

IN_A_ROOM = (RoomNotFound, NotAMember)
BAD_TEXT = (Invalid, MessageMissing, MessageTooLong, MessageInvalid)
BAD_CODE = (CodeMissing, CodeMalformed)
BAD_NAME = (NameMissing, NameTooLong, NameInvalid)
BAD_FACTS = (*BAD_NAME, RoomNameTaken, DescriptionTooLong, DescriptionInvalid)
BAD_PASSWORD = (PasswordMissing, PasswordTooShort, PasswordTooLong)
BAD_PROFILE = (EmailInvalid, FullNameInvalid, PictureInvalid)
"""Errors that go together."""

WHEN = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds"}}
HEADERS = {
    SignInNeeded.status: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    TooMany.status: WHEN,
    Retry.status: WHEN,
}
"""What comes with an error of that status."""

ABOUT = """\
Rooms to talk in, for programs. `POST /api/auth/register` or `/login` gives tokens: send the access
token as `Authorization: Bearer …`. A browser that is signed in needs none. Live messages come over
Socket.IO or a WebSocket.
"""

SWAGGER_UI = Path(flask_openapi3_swagger.__file__).parent / "templates/swagger"

ANYBODY = [{}, {"token": []}, {"cookie": []}]
KNOWN = [{"token": []}, {"cookie": []}]
"""Who a route is for: as `security` has it."""

reference = Blueprint("reference", __name__, url_prefix="/api")


def options():
    """What makes a flask_openapi3.OpenAPI of ours."""
    return {
        "info": Info(title="Parlor", version="1", description=ABOUT),
        "security_schemes": {
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
        },
        "doc_ui": False,
        "validation_error_model": schemas.Error,
        "validation_error_callback": refuse,
    }


def refuse(error):
    """Raise what pydantic's ValidationError means: the first field that is wrong."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if not field:
        raise Unprocessable("The body is a JSON object.") from error
    raise Unprocessable(first["msg"], field=field) from error


def door(name, description, security=KNOWN):
    """A blueprint of JSON routes, which stand together in the description."""
    return APIBlueprint(
        name,
        __name__,
        url_prefix="/api",
        abp_tags=[Tag(name=name, description=description)],
        abp_security=security,
        operation_id_callback=lambda name, **_: name,
    )


def answers(status, model, *errors):
    """What a route answers: `model` with that status, or one of the errors."""
    by_status = sorted({*errors, *EVERYWHERE}, key=attrgetter("status", "code"))
    refusals = groupby(by_status, attrgetter("status"))
    return {status: model, **{code: failure(code, list(group)) for code, group in refusals}}


def failure(status, errors):
    shape = {"$ref": "#/components/schemas/Error"}
    found = {
        "description": "\n\n".join(told(error) for error in errors),
        "content": {"application/json": {"schema": shape}},
    }
    if status in HEADERS:
        found["headers"] = HEADERS[status]
    return found


def told(error):
    message = vars(error).get("message")
    return f"`{error.code}`: {message}" if message else f"`{error.code}`"


class Request(flask.Request):
    def get_json(self, *args, **kwargs):
        """The JSON object of the request, an empty one where it says nothing; None for what is no
        object, or is nested too deep to be read. A text is what that object has as `data`.
        """
        if self.mimetype == "text/plain":
            return self.text()
        if not self.get_data():
            return {}
        try:
            found = super().get_json(*args, **kwargs)
        except RecursionError:
            return None
        return found if isinstance(found, dict) else None

    def text(self):
        """{"data": text}, with the `id` that the header Idempotency-Key gives. Raises Invalid."""
        try:
            found = {"data": self.get_data().decode()}
        except UnicodeDecodeError as error:
            raise Invalid("A text is in UTF-8.", field="message") from error
        key = self.headers.get("Idempotency-Key")
        return {**found, "id": key} if key else found


def init_app(app, doors):
    app.request_class = Request
    for one in doors:
        app.register_api(one)
    app.register_blueprint(reference)


@reference.get("/openapi.json")
def description():
    return jsonify(current_app.api_doc)


@reference.get("/docs")
def docs():
    """A page to try the API on: Swagger UI, from its package."""
    return render_template("api_docs.html")


@reference.get("/docs/<path:name>")
def swagger_ui(name):
    return send_from_directory(SWAGGER_UI, name)
