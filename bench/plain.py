"""The peer: a chat as the tutorials write it, with Flask-SocketIO and a dict.

Name and room stand in the query. STORE, a database's address, has each message stored in a commit
of its own, by Flask-SQLAlchemy.

    gunicorn -k eventlet plain:app
"""

import os
from datetime import UTC, datetime

from flask import Flask, request, session
from flask_socketio import SocketIO, join_room, leave_room, send
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SECRET_KEY"] = "for nobody but this machine"
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("STORE", "sqlite://")
db = SQLAlchemy(app)
socketio = SocketIO(app)
rooms = {}
stores = "STORE" in os.environ


class Message(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    room = db.Column(db.String(80), index=True)
    name = db.Column(db.String(80))
    content = db.Column(db.Text)
    timestamp = db.Column(db.DateTime, default=lambda: datetime.now(UTC))


if stores:
    with app.app_context():
        db.create_all()


@app.get("/")
def home():
    return "Hello"


@socketio.on("connect")
def on_connect(auth=None):
    name, room = request.args["name"], request.args["room"]
    session["name"], session["room"] = name, room
    rooms.setdefault(room, {"members": 0, "messages": []})
    join_room(room)
    send({"name": name, "message": "has entered the room"}, to=room)
    rooms[room]["members"] += 1


@socketio.on("message")
def on_message(data):
    room = session["room"]
    content = {"name": session["name"], "message": data["data"]}
    if stores:
        db.session.add(Message(room=room, name=session["name"], content=data["data"]))
        db.session.commit()
    else:
        rooms[room]["messages"].append(content)
    send(content, to=room)


@socketio.on("disconnect")
def on_disconnect(reason=None):
    name, room = session.get("name"), session.get("room")
    leave_room(room)
    rooms[room]["members"] -= 1
    if rooms[room]["members"] <= 0:
        del rooms[room]
    send({"name": name, "message": "has left the room"}, to=room)
