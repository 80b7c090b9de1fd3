"""Talk in a room from a terminal: lines you type are said, what happens is printed.

    pip install websocket-client
    python python_client.py ws://127.0.0.1:5000 K7QP Ada

Nothing is lost and nothing is said twice, whatever happens to the connection.
"""

import json
import random
import sys
import threading
import time
import uuid
from contextlib import suppress

from websocket import WebSocketException, create_connection


class Client:
    def __init__(self, server, code, name):
        self.address = f"{server}/ws/chat/{code}"
        self.auth = {"username": name}
        self.after = None  # the highest version that was seen
        self.unsaid = {}  # by id, until the server has it
        self.line = None
        self.is_over = False

    def run(self):
        while not self.is_over:
            try:
                self.listen()
            except (WebSocketException, OSError) as error:
                print(f"… {error}", file=sys.stderr)
            self.line = None
            if not self.is_over:
                time.sleep(random.uniform(0.5, 3))

    def listen(self):
        line = create_connection(self.address, timeout=30)  # the server pings every 20 seconds
        line.send(json.dumps({"type": "auth", "after": self.after, **self.auth}))
        while not self.is_over and (text := line.recv()):
            self.hear(json.loads(text), line)
        line.close()

    def hear(self, frame, line):
        if frame["type"] == "message":
            self.after = max(self.after or 0, frame["version"])
            print(f"{frame['name']}: {frame['message']}", flush=True)
        elif frame["type"] == "system":
            print(f"* {frame['text']}", flush=True)
            if frame["event"] == "welcome":
                self.come_in(frame, line)
        elif frame["type"] == "ack":
            self.unsaid.pop(frame["ref"], None)
        elif frame["type"] == "error":
            print(f"! {frame['error']['message']}", file=sys.stderr)
            if self.line is None:
                sys.exit(1)  # not let in
            self.unsaid.pop(frame.get("ref"), None)

    def come_in(self, welcome, line):
        self.auth = {"token": welcome["token"]}  # next time we are the same guest
        self.line = line
        for frame in list(self.unsaid.values()):
            line.send(json.dumps(frame))

    def say(self, text):
        id = uuid.uuid4().hex  # the same id again is the same message
        self.unsaid[id] = {"type": "message", "data": text, "id": id, "ref": id}
        if self.line:
            with suppress(WebSocketException, OSError):  # then it is said once we are back
                self.line.send(json.dumps(self.unsaid[id]))

    def say_all(self, lines):
        for line in lines:
            self.say(line.rstrip("\n"))
        while self.unsaid:
            time.sleep(0.1)
        self.is_over = True
        if self.line:
            self.line.send_close()


if __name__ == "__main__":
    client = Client(*sys.argv[1:])
    threading.Thread(target=client.say_all, args=[sys.stdin], daemon=True).start()
    client.run()
