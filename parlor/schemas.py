"""What goes in and out of the JSON routes: models, of which the description of the API is made.

A field that is wrong is refused as `unprocessable`, and so is one that nobody knows. The rules of
what is said stand with their nouns: names.py, text.py.
"""

from functools import cache
from typing import Annotated, Any, NotRequired

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from typing_extensions import TypedDict

from parlor import numbers

PAGE, LONGEST_PAGE = 50, 100
"""Messages, rooms or people in one answer: unless told, and at most."""

Code = Annotated[str, Field(description="A room's code.", json_schema_extra={"example": "K7QP"})]


NEED_NOT_BE = ConfigDict(openapi_extra={"required": False})
"""Of what may be left out as a whole."""


class Given(BaseModel):
    """What a request holds."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """What stands behind the question mark. What nobody knows there is passed over."""

    @classmethod
    @cache  # flask-openapi3 asks for it at each request
    def model_json_schema(cls, *args, **kwargs):
        return super().model_json_schema(*args, **kwargs)


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Failure(TypedDict):
    """Why the answer is no. `code` is one of a list, `message` is for people, in English.

    `field`: what is wrong; `retry_after`: seconds until it may be tried again; `suggestion`: a name
    that is free; `id` finds a server error in the log.
    """

    code: str
    message: str
    field: NotRequired[str]
    retry_after: NotRequired[int]
    suggestion: NotRequired[str]
    id: NotRequired[str]


class Error(Answer):
    """The one shape of every failure."""

    error: Failure


def number(name, least=0, most=numbers.LARGEST, **described):
    """A whole number in an address. Any other is refused as `invalid`, as sockets do."""
    return Annotated[
        int | None,
        BeforeValidator(lambda typed: numbers.read(typed, name, least, most)),
        WithJsonSchema({"type": "integer", "minimum": least, "maximum": most}),
        Field(default_factory=nothing, **described),
    ]


def judged_later(schema, **described):
    """Of any type: the verb judges it, with errors of its own."""
    return Annotated[Any, WithJsonSchema(schema), Field(default_factory=nothing, **described)]


def words(most, least=0, **described):
    """A text whose rules the verb knows."""
    schema = {"type": "string", "minLength": least, "maxLength": most}
    return Annotated[str, WithJsonSchema(schema), Field(**described)]


def left_out(kind):
    """The same where it may be left out; or null, which is the same."""
    return Annotated[kind | None, Field(default_factory=nothing)]


def nothing():
    """A default that the description does not show."""


Name = words(32, 1, description="What people are called.", examples=["Alice"])
Limit = number("limit", 1, LONGEST_PAGE, description=f"{PAGE} unless told.")


class InRoom(BaseModel):
    code: Code


class Paged(Query):
    before: left_out(
        Annotated[str, Field(description="The `next` of the page before; none for the first.")]
    )
    limit: Limit
