"""Between a page and its socket: frames that get lost, come from nowhere, and are counted."""

import json
import re


class Wire:
    """Stands between a page and its socket from its next connection on."""

    def __init__(self, page):
        self.page = page
        self.lost = []
        self.sent = []
        self.pattern = None
        self.sockets = []
        page.route_web_socket(re.compile("/socket.io/"), self.connect)

    def connect(self, socket):
        self.sockets.append(socket)
        self.pattern = None
        server = socket.connect_to_server()
        socket.on_message(lambda frame: self.go_out(frame, server))
        server.on_message(lambda frame: self.carry(frame, socket))

    def go_out(self, frame, server):
        self.sent.append(frame)
        self.carry(frame, server)

    def carry(self, frame, receiver):
        if self.pattern and re.search(self.pattern, frame):
            self.lost.append(frame)
        else:
            receiver.send(frame)

    def lose(self, pattern):
        """Drop the frames that match, from either side, until the next connection."""
        self.pattern = pattern

    def go_silent(self):
        """As when a line is dead and neither side has been told."""
        self.lose(r"^")

    def wait_until_lost(self, count=1):
        """Wait until so many frames were dropped, then drop no more."""
        while len(self.lost) < count:
            self.page.wait_for_timeout(10)
        self.pattern = None

    def tell(self, event, data):
        """Let the page hear an event that the server never sent."""
        self.sockets[-1].send("42" + json.dumps([event, data]))

    def asked(self, event):
        """How often the page has sent that event."""
        return sum(f'["{event}"' in frame for frame in self.sent)

    def cut(self):
        self.sockets[-1].close()
