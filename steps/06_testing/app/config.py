"""Configuration: defaults in code, differences from the environment, secrets from there only."""

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import limits
from argon2 import Parameters, profiles
from dotenv import dotenv_values
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app import counting

PROJECT = Path(__file__).resolve().parent.parent
MIN_SECRET_BYTES = 32
WELL_KNOWN = (
    "change",
    "default",
    "example",
    "insecure",
    "password",
    "placeholder",
    "secret",
)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
REDIS_OPTIONS = {"socket_timeout": 1, "socket_connect_timeout": 1}
TRACES_EXPORTERS = ("none", "console", "otlp")


class ConfigError(Exception):
    """A setting is missing or wrong. The message names the environment variable."""


class BaseConfig:
    """Defaults that hold everywhere, overridden by ``environ``."""

    TESTING = False
    SAMPLE_DATA = False
    LOG_LEVEL = "INFO"
    MAX_CONTENT_LENGTH = 1024 * 1024
    PASSWORD_PARAMETERS: Parameters = profiles.RFC_9106_LOW_MEMORY
    ISSUER = "library"
    AUDIENCE = "library-api"
    AUTH_RATE_LIMIT = "10 per minute"
    ACCOUNT_RATE_LIMIT = "20 per hour"
    RATE_LIMIT = "600 per minute"
    TRUSTED_PROXIES = 0
    CACHE_THRESHOLD = 10_000
    TRACES_EXPORTER = "none"
    SQLALCHEMY_ENGINE_OPTIONS: Mapping[str, object] = {"hide_parameters": True}  # from the log
    WTF_CSRF_CHECK_DEFAULT = False  # an API takes no cookies; app/auth/browser.py guards the pages
    database_variable = "DATABASE_URL"
    database_default = "sqlite:///library.db"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.SECRET_KEY = environ.get("SECRET_KEY") or secrets.token_hex(MIN_SECRET_BYTES)
        self.ADMIN_KEY = environ.get("ADMIN_KEY", "")
        self.SIGNING_KEYS = environ.get("SIGNING_KEYS", "")
        self.LOG_LEVEL = read_choice(environ, "LOG_LEVEL", LOG_LEVELS, self.LOG_LEVEL)
        self.TRACES_EXPORTER = read_choice(
            environ, "TRACES_EXPORTER", TRACES_EXPORTERS, self.TRACES_EXPORTER
        )
        self.RATE_LIMIT = read_rate(environ, "RATE_LIMIT", self.RATE_LIMIT)
        self.TRUSTED_PROXIES = read_number(environ, "TRUSTED_PROXIES", self.TRUSTED_PROXIES)
        self.REDIS_URL = read_redis_url(environ)
        self.RATELIMIT_STORAGE_URI = self.REDIS_URL or counting.URI
        self.RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = bool(self.REDIS_URL)
        self.CACHE_TYPE = "RedisCache" if self.REDIS_URL else "SimpleCache"
        self.CACHE_REDIS_URL = self.REDIS_URL
        if self.REDIS_URL:
            self.CACHE_OPTIONS = self.RATELIMIT_STORAGE_OPTIONS = dict(REDIS_OPTIONS)
        self.MAX_CONTENT_LENGTH = read_size(environ, default=self.MAX_CONTENT_LENGTH)
        self.SQLALCHEMY_DATABASE_URI = read_database_url(
            environ, self.database_variable, default=self.database_default
        )


class DevConfig(BaseConfig):
    """On your own machine: talkative, with sample data, and with ``.env`` read."""

    SAMPLE_DATA = True
    LOG_LEVEL = "DEBUG"

    def __init__(self, environ: Mapping[str, str]) -> None:
        file = environ.get("ENV_FILE") or PROJECT / ".env"
        local = {name: value for name, value in dotenv_values(file).items() if value is not None}
        super().__init__({**local, **environ})


class TestConfig(BaseConfig):
    """For tests: nothing of this machine but what the environment says."""

    TESTING = True
    PASSWORD_PARAMETERS = profiles.CHEAPEST
    database_variable = "TEST_DATABASE_URL"
    database_default = "sqlite://"


class ProdConfig(BaseConfig):
    """For the world: no secret is made up, no file is read, no database is assumed."""

    database_default = ""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        refuse_weak_secret("SECRET_KEY", environ.get("SECRET_KEY", ""))
        if self.ADMIN_KEY:  # one for everything, and anybody may try
            refuse_weak_secret("ADMIN_KEY", self.ADMIN_KEY)
        refuse_memory_of_one(environ, self.REDIS_URL)


CONFIGS: dict[str, type[BaseConfig]] = {
    "development": DevConfig,
    "testing": TestConfig,
    "production": ProdConfig,
}


