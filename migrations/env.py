"""How the tables are brought up to date: online, on the app's own engine."""

from alembic import context
from flask import current_app

migrate = current_app.extensions["migrate"]
engine = migrate.db.engine

with engine.connect().execution_options(writes=True) as connection:
    if engine.dialect.name == "postgresql":
        connection.exec_driver_sql("SET statement_timeout = 0")  # a migration may take its time
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=migrate.db.metadata,
        **migrate.configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
