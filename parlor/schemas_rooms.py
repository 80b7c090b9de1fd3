"""What goes in and out of the JSON routes of rooms, their people and their messages."""

from typing import Annotated, Literal, NotRequired

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    WithJsonSchema,
    model_validator,
)

from parlor import numbers, relay
from parlor.errors import Invalid
from parlor.schemas import (
    NEED_NOT_BE,
    Answer,
    Given,
    InRoom,
    Limit,
    Name,
    Query,
    judged_later,
    left_out,
    number,
    words,
)

WHOLE = {"type": "integer", "minimum": 0, "maximum": numbers.LARGEST}

Title = words(60, description="What the room is called.", examples=["Tea room"])
Called = Annotated[
    str,
    WithJsonSchema({"type": "string"}),
    Field(description="What a guest is to be called. An account has a name."),
]
Description = words(300, description="What the room is about.")


class RoomChanges(Given):
    """What is left out stays. An empty text takes away what was said."""

    model_config = NEED_NOT_BE

    name: left_out(Title)
    description: left_out(Description)
    listed: left_out(bool)
    kept: left_out(bool)

    def facts(self):
        """{field: value} of what is to be said of the room."""
        facts = self.model_dump(include={"name", "description", "listed", "kept"})
        return {field: value for field, value in facts.items() if value is not None}


class NewRoom(RoomChanges):
    """`as`: as `name` when joining."""

    guest: Annotated[left_out(Called), Field(alias="as")]


class Coming(Given):
    model_config = NEED_NOT_BE

    name: left_out(Called)


class Named(Given):
    """The account of that name."""

    name: Name


class NewGroup(Given):
    name: Title
    members: list[Name] = Field(max_length=100, description="Accounts.")


class ReadMark(Given):
    seq: Annotated[int, Field(ge=0, le=numbers.LARGEST), BeforeValidator(numbers.as_whole)]


class ListedRoom(relay.RoomFacts):
    """`here`: some of the `count` who are there now."""

    here: list[relay.Person]
    count: int
    last_message_at: NotRequired[str]


class RoomList(Answer):
    """Rooms that are listed, and, on the first page, those that one is in."""

    rooms: list[ListedRoom]
    mine: list[relay.Conversation]
    next: str | None


class RoomInFull(relay.RoomFacts):
    last_seq: int


class RoomNow(Answer):
    """A room, and who is in it now: 60 people at most, of `count`."""

    room: RoomInFull
    members: list[relay.Person]
    count: int


class OneRoom(Answer):
    room: relay.RoomFacts


class MemberList(Answer):
    """Everybody who belongs to a room, whether they are there now or not."""

    members: list[relay.Person]
    next: int | None


class OnePerson(Answer):
    person: relay.Person


class People(Query):
    after: number("after", description="The `next` of the page before.")
    limit: Limit


class AMember(InRoom):
    user_id: number("user_id")


class AMessage(InRoom):
    seq: number("seq")


class Window(Query):
    before: number("before", description="A seq: the messages before that place.")
    after: number("after", description="Instead: what changed above that number.")
    limit: Limit

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
        {"anyOf": [{"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}, {"type": "null"}]},
        description="Made by the sender. The same id again is the same message.",
    )
    reply_to: judged_later(
        {"anyOf": [WHOLE, {"type": "null"}]},
        description="The seq of the message that this one answers.",
    )


class Posted(Answer):
    ok: Literal[True]
    seq: int
    id: str
    timestamp: str


class OneMessage(RootModel[relay.Message]):
    pass


class Messages(Answer):
    messages: list[relay.Message]
    through: int
    more: bool
