"""Commands: `flask --app app …`. `flask db …` comes from Flask-Migrate."""

import threading
from pathlib import Path

import click
import flask_migrate
from flask import Blueprint, current_app
from sqlalchemy.exc import OperationalError
from werkzeug.serving import is_running_from_reloader, run_simple

from models import db
from parlor import copying, housekeeping, leases
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


@cli.cli.command("copy-to")
@click.argument("url")
@click.option("--hold", is_flag=True, help="Let nothing be stored here any more, until Ctrl-C.")
def copy_to(url, hold):
    """Copy everything from SQLite to the empty Postgres at URL, or nothing.

    Parlor may run on. Who sends meanwhile is told to try again.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgres", "postgresql") or db.engine.dialect.name != "sqlite":
        raise click.UsageError("This goes from SQLite to postgresql://… and no other way.")
    url = f"postgresql+psycopg2://{rest}"
    make_tables(url)
    with copying.held(db.engine) as source:
        show_progress(copying.copy(source, url))
        click.echo("All is copied.")
        if hold:
            click.echo("Nothing is stored here any more. Set DATABASE_URL now; Ctrl-C gives up.")
            threading.Event().wait()


def make_tables(url):
    """Those of the newest version, in the Postgres at `url`. Raises ClickException."""
    try:
        flask_migrate.upgrade(x_arg=[f"url={url}"])
    except OperationalError as error:
        raise click.ClickException(f"Its tables could not be made: {error.orig}") from error


def show_progress(copied):
    """A line for each table, and for each 100,000 rows of it. Raises ClickException."""
    table, rows = None, 0
    try:
        for name, count in copied:
            if table not in (None, name) or count % 100_000 < rows % 100_000:
                click.echo(f"{table:12} {rows:>10}")
            table, rows = name, count
    except copying.NotEmpty as error:
        raise click.ClickException(
            f"There are rows in its table {error}: nothing is copied."
        ) from error
    if table:
        click.echo(f"{table:12} {rows:>10}")


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
