"""A live room, and who is there: what `rooms.live` is made of."""

from dataclasses import dataclass, field


@dataclass
class Member:
    """Someone who is here: on `sockets`, or until the time `until` where there are none.

    `elsewhere`: the other processes on which they are. `is_mine`: whether they are on this one.
    """

    user_id: int
    name: str
    picture: str | None = None
    is_account: bool = False
    sockets: set[str] = field(default_factory=set)
    until: float = 0
    types_until: float = 0
    is_mine: bool = False
    elsewhere: frozenset[str] = frozenset()


@dataclass
class LiveRoom:
    """An open room. `head` is the highest number that this process has relayed."""

    id: int
    code: str
    head: int = 0
    empty_since: float = 0
    lasts: bool = False
    """Whether it stays open when nobody is there: it is kept, or a conversation."""
    members: dict[int, Member] = field(default_factory=dict)


@dataclass(frozen=True)
class Visitor:
    """Who a socket is, in a room or in the lobby. `key`: of the accounts.Claim it came with."""

    user_id: int
    key: str | None = None


@dataclass(frozen=True)
class Seat:
    """Where a socket is: the server's record, which no client can change.

    `key`: of the accounts.Claim that it came with.
    """

    room: LiveRoom
    member: Member
    key: str | None = None

    @property
    def visitor(self):
        return Visitor(self.member.user_id, self.key)


@dataclass
class News:
    """What a sweep found: who has left, and where typing ended."""

    left: list[tuple[LiveRoom, Member]] = field(default_factory=list)
    stilled: list[LiveRoom] = field(default_factory=list)
