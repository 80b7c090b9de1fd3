"""Say something in a room over Socket.IO, as browsers do, and print what is said there.

pip install "python-socketio[client]"
python socketio_client.py http://127.0.0.1:5000 K7QP Ada "Hello over Socket.IO"
"""

import sys
import time

import requests
import socketio

server, code, name, text = sys.argv[1:]

# The form of the home page makes us a member, and gives us the cookie that says so.
http = requests.Session()
form = {"name": name, "code": code, "join": "1"}
answer = http.post(server, data=form, allow_redirects=False, timeout=10)
if answer.status_code != 303:
    sys.exit(f"not let in: {answer.status_code}")

client = socketio.Client(http_session=http)


@client.on("room")
def come_in(room):
    for message in room["messages"]:
        hear(message)


@client.on("message")
def hear(message):
    print(f"{message['name']}: {message['message']}", flush=True)


client.connect(server, auth={"room": code}, transports=["websocket"])
outcome = client.call("message", {"data": text})
if not outcome["ok"]:
    sys.exit(outcome["error"]["message"])
time.sleep(1)
client.disconnect()
