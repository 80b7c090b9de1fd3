"""What goes in and out of the JSON routes of accounts: who one is, one's sessions and tokens."""

from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, BaseModel, Field
from typing_extensions import TypedDict

from parlor import numbers, relay
from parlor.characters import is_unseen
from parlor.errors import Invalid
from parlor.schemas import NEED_NOT_BE, Answer, Given, Limit, Name, Query, left_out, number, words

Password = words(256, 8, json_schema_extra={"format": "password"})
Email = words(254, examples=["alice@example.org"])
FullName = words(80, examples=["Alice Liddell"])
Picture = words(500, description="An https address.")


def seen(text):
    """A line that can be read. Raises Invalid."""
    if any(map(is_unseen, text)):
        raise Invalid("That has characters that cannot be seen.", field="device")
    return text


Device = Annotated[
    str,
    Field(max_length=80, description="What you will know this session by."),
    AfterValidator(seen),
]


class SignIn(Given):
    name: Name
    password: Password
    device: left_out(Device)


class Registration(SignIn):
    email: left_out(Email)
    full_name: left_out(FullName)
    picture: left_out(Picture)


class Refresh(Given):
    refresh_token: Annotated[str, Field(max_length=200)]


class Tokens(Answer):
    """`access_token` goes into the header `Authorization: Bearer …`; it is good for `expires_in`
    seconds. `refresh_token` is good once.
    """

    user_id: int
    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int


class Me(TypedDict):
    """`is_account`: false for a guest."""

    user_id: int
    name: str
    is_account: bool
    created_at: str
    email: NotRequired[str]
    full_name: NotRequired[str]
    picture: NotRequired[str]


class MyAccount(Answer):
    me: Me


class MyChanges(Given):
    """What is left out stays. An empty text takes away what was said."""

    model_config = NEED_NOT_BE

    name: left_out(Name)
    email: left_out(Email)
    full_name: left_out(FullName)
    picture: left_out(Picture)


class NewPassword(Given):
    old: Password
    new: Password


class Farewell(Given):
    """`keep_messages`: what you wrote stays, under another name; else it is taken away."""

    password: Password
    keep_messages: bool


class MyConversations(Answer):
    conversations: list[relay.Conversation]
    next: str | None


class Search(Query):
    q: left_out(Annotated[str, Field(description="What to look for; all that you wrote, without.")])
    before: number("before", most=numbers.LARGEST_ID, description="The `next` of the page before.")
    limit: Limit


class Written(relay.Message):
    """`room`: its code, when it was written; `closed`: whether that room is over."""

    room: str
    closed: bool


class MyMessages(Answer):
    """`back_to`: how far back a search has looked, where there is more to look through."""

    messages: list[Written]
    next: int | None
    back_to: str | None


class Session(Answer):
    """`program`: it came by tokens; `current`: it is the one that asks."""

    id: str
    device: str
    program: bool
    current: bool
    created_at: str
    last_seen_at: str


class Sessions(Answer):
    sessions: list[Session]


class OneSession(BaseModel):
    id: str
