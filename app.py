"""The app: settings, extensions, doors."""

import logging
from datetime import timedelta
from functools import partial

from flask_compress import Compress
from flask_openapi3 import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

import models
from parlor import (
    admission,
    assets,
    budget,
    events,
    failures,
    guard,
    hosting,
    housekeeping,
    logs,
    openapi,
    passwords,
    pictures,
    plain,
    relay,
    text,
    tokens,
    transport,
    webhooks,
    wire,
    ws,
)
from parlor.account_pages import account_pages
from parlor.api_auth import api_auth
from parlor.api_bots import api_bots
from parlor.api_me import api_me
from parlor.api_members import api_members
from parlor.api_messages import api_messages
from parlor.api_rooms import api_rooms
from parlor.bus import Bus
from parlor.cli import cli
from parlor.conversation_pages import conversation_pages
from parlor.limits import throttle
from parlor.neighbours import Neighbours
from parlor.pages import pages
from parlor.patience import PatientConnection
from parlor.peers import peers
from parlor.register import Register
from parlor.rooms import live
from parlor.sessions import Sessions
from parlor.settings import Settings
from parlor.standby import standby
from parlor.writer import writer

LARGEST_REQUEST = 64 * 1024
LARGEST_PACKET = 16 * 1024
"""Bytes."""

PING_EVERY, PING_PATIENCE = 20, 15
"""Seconds."""


def create_app(settings=None, loop=None):
    """Make the app from `settings`, by default those of the environment.

    `loop`: the module of the worker's event loop (one of the loop_*.py), by default threads.
    """
    settings = settings or Settings()
    logs.configure(settings.log_level)
    app = OpenAPI(__name__, static_folder=None, **openapi.options())  # assets.py serves files
    app.config.from_mapping(flask_config(settings))
    app.session_interface = Sessions()
    models.init_app(app)
    admission.configure(None if loop else budget.lasting())
    live.configure(settings.room_grace, settings.leave_grace, meet(app, settings.redis_url))
    throttle.configure(settings.limits)
    passwords.configure(loop.elsewhere if loop else passwords.here)
    pictures.configure(settings.pictures)
    text.configure(settings.max_message_length)
    tokens.configure(settings.token_key)
    webhooks.configure(settings.webhooks)
    hosting.front.forget()
    relay.init_app(app, async_mode=loop.SOCKET_IO_MODE if loop else "threading", **socket_options())
    is_fast = loop and settings.relay == "fast"
    events.init_app(app, partial(wire.install, loop) if is_fast else plain.install)
    ws.init_app(app)
    with app.app_context():
        writer.configure(models.db.engine)
        standby.configure(models.db.engines.get("replica"), primary=models.db.engine)
    logs.init_app(app)  # before what else looks at answers: it counts their time, too
    Compress(app)
    for part in (assets, failures):
        part.init_app(app)
    guard.init_app(app, settings)
    for door in (pages, account_pages, conversation_pages, cli):
        app.register_blueprint(door)
    openapi.init_app(app, [api_auth, api_me, api_rooms, api_members, api_messages, api_bots])
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)
    app.wsgi_app = admission.Counted(app.wsgi_app)
    return app


def meet(app, redis_url):
    """What `live` knows of other processes: they meet in the Redis of that address, where it is
    set."""
    if not redis_url:
        peers.configure()
        return None
    bus = Bus(redis_url, hear=peers.hear, back=lambda: others.begin())
    others = Neighbours(bus, Register(bus))
    run = partial(housekeeping.beside, app)
    peers.configure(bus, find_room=live.find, pass_on=relay.pass_on, run=run)
    return others


def flask_config(settings):
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings),
        "SQLALCHEMY_BINDS": binds(settings),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.in_production,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=365),
        "SESSION_REFRESH_EACH_REQUEST": False,  # but each time someone enters a room
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_BR_LEVEL": 6,
        "COMPRESS_MIMETYPES": [
            "text/html",
            "text/css",
            "text/javascript",
            "application/json",
            "image/svg+xml",
        ],
    }


def engine_options(settings):
    """How the database is reached. Whatever it does not do in seconds, it does not do.

    Who waits for Postgres knows within seconds: one for a free connection, two until that one
    proves to be dead, two for a new one, two for the answer, if all befalls (parlor/patience.py).
    """
    options = {
        "hide_parameters": True,  # logs never hold what people wrote
        "pool_use_lifo": True,  # the one used last knows most of SQLite's file
        "pool_timeout": 1,
    }
    if settings.on_sqlite:
        return {**options, "pool_size": 10, "max_overflow": 20}
    return {
        **options,
        "pool_size": settings.database_connections,
        "max_overflow": 0,
        "connect_args": {"connection_factory": PatientConnection},
        "use_native_hstore": False,  # no need to ask each new connection for it
    }


def binds(settings):
    """How what is beside the database is reached."""
    if not settings.database_replica_url:
        return {}
    return {"replica": {"url": settings.database_replica_url, **engine_options(settings)}}


def socket_options():
    return {
        "async_handlers": False,  # one person's events in the order they came
        "cors_allowed_origins": [],  # parlor/guard.py decides
        "max_http_buffer_size": LARGEST_PACKET,
        "ping_interval": PING_EVERY,
        "ping_timeout": PING_PATIENCE,
        "json": transport.Json,
        "logger": logging.getLogger("socketio"),
        "engineio_logger": logging.getLogger("engineio"),
    }
