"""What Parlor touches inside Engine.IO, Socket.IO and the loops, held against what is installed.

A new version that changes one of these fails here first, and says what it changed. Until Parlor
follows, RELAY=plain does without almost all of them.
"""

import inspect
import socket as socketlib
from importlib.metadata import version

import engineio
import engineio.socket
import eventlet.hubs.hub
import gevent
import gevent.socket
import pytest
import socketio
import socketio.manager

NAMES = [
    (engineio.Server, "_trigger_event"),
    (engineio.socket.Socket, "_upgrade_websocket"),
    (engineio.socket.Socket, "schedule_ping"),
    (engineio.socket.Socket, "check_ping_timeout"),
    (socketio.Server, "_handle_eio_message"),
    (socketio.Server, "_handle_eio_disconnect"),
    (socketio.Manager, "basic_enter_room"),
    (socketio.Manager, "basic_disconnect"),
    (socketio.Manager, "get_participants"),
    (socketio.Manager, "is_sid_room"),
    (socketio.Manager, "sid_from_eio_sid"),
    (socketio.Manager, "eio_sid_from_sid"),
    (eventlet.hubs.hub.BaseHub, "add"),
    (eventlet.hubs.hub.BaseHub, "remove"),
    (eventlet.hubs.hub.BaseHub, "switch"),
    (eventlet.hubs.hub.BaseHub, "schedule_call_global"),
]

PARAMETERS = {
    (eventlet.hubs.hub.BaseHub, "add"): ["self", "evtype", "fileno", "cb", "tb", "mark_as_closed"],
    (socketio.Manager, "emit"): [
        "self", "event", "data", "namespace", "room", "skip_sid", "callback", "to", "kwargs",
    ],
    (socketio.Manager, "enter_room"): ["self", "sid", "namespace", "room", "eio_sid"],
    (socketio.Manager, "leave_room"): ["self", "sid", "namespace", "room"],
    (socketio.Manager, "basic_enter_room"): ["self", "sid", "namespace", "room", "eio_sid"],
    (socketio.Manager, "basic_disconnect"): ["self", "sid", "namespace", "kwargs"],
    (engineio.socket.Socket, "close"): ["self", "wait", "abort", "reason"],
}  # fmt: skip


def moved(owner, name):
    package = owner.__module__.split(".")[0] if inspect.isclass(owner) else owner.__name__
    distribution = {"socketio": "python-socketio", "engineio": "python-engineio"}
    package = distribution.get(package, package.split(".")[0])
    return (
        f"{package} {version(package)} has changed {getattr(owner, '__name__', owner)}.{name}, "
        "which parlor/wire.py, fanout.py or transport.py rely on. Adapt them, or set RELAY=plain."
    )


@pytest.mark.parametrize(
    ("owner", "name"), NAMES, ids=lambda value: getattr(value, "__name__", value)
)
def test_the_names_are_there(owner, name):
    assert hasattr(owner, name), moved(owner, name)


@pytest.mark.parametrize(
    ("owner", "name"), PARAMETERS, ids=lambda value: getattr(value, "__name__", value)
)
def test_the_parameters_are_the_same(owner, name):
    found = list(inspect.signature(getattr(owner, name)).parameters)
    assert found == PARAMETERS[owner, name], moved(owner, name)


@pytest.fixture
def server():
    return socketio.Server(async_mode="threading", monitor_clients=False)


def ask(server, **headers):
    environ = {
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": "EIO=4&transport=websocket",
        "HTTP_UPGRADE": "websocket",
        "HTTP_CONNECTION": "Upgrade",
        **headers,
    }
    return server.eio.handle_request(environ, lambda *_: None)


def test_engineio_hands_a_websocket_to_what_was_put_there(server):
    asked = []

    def websocket(handler, eio):
        asked.append((handler, eio))
        return lambda environ, start_response: ["answered by us"]

    server.eio._async = {**server.eio._async, "websocket": websocket}
    assert ask(server) == ["answered by us"], moved(engineio.Server, "_async")
    [(handler, eio)] = asked
    assert eio is server.eio
    assert isinstance(handler.__self__, engineio.socket.Socket), moved(engineio.Server, "_async")
    assert server.eio.sockets[handler.__self__.sid] is handler.__self__


def test_engineio_starts_no_ping_for_a_socket_that_has_none_due(server):
    """The place where wire.py says so: after the socket is known, before the ping is started."""
    started = []
    server.eio.start_background_task = lambda *task: started.append(task)
    server.eio._async = {
        **server.eio._async, "websocket": lambda *_: lambda *_: ["taken"],
    }  # fmt: skip
    connected = server.eio.handlers["connect"]

    def without_ping(sid, environ):
        server.eio.sockets[sid].last_ping = None
        return connected(sid, environ)

    ask(server)
    assert started, moved(engineio.socket.Socket, "schedule_ping")
    started.clear()
    server.eio.on("connect", without_ping)
    ask(server)
    assert not started, moved(engineio.socket.Socket, "last_ping")


def test_a_new_socket_has_what_is_read_of_it(server):
    socket = engineio.socket.Socket(server.eio, "sid")
    for name in ("connected", "upgrading", "closed", "closing", "queue", "last_ping", "sid"):
        assert hasattr(socket, name), moved(engineio.socket.Socket, name)
    assert {"connect", "message", "disconnect"} <= server.eio.handlers.keys()


@pytest.fixture
def loop():
    """gevent's, of this thread."""
    hub = gevent.get_hub()
    yield hub.loop
    hub.destroy(destroy_loop=True)


def test_gevents_loop_watches_a_file_and_calls_back_with_what_it_was_given(loop):
    heard = []
    one, other = gevent.socket.socketpair()
    with one, other:
        watcher = loop.io(one.fileno(), 1)
        watcher.start(heard.append, "readable")
        other.send(b"!")
        gevent.sleep(0.01)
        watcher.close()
        loop.run_callback(heard.append, "soon")
        gevent.sleep(0.01)
    assert set(heard) == {"readable", "soon"}, moved(gevent.hub.Hub, "loop.io, run_callback")
    assert heard[-1] == "soon"


def test_gevents_sockets_can_be_let_go_of():
    one, other = gevent.socket.socketpair()
    with other, socketlib.socket(fileno=one.detach()) as kept:
        one.close()
        kept.send(b"still open")
        assert other.recv(10) == b"still open", moved(gevent.socket.socket, "detach")
