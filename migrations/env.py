"""How the tables are brought up to date: online, and on Postgres with all the time it takes."""

from alembic import context
from flask import current_app
from sqlalchemy import NullPool, create_engine

from migrations import online
from parlor.transactions import patiently

migrate = current_app.extensions["migrate"]
engine = migrate.db.engine
other = context.get_x_argument(as_dictionary=True).get("url")  # flask db -x url=… upgrade
if other or engine.dialect.name == "postgresql":  # the app's own gives up after seconds
    engine = create_engine(other or engine.url, poolclass=NullPool, hide_parameters=True)


def run():
    with engine.connect().execution_options(writes=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=migrate.db.metadata,
            transaction_per_migration=True,
            **migrate.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


if engine.dialect.name == "postgresql":
    with online.alone(engine):
        online.bound_locks(engine)
        online.until_free(run)
else:
    patiently(run)  # a server that is about to stop may still be writing
