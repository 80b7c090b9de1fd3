"""What goes in and out of the JSON routes: models, of which the description of the API is made.

A field that is wrong is refused as `unprocessable`, and so is one that nobody knows. The rules of
what is said stand with their nouns: names.py, text.py.
"""

from functools import cache
from typing import Annotated, Any, Literal, NotRequired

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    WithJsonSchema,
    model_validator,
)
from typing_extensions import TypedDict

from parlor import numbers, relay
from parlor.errors import Invalid

LONGEST_PAGE = 100

Code = Annotated[str, Field(description="A room's code.", json_schema_extra={"example": "K7QP"})]


class Given(BaseModel):
    """What a request holds."""

    model_config = ConfigDict(extra="forbid")


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


def nothing():
    """A default that the description does not show."""


class InRoom(BaseModel):
    code: Code


class OfMessage(InRoom):
    seq: number("seq")


class Window(Query):
    before: number("before", description="A seq: the messages before that place.")
    after: number("after", description="Instead: what changed above that number.")
    limit: number("limit", least=1, most=LONGEST_PAGE, description="50 unless told.")

    @model_validator(mode="after")
    def one_way(self):
        if self.before is not None and self.after is not None:
            raise Invalid("Either before or after, not both.", field="before")
        return self


class Text(Given):
    """`data` is the text of a message."""

    model_config = ConfigDict(json_schema_extra={"required": ["data"]})

    data: judged_later({"type": "string", "minLength": 1, "maxLength": 4000})

    @model_validator(mode="before")
    @classmethod
    def an_object(cls, given):
        if not isinstance(given, dict):
            raise Invalid
        return given


class NewMessage(Text):
    """What the event `message` holds, too."""

    id: judged_later(
        {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        description="Made by the sender. The same id again is the same message.",
    )
    reply_to: judged_later(
        {"type": "integer", "minimum": 0, "maximum": numbers.LARGEST},
        description="The seq of the message that this one answers.",
    )


class Posted(Answer):
    ok: Literal[True]
    seq: int
    id: str
    timestamp: str


class Message(RootModel):
    """A message as it is on every wire."""

    root: relay.Message


class Messages(Answer):
    messages: list[relay.Message]
    through: int
    more: bool


class RoomFacts(relay.RoomFacts):
    last_seq: int


class RoomNow(Answer):
    """A room, and who is in it: 60 people at most, of `count`."""

    room: RoomFacts
    members: list[relay.Person]
    count: int
