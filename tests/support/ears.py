"""Long-polling by hand, and ears that keep every packet of a client's."""

import json
import re
import threading

import requests

from tests.support.people import SOON
from tests.support.wire import ENDPOINT, cookies

SEPARATOR = "\x1e"
PATIENCE = 60
AT_ONCE = 16
"""Packets that Engine.IO takes in one body."""


class Poll:
    """A client on long-polling that has joined a room; sends and receives as a `Line` does."""

    def __init__(self, server, person, code):
        self.http = requests.Session()
        self.http.headers.update({"Cookie": cookies(person), "Origin": server.url})
        self.url = server.url + ENDPOINT + "polling"
        self.is_over = False
        [opening] = self.receive()
        self.sid = json.loads(opening[1:])["sid"]
        self.url += f"&sid={self.sid}"
        self.send("40" + json.dumps({"room": code}))

    def send(self, packet):
        self.send_all([packet])

    def send_all(self, packets):
        for start in range(0, len(packets), AT_ONCE):
            self.post(SEPARATOR.join(packets[start : start + AT_ONCE]))

    def post(self, text):
        body = text.encode()
        with requests.post(self.url, data=body, headers=self.http.headers, timeout=SOON) as answer:
            assert answer.ok, answer.text

    def receive(self):
        """The next packets, or none once it is over."""
        if self.is_over:
            return []
        answer = self.http.get(self.url, timeout=PATIENCE)
        return answer.text.split(SEPARATOR) if answer.ok and answer.text else []

    def pause(self):
        """Let the poll under way be the last."""
        self.is_over = True

    def hang_up(self):
        if not self.is_over:
            self.pause()
            self.send("1")
        self.http.close()


class Ear(threading.Thread):
    """Keeps what a `Line` or a `Poll` receives: in a thread, once it is started."""

    def __init__(self, source):
        super().__init__(daemon=True)
        self.source = source
        self.packets = []
        self.news = threading.Condition()

    def run(self):
        while self.hear():
            pass

    def hear(self):
        """Take what comes next. Returns whether anything did."""
        packets = self.source.receive()
        if "2" in packets:
            self.source.send("3")
        with self.news:
            self.packets += packets
            self.news.notify_all()
        return bool(packets)

    def hear_until(self, start):
        """Listen here and now, up to a packet that starts so."""
        while not any(packet.startswith(start) for packet in self.packets):
            assert self.hear(), f"{start} never came: {self.starts()}"

    def wait_for(self, start, holding=""):
        """The first packet that starts so, come already or still to come."""

        def found():
            return next((p for p in self.packets if p.startswith(start) and holding in p), None)

        with self.news:
            packet = self.news.wait_for(found, 2 * SOON)
            assert packet, f"{self.source}: no {start}…{holding} among {self.starts()}"
            return packet

    def ack(self, number):
        """The payload of an acknowledgement."""
        return json.loads(self.wait_for(f"43{number}[").removeprefix(f"43{number}"))[0]

    def starts(self):
        """What can be shown of what came, the latest first."""
        return [packet[:60] for packet in reversed(self.packets)]

    def events(self, name=""):
        """The packets of all events of that name so far, oldest first."""
        with self.news:
            return [packet for packet in self.packets if packet.startswith(f'42["{name}')]

    def numbers(self):
        """The seq of all messages so far, oldest first."""
        return [int(re.search(r'"seq":(\d+)', packet)[1]) for packet in self.events("message")]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """End its client, and wait until nothing comes any more."""
        if self.is_alive():
            self.source.hang_up()
            self.join(SOON)
