"""Commands: `flask --app app …`. `flask db …` comes from Flask-Migrate."""

from pathlib import Path

import click
import flask_migrate
from flask import Blueprint, current_app
from werkzeug.serving import is_running_from_reloader, run_simple

from parlor import housekeeping, leases
from parlor.times import iso

cli = Blueprint("cli", __name__, cli_group=None)

WATCHED = ("static/*/*.*", "templates/*.html")
"""What is read once at the start, besides the modules that a reloader watches anyway."""


@cli.cli.command("rooms")
def rooms():
    """List the rooms that are open: code, members, messages, since when, last message."""
    click.echo("CODE          MEMBERS  MESSAGES  OPENED                    LAST MESSAGE")
    for room, members in leases.open_rooms():
        last = iso(room.last_message_at) if room.last_message_at else "-"
        opened = iso(room.created_at)
        click.echo(f"{room.code:12}  {members:>7}  {room.last_seq:>8}  {opened}  {last}")


@cli.cli.command("create-room")
def create_room():
    """Open a room and print its code. It closes like any other when nobody comes."""
    click.echo(leases.take_without_people().code)


@cli.cli.command("dev")
def dev():
    """Serve in threads, without the worker that production uses; start anew when a file changes."""
    app = current_app._get_current_object()
    settings = app.config["SETTINGS"]
    if is_running_from_reloader():
        housekeeping.start(app)
    else:
        flask_migrate.upgrade()
        click.echo(f"Parlor is at http://{settings.host}:{settings.port}")
    watched = [path for pattern in WATCHED for path in Path(app.root_path).glob(pattern)]
    run_simple(
        settings.host, settings.port, app, threaded=True, use_reloader=True, extra_files=watched
    )
