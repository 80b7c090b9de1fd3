"""What must go on meanwhile, asked again and again: over HTTP, and by somebody in the room.

with Watch(world) as watch:
    ...                                 # the fault
watch.slowest("/healthz")               # seconds; of those that were answered as they should be
"""

import threading
import time
import uuid
from functools import partial

import requests

from tests.faults.client import Client
from tests.faults.world import door

PAUSE = 0.05
"""Seconds between an answer and the next question."""

AGAIN = 1
"""Seconds after which `retry` asks to be tried again."""

PAGES = "/healthz", "/", "/static/css/home.css"
"""Which need nothing from the database."""

LONG = 30
"""Seconds after which no answer is one."""


QUESTIONS = {"typing": {"is_typing": True}, "sync": {"after": 0}}


class Asker(Client):
    """Asks the `questions` in turn. `answers`: (what, when, seconds, is it ok)."""

    def __init__(self, questions, *arguments, **options):
        super().__init__(*arguments, **options)
        self.questions = questions
        self.answers = []
        self.due = self.turn = 0

    def knows(self):
        return {"after": 0}

    def lost(self):
        self.due = 0

    def act(self, now):
        if self.is_in and now >= self.due:
            self.due = now + LONG
            self.turn += 1
            self.ask(self.questions[self.turn % len(self.questions)])

    def ask(self, what):
        began = time.monotonic()

        def answered(answer, now):
            self.answers.append((what, now, now - began, answer.get("ok", True)))
            self.due = now + PAUSE

        self.call(what, QUESTIONS[what], answered)

    def rest(self):
        return PAUSE / 2


class Watch:
    """`paths`: what is asked for by somebody who has never been here; each by somebody else.

    `questions`: what a member asks in the room, one after the other. `posts`: somebody posts over
    HTTP, too, to a room of their own (answers to "POST").
    """

    def __init__(self, world, paths=PAGES, questions=("typing",), posts=False):
        self.world = world
        self.asker = Asker(questions, world.member("Asker"), world.code, door(world.server, 0))
        self.over = threading.Event()
        self.seen = []
        self.visitors = [self.visitor(path, partial(self.get, path)) for path in paths]
        if posts:
            author = world.person("Author")
            self.visitors.append(self.visitor("POST", partial(self.post, author, author.create())))

    def __enter__(self):
        self.asker.start()
        self.world.wait_for(lambda: self.asker.is_in, "the asker is in")
        for visitor in self.visitors:
            visitor.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.asker.stop()
        for thread in [self.asker, *self.visitors]:
            thread.join(LONG)

    def visitor(self, *what):
        return threading.Thread(target=self.visit, args=what)

    def visit(self, what, ask):
        is_well = True
        while not self.over.wait(PAUSE if is_well else AGAIN):
            began = time.monotonic()
            is_well = self.status(ask) in (200, 201)
            now = time.monotonic()
            self.seen.append((what, now, now - began, is_well))

    def status(self, ask):
        """The status, or what went wrong."""
        try:
            return ask().status_code
        except requests.RequestException as error:
            return repr(error)

    def get(self, path):
        return requests.get(self.world.server.url + path, timeout=LONG)

    def post(self, author, code):
        path = f"/api/chat/rooms/{code}/messages"
        return author.post(path, json={"data": "Hello", "id": uuid.uuid4().hex}, timeout=LONG)

    def answers(self, what, since=0, until=float("inf")):
        """(is it ok, seconds) of the answers to `what`, a path or an event, in that time."""
        asked = [*self.seen, *self.asker.answers]
        return [(ok, took) for name, at, took, ok in asked if name == what and since < at <= until]

    def took(self, what, since=0, until=float("inf")):
        """Seconds that the answers took. All of them must be as they should."""
        answers = self.answers(what, since, until)
        assert answers, f"{what} was not answered"
        refused = [took for ok, took in answers if not ok]
        assert not refused, f"{what} was refused {len(refused)} times, after {refused[:5]} s"
        return [took for _, took in answers]
