"""Settings: typed, with working defaults; a bad value stops the boot and says its name."""

import pytest
from pydantic import ValidationError

from parlor.settings import Settings, explain


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """No setting of the developer's own."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("PARLOR_ENV", raising=False)


@pytest.fixture
def development(monkeypatch):
    monkeypatch.setenv("PARLOR_ENV", "development")


@pytest.mark.usefixtures("development")
def test_development_needs_no_settings(tmp_path):
    settings = Settings()
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/parlor.db"
    assert (settings.host, settings.port, settings.room_grace) == ("127.0.0.1", 5000, 600)
    assert settings.on_sqlite
    assert not settings.in_production


@pytest.mark.usefixtures("development")
def test_the_development_key_is_made_once_and_kept_private(tmp_path):
    key = Settings().secret_key
    assert len(key) == 64
    assert Settings().secret_key == key
    assert (tmp_path / "instance/secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key", [None, "", "short"])
def test_production_needs_a_long_key(monkeypatch, key):
    if key is not None:
        monkeypatch.setenv("SECRET_KEY", key)
    with pytest.raises(ValidationError, match="SECRET_KEY"):
        Settings()


def test_production_is_the_default(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "k" * 32)
    assert Settings().in_production


@pytest.mark.usefixtures("development")
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_postgres_goes_by_the_names_that_hosts_hand_out(monkeypatch, scheme):
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://u:p@host:5432/db?sslmode=require")
    settings = Settings()
    assert settings.database_url == "postgresql+psycopg2://u:p@host:5432/db?sslmode=require"
    assert not settings.on_sqlite


@pytest.mark.usefixtures("development")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARLOR_ENV", "staging"),
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "parlor.db"),
        ("DATABASE_CONNECTIONS", "1"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", "http://127.0.0.1:6379"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://127.0.0.1:six"),
        ("REDIS_URL", "redis://127.0.0.1"),  # without a Postgres
        ("PORT", "0"),
        ("PORT", "http"),
        ("ROOM_GRACE", "-1"),
        ("ROOM_GRACE", "ten minutes"),
        ("LEAVE_GRACE", "x"),
        ("MAX_MESSAGE_LENGTH", "0"),
        ("LIMITS", "perhaps"),
        ("LOG_LEVEL", "LOUD"),
        ("PROXY_HOPS", "-1"),
    ],
)
def test_a_bad_value_is_named_but_not_shown(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name) as stopped:
        Settings()
    assert "input_value" not in str(stopped.value)


@pytest.mark.usefixtures("development")
@pytest.mark.parametrize("password", ["its/secret", "its#secret", "its?secret"])
def test_a_password_that_breaks_the_address_of_redis_is_not_shown(monkeypatch, password):
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/parlor")
    monkeypatch.setenv("REDIS_URL", f"redis://:{password}@127.0.0.1:6379/0")
    with pytest.raises(ValidationError, match="REDIS_URL") as stopped:
        Settings()
    assert "its" not in explain(stopped.value)


@pytest.mark.usefixtures("development")
@pytest.mark.parametrize(
    "url", ["redis://redis", "rediss://user:its%2Fsecret@[::1]:6380/1?ssl_ca_certs=/ca.pem"]
)
def test_addresses_of_redis(monkeypatch, url):
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/parlor")
    monkeypatch.setenv("REDIS_URL", url)
    assert Settings().redis_url == url


@pytest.mark.usefixtures("development")
def test_railway_has_one_proxy_in_front(monkeypatch):
    assert Settings().proxy_hops == 0
    monkeypatch.setenv("RAILWAY_ENVIRONMENT_NAME", "production")
    assert Settings().proxy_hops == 1
    monkeypatch.setenv("PROXY_HOPS", "2")
    assert Settings().proxy_hops == 2


@pytest.mark.usefixtures("development")
def test_values_are_read_as_people_write_them(monkeypatch):
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://a.example/, https://b.example")
    monkeypatch.setenv("LIMITS", "off")
    monkeypatch.setenv("LOG_LEVEL", "debug")
    settings = Settings()
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    assert settings.limits is False
    assert settings.log_level == "DEBUG"


@pytest.mark.usefixtures("development")
def test_the_key_of_tokens_is_that_of_cookies_unless_it_is_set(monkeypatch):
    assert Settings().token_key == Settings().secret_key
    monkeypatch.setenv("TOKEN_KEY", "t" * 32)
    assert Settings().token_key == "t" * 32
    monkeypatch.setenv("TOKEN_KEY", "short")
    with pytest.raises(ValidationError, match="TOKEN_KEY"):
        Settings()
