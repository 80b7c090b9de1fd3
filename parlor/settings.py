"""The only reader of the environment. A bad value stops the boot and says its name."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SHORTEST_KEY = 32


def hops_of_the_host():
    """Railway, which sets this name in every service, has one proxy in front."""
    return 1 if "RAILWAY_ENVIRONMENT_NAME" in os.environ else 0


class Settings(BaseSettings):
    """What can be set, from the environment or a file `.env`, under the upper-case name.

    Raises pydantic's ValidationError, which names the setting and hides its value.
    """

    model_config = SettingsConfigDict(
        alias_generator=lambda name: "PARLOR_ENV" if name == "environment" else name.upper(),
        populate_by_name=True,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        validate_default=True,
        frozen=True,
    )

    environment: Literal["development", "production"] = "production"
    instance_dir: Path = Path("instance")
    secret_key: str = ""
    token_key: str = ""
    """Of the tokens of programs; by default it follows from `secret_key`."""
    database_url: str = ""
    database_connections: int = Field(10, ge=2, le=1000)
    """That this process has to Postgres at most."""
    database_replica_url: str = ""
    """A copy of the database, behind it by moments, that old things are read from."""
    redis_url: str = ""
    """Where several processes meet; one alone needs none."""
    sticky: bool = False
    """Whether all requests of a client reach the same process, where there are several."""
    worker: Literal["eventlet", "gevent", "gthread"] = "eventlet"
    """gunicorn's."""
    host: str = "127.0.0.1"
    port: int = Field(5000, ge=1, le=65535)
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    proxy_hops: int = Field(default_factory=hops_of_the_host, ge=0, le=10)
    room_grace: float = Field(600, gt=0)
    """Seconds that a room stays open without people."""
    leave_grace: float = Field(10, ge=0)
    """Seconds after which someone who is disconnected has left."""
    keep_days: int = Field(90, ge=1)
    """Days without a word after which a room that is kept closes all the same."""
    max_message_length: int = Field(1000, ge=1, le=4000)
    """In characters (code points)."""
    limits: bool = True
    pictures: bool = False
    """Whether pages show people's pictures, which are elsewhere."""
    webhooks: Literal["public", "any", "off"] = "public"
    """Which addresses bots' webhooks may have: `any` lets them be in the server's own network."""
    relay: Literal["fast", "plain"] = "fast"
    """`plain`: Engine.IO's own WebSocket, slower, in case of doubt."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("instance_dir")
    @classmethod
    def make_instance_dir(cls, value):
        value = value.resolve()
        value.mkdir(parents=True, exist_ok=True)
        return value

    @field_validator("secret_key")
    @classmethod
    def require_secret_key(cls, value: str, info: ValidationInfo):
        if info.data.get("environment") == "development" and not value:
            return kept_secret(info.data["instance_dir"] / "secret_key")
        if len(value) < SHORTEST_KEY:
            raise ValueError(
                f"SECRET_KEY must be set, to {SHORTEST_KEY} random characters or more "
                '(python -c "import secrets; print(secrets.token_hex(32))")'
            )
        return value

    @field_validator("token_key")
    @classmethod
    def require_token_key(cls, value: str, info: ValidationInfo):
        if value and len(value) < SHORTEST_KEY:
            raise ValueError(f"TOKEN_KEY must have {SHORTEST_KEY} random characters or more")
        return value or info.data.get("secret_key", "")

    @field_validator("database_url")
    @classmethod
    def name_the_driver(cls, value: str, info: ValidationInfo):
        """Hosts hand out `postgres://`; SQLAlchemy wants the driver's name in it."""
        scheme, found, rest = value.partition("://")
        if not value and "instance_dir" in info.data:
            return f"sqlite:///{info.data['instance_dir'] / 'parlor.db'}"
        if not found or scheme.split("+")[0] not in ("sqlite", "postgres", "postgresql"):
            raise ValueError("DATABASE_URL must start with sqlite:// or postgresql://")
        return f"postgresql+psycopg2://{rest}" if scheme.startswith("postgres") else value

    @field_validator("database_replica_url")
    @classmethod
    def require_postgres(cls, value: str, info: ValidationInfo):
        scheme, _, rest = value.partition("://")
        primary = info.data.get("database_url", "")
        if value and not (scheme.startswith("postgres") and primary.startswith("postgres")):
            raise ValueError("DATABASE_REPLICA_URL, as DATABASE_URL, must start with postgresql://")
        return f"postgresql+psycopg2://{rest}" if value else value

    @field_validator("redis_url")
    @classmethod
    def require_redis(cls, value: str, info: ValidationInfo):
        if value and not is_address(value, ("redis", "rediss")):
            raise ValueError(
                "REDIS_URL must be like redis://user:password@host:6379/0, or rediss://… "
                "(in the password, %2F stands for a slash, %40 for an @, %23 for a #)"
            )
        if value and info.data.get("database_url", "").startswith("sqlite"):
            raise ValueError(
                "REDIS_URL is for several processes, and those need DATABASE_URL to be a Postgres"
            )
        return value

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def split_origins(cls, value):
        if not isinstance(value, str):
            return value
        return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())

    @field_validator("log_level", mode="before")
    @classmethod
    def upper_level(cls, value):
        return value.upper() if isinstance(value, str) else value

    @property
    def in_production(self):
        return self.environment == "production"

    @property
    def websocket_only(self):
        """Whether there is no other way to be connected: the requests of a long-polling client
        reach now this process, now that one."""
        return bool(self.redis_url) and not self.sticky

    @property
    def on_sqlite(self):
        return self.database_url.startswith("sqlite")


def is_address(url, schemes):
    """Whether `url` has one of these schemes, a host, and a number as its port, if any."""
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its text quotes what may be of the password
        return False


def explain(error):
    """One line a setting that cannot be used, from pydantic's ValidationError."""
    return "\n".join(f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors())


def kept_secret(path):
    """The key of a development server: made once, then kept in `path` for its owner alone."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with open(draft, "x", opener=owner_only) as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):  # another process was first: then its key it is
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


def owner_only(name, flags):
    return os.open(name, flags, 0o600)