def get_config(name: str) -> BaseConfig:
    """The settings for ``development``, ``testing`` or ``production``, read when called.

    Every environment knows these; a variable of the same name overrides the default:

    ``SECRET_KEY``
        Signs what the app hands out. Never in the code. Outside production a random one of
        32 bytes or more is made by each call where none is set, or an empty one.
    ``ADMIN_KEY``
        Opens the admin routes; ``""`` by default, which opens them to nobody.
    ``SIGNING_KEYS``
        Sign access tokens: ``kid:secret``, with spaces between several. The first signs, all
        verify. ``""`` by default: one key, derived from ``SECRET_KEY``.
    ``LOG_LEVEL``
        ``DEBUG``, ``INFO``, ``WARNING`` or ``ERROR``; ``INFO`` by default, ``DEBUG`` in
        development.
    ``MAX_CONTENT_LENGTH``
        The largest body accepted, in bytes, a whole number from 1 on; 1 MiB by default.
    ``RATE_LIMIT``
        How often one caller may ask, such as ``600 per minute``, the default.
    ``TRUSTED_PROXIES``
        How many proxies of ours stand in front, a whole number; 0 by default. That many of
        the addresses in ``X-Forwarded-For`` are believed, from the right.
    ``REDIS_URL``
        Where limits and cache are kept, such as ``redis://localhost:6379/0``. ``""`` by
        default: in the memory of the process, for itself alone.
    ``TRACES_EXPORTER``
        Where spans go: ``none``, the default, ``console``, or ``otlp``, to the address that
        OpenTelemetry's own ``OTEL_EXPORTER_OTLP_ENDPOINT`` names.
    ``DATABASE_URL``
        Where the data live, such as ``postgresql://user:password@localhost/library``;
        ``SQLALCHEMY_DATABASE_URI`` in the config. ``library.db`` in ``instance/``, a file of
        SQLite, by default; production has no default. Testing reads ``TEST_DATABASE_URL``
        instead, in memory by default: tests never meet the data that people work with.

    ``TESTING`` is true in testing only, ``SAMPLE_DATA`` in development only.

    In development, and nowhere else, the file ``.env`` beside ``wsgi.py`` (or the file that
    the variable ``ENV_FILE`` names) is read as well; what the real environment says wins,
    and the environment itself stays as it is.

    Raises ``ConfigError``, whose message names the variable and never shows its value, for
    an unknown ``name`` (the variable is ``APP_ENV``), for a value that is none of the above,
    also an empty one, and in production for a ``SECRET_KEY`` that is missing or empty,
    shorter than 32 bytes in UTF-8, or well known: one that contains
    ``change``, ``default``, ``example``, ``insecure``, ``password``, ``placeholder`` or
    ``secret``, in any case. An ``ADMIN_KEY`` that is set has to be as good: what opens
    everything must not be guessed, however often somebody tries. In production also
    where ``WEB_CONCURRENCY``, gunicorn's number of workers, is more than 1 and there is no
    ``REDIS_URL``: each would count and remember for itself.
    """
    if name not in CONFIGS:
        raise ConfigError(f"APP_ENV: must be one of {', '.join(CONFIGS)}")
    return CONFIGS[name](os.environ)


def read_choice(
    environ: Mapping[str, str], variable: str, choices: Sequence[str], default: str
) -> str:
    choice = environ.get(variable, default)
    if choice not in choices:
        raise ConfigError(f"{variable}: must be one of {', '.join(choices)}")
    return choice


def read_number(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise ConfigError(f"{variable}: must be a whole number, from 0 on")
    return int(text)


def read_rate(environ: Mapping[str, str], variable: str, default: str) -> str:
    rate = environ.get(variable, default)
    try:
        limits.parse(rate)
    except ValueError:
        raise ConfigError(f"{variable}: must be a rate, such as {default}") from None
    return rate


def read_redis_url(environ: Mapping[str, str]) -> str:
    url = environ.get("REDIS_URL", "")
    if url and not url.startswith(("redis://", "rediss://")):
        raise ConfigError("REDIS_URL: must be an address that begins with redis:// or rediss://")
    return url


def read_size(environ: Mapping[str, str], default: int) -> int:
    try:
        size = int(environ.get("MAX_CONTENT_LENGTH", default))
    except ValueError:
        size = 0
    if size < 1:
        raise ConfigError("MAX_CONTENT_LENGTH: must be a whole number of bytes, from 1 on")
    return size


def read_database_url(environ: Mapping[str, str], variable: str, default: str) -> str:
    url = environ.get(variable, default)
    try:
        make_url(url).get_dialect()
    except (ArgumentError, ValueError):
        raise ConfigError(f"{variable}: must be the address of a database") from None
    return url


def refuse_memory_of_one(environ: Mapping[str, str], redis_url: str) -> None:
    if read_number(environ, "WEB_CONCURRENCY", 1) > 1 and not redis_url:
        raise ConfigError("REDIS_URL: is missing, and more than one worker needs it")


def refuse_weak_secret(variable: str, secret: str) -> None:
    hint = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise ConfigError(
            f"{variable}: is missing or shorter than {MIN_SECRET_BYTES} bytes; {hint}"
        )
    if any(word in secret.lower() for word in WELL_KNOWN):
        raise ConfigError(f"{variable}: looks like a placeholder that others know too; {hint}")
