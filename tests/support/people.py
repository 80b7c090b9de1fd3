"""People who use Parlor over HTTP and Socket.IO, as a browser would."""

import threading
import uuid
from urllib.parse import urlsplit

import requests
import socketio

SOON = 5
"""Seconds within which everything that is due has come."""


PASSWORD = "a lamp, a chair and some tea"


class Refused(Exception):
    """A connection the server did not want; `error` is what it said."""

    def __init__(self, answer):
        super().__init__(answer)
        self.error = (answer or {}).get("error", {})


class Tab:
    """One socket of a person, and everything it heard, in order."""

    def __init__(self, person, code=None, after=None, transports=("websocket",), lobby=False):
        self.name = person.name
        self.events = []
        self.news = threading.Condition()
        # The session's own copy of the cookies: each socket closes its HTTP session.
        http = requests.Session()
        http.cookies.update(person.http.cookies)
        self.client = socketio.Client(reconnection=False, handle_sigint=False, http_session=http)
        self.client.on("*", self.record)
        self.client.on("connect_error", self.record_refusal)
        self.client.on("disconnect", lambda reason=None: self.record("disconnect", reason))
        auth = {"room": code, "after": after, "lobby": lobby or None}
        self.auth = {key: value for key, value in auth.items() if value is not None}
        try:
            self.client.connect(
                person.url, auth=self.auth, transports=list(transports), wait_timeout=SOON
            )
        except socketio.exceptions.ConnectionError as error:
            self.client.shutdown()
            refusals = self.heard("connect_error")
            raise Refused(refusals[-1] if refusals else None) from error

    def record(self, event, data=None):
        with self.news:
            self.events.append((event, data))
            self.news.notify_all()

    def record_refusal(self, answer=None):
        """Socket.IO wraps what the server said as {"message", "data"}; else a text says why."""
        self.record("connect_error", answer.get("data") if isinstance(answer, dict) else None)

    def heard(self, event):
        """The payloads of all `event`s so far, oldest first."""
        with self.news:
            return [data for name, data in self.events if name == event]

    def texts(self):
        """The texts of all messages heard so far, those in `room` included, in their order."""
        messages = [m for room in self.heard("room") for m in room["messages"]]
        messages += self.heard("message")
        by_seq = {message["seq"]: message["message"] for message in messages}
        return [by_seq[seq] for seq in sorted(by_seq)]

    def wait_for(self, event, matches=lambda data: True, timeout=SOON):
        """The first `event` whose payload matches, come already or still to come."""

        def found():
            return next((entry for entry in self.events if fits(entry)), None)

        def fits(entry):
            return entry[0] == event and matches(entry[1])

        with self.news:
            entry = self.news.wait_for(found, timeout)
            assert entry, f"{self.name} waited for {event!r} and heard {self.events}"
            return entry[1]

    def wait_for_text(self, text):
        """The message with that text."""
        return self.wait_for("message", lambda message: message["message"] == text)

    def forget(self):
        """Start the record anew."""
        with self.news:
            self.events.clear()

    def send(self, text, id=None, **more):
        """Post a message; return the server's acknowledgement."""
        return self.call("message", {"data": text, "id": id or uuid.uuid4().hex, **more})

    def sync(self, after):
        return self.call("sync", {"after": after})

    def call(self, event, data):
        """Send any event and return its acknowledgement."""
        return self.client.call(event, data, timeout=SOON)

    def emit(self, event, data):
        """Send any event and wait for nothing."""
        self.client.emit(event, data)

    def close(self):
        """Close as a browser does that goes away."""
        self.client.shutdown()


class Person:
    """A browser with its own cookies: `alice = Person(server.url, "Alice")`.

    What is said of sockets is said of the latest `tab`.
    """

    def __init__(self, url, name):
        self.url = url
        self.name = name
        self.http = requests.Session()
        self.http.headers["Origin"] = url
        self.tabs = []
        self.elsewhere = []

    def at(self, server):
        """The same browser, with the same cookies, at another process of the same Parlor."""
        there = Person(server.url, self.name)
        there.http.cookies = self.http.cookies
        if urlsplit(server.url).hostname != urlsplit(self.url).hostname:
            pairs = (f"{name}={value}" for name, value in self.http.cookies.items())
            there.http.headers["Cookie"] = "; ".join(pairs)
        self.elsewhere.append(there)
        return there

    def create(self):
        """Open a room through the form; return its code."""
        return self.submit({"name": self.name, "code": "", "create": "1"})

    def keep_name(self, password=PASSWORD):
        """Keep the name: from now on they have an account."""
        answer = self.post("/account", {"name": self.name, "password": password})
        assert answer.status_code == 303, f"{answer.status_code}: {answer.text}"
        return self

    def join(self, code):
        """Join a room through the form; return its code."""
        return self.submit({"name": self.name, "code": code, "join": "1"})

    def submit(self, form):
        answer = self.post("/", form)
        assert answer.status_code == 303, f"{answer.status_code}: {answer.text}"
        return urlsplit(answer.headers["Location"]).path.removeprefix("/room/")

    def get(self, path, **options):
        options = {"allow_redirects": False, "timeout": SOON, **options}
        return self.http.get(self.url + path, **options)

    def post(self, path, form=None, **options):
        options = {"allow_redirects": False, "timeout": SOON, **options}
        return self.http.post(self.url + path, data=form, **options)

    def connect(self, code=None, after=None, transports=("websocket",), lobby=False):
        """Open a socket (a tab): in a room, the latest by default, or in none. Raises Refused."""
        tab = Tab(self, code, after, transports, lobby)
        self.tabs.append(tab)
        return tab

    def enter(self, code=None):
        """Create a room, or join the one with that code; connect and wait until inside."""
        code = self.join(code) if code else self.create()
        self.connect(code).wait_for("room")
        return code

    @property
    def tab(self):
        return self.tabs[-1]

    def wait_for(self, event, *arguments, **options):
        return self.tab.wait_for(event, *arguments, **options)

    def wait_for_text(self, text):
        return self.tab.wait_for_text(text)

    def heard(self, event):
        return self.tab.heard(event)

    def texts(self):
        return self.tab.texts()

    def send(self, text, id=None, **more):
        return self.tab.send(text, id, **more)

    def close(self):
        """Close all tabs and the HTTP session, those at other processes too."""
        for there in [*self.elsewhere, *self.tabs]:
            there.close()
        self.http.close()
