"""Whatever is asked of the API, it answers as its description says.

Schemathesis makes requests of the description, fitting ones and others, and holds the answers
against it: no failure of ours, no status, type or field that is not described, nothing accepted
that is described as wrong, nothing given to whoever has not signed in.
"""

import pytest
import schemathesis
from schemathesis.engine import events, from_schema

from tests.support import on_sqlite
from tests.support.programs import PASSWORD, Program

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning"),
]

CONFIG = {
    "checks": {
        "ignored_auth": {"enabled": False},  # it asks real servers alone; see `let_in`
        # There are rules that no schema tells.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "410"]
        },
    },
    "generation": {"max-examples": 5, "deterministic": True, "database": "none"},
    "headers": {"Accept-Encoding": "identity"},
    "phases": {"stateful": {"enabled": False}},
}


NAMING = ("/api/auth/login", "/api/chat/directs", "/api/chat/rooms/{code}/members")
"""Where a request names somebody who has to be there."""


class World:
    """Alice, signed in, and rooms of hers with Bob in them; made anew when they are no more."""

    def __init__(self, app):
        self.app, self.made = app, 0
        self.bob = Program(app).register("Bob")
        self.renew()

    def renew(self):
        self.made += 1
        self.alice = Program(self.app).register(f"Alice {self.made}")
        self.open_room()
        group = {"name": "Plans", "members": []}
        self.group = self.alice.post("/api/chat/groups", group).json["room"]["code"]

    def open_room(self):
        self.code = self.alice.post("/api/chat/rooms", {}).json["room"]["code"]
        self.bob.post(f"/api/chat/rooms/{self.code}/join")
        self.alice.post(f"/api/chat/rooms/{self.code}/messages", {"data": "hello"})
        made = self.alice.post(f"/api/chat/rooms/{self.code}/bots", {"name": "A lamp"})
        self.bot_id = made.json["bot"]["id"]
        bot = self.alice.post(f"/api/chat/rooms/{self.code}/bots", {"name": f"Robot {self.code}"})
        self.bot_id = bot.json["bot"]["id"]

    def is_whole(self):
        bots = self.alice.get(f"/api/chat/rooms/{self.code}/bots")
        return bots.status_code == 200 and bots.json["bots"]

    def token(self):
        """For the next request: the one before may have ended anything."""
        if self.alice.get("/api/me").status_code != 200:
            self.renew()
        elif not self.is_whole():
            self.open_room()
        return self.alice.token

    def place(self, case):
        """Let a request that names a room, a message or a person name ours."""
        ours = {
            "code": self.code,
            "seq": 1,
            "user_id": self.bob.user_id,
            "bot_id": self.bot_id,
        }
        for name in ours.keys() & case.path_parameters.keys():
            case.path_parameters[name] = ours[name]
        if isinstance(case.body, dict):
            self.tell_secrets(case)

    def tell_secrets(self, case):
        """Let a request with a password that could be ours have ours, and so with names."""
        for field in {"password", "old"} & case.body.keys():
            if isinstance(case.body[field], str) and len(case.body[field]) >= 8:
                case.body[field] = PASSWORD
        if isinstance(case.body.get("name"), str) and case.operation.path in NAMING:
            case.body["name"] = "Bob"
            if case.operation.path.endswith("/members"):
                case.path_parameters["code"] = self.group


@pytest.fixture
def description(app):
    config = schemathesis.Config.from_dict(CONFIG)
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app, config=config)


@pytest.fixture
def heard():
    """`heard(before, after)`: those are called with each Case, and what it was answered."""
    hooks = []

    def register(before, after):
        def before_call(context, case, kwargs):
            before(case)

        def after_call(context, case, response):
            after(case, response)

        hooks.extend([before_call, after_call])
        for hook in hooks:
            schemathesis.hook(hook)

    yield register
    for hook in hooks:
        schemathesis.hooks.unregister(hook)


def sign_in(description, get_token):
    @description.auth(refresh_interval=None)
    class SignedIn:
        def get(self, case, context):
            return get_token()

        def set(self, case, token, context):
            case.headers["Authorization"] = f"Bearer {token}"


def wrong(description):
    """What is wrong with the answers: texts."""
    found = set()
    for event in from_schema(description).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.add(str(event.value))
        if isinstance(event, events.ScenarioFinished):
            found |= failures(event.recorder)
    return found


def failures(recorder):
    nodes = [node for checks in recorder.checks.values() for node in checks]
    failed = [node.failure_info for node in nodes if node.failure_info]
    return {f"{one.failure}\n{one.code_sample}" for one in failed}


SELDOM = {"DELETE /api/me"}
"""What few requests are right for."""


def succeeded(case, response):
    """Whether the operation did; other methods are tried at its address, too."""
    return response.status_code < 300 and response.request.method == case.operation.method.upper()


@on_sqlite
@pytest.mark.parametrize("token", [None, "nonsense"])
def test_a_stranger_gets_what_is_described(description, heard, token):
    let_in = set()

    def after(case, response):
        is_for_all = {} in case.operation.definition.raw["security"]
        if succeeded(case, response) and not is_for_all:
            let_in.add(case.operation.label)

    heard(lambda case: None, after)
    if token:
        sign_in(description, lambda: token)
    assert not wrong(description)
    assert not let_in


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_an_account_gets_what_is_described(app, description, heard):
    world, reached = World(app), set()

    def after(case, response):
        if succeeded(case, response):
            reached.add(case.operation.label)

    heard(world.place, after)
    sign_in(description, world.token)
    assert not wrong(description)
    missed = {one.ok().label for one in description.get_all_operations()} - reached
    assert missed <= SELDOM
