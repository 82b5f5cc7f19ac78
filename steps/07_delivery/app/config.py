"""Configuration: defaults in code, differences from the environment, secrets from there only."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from argon2 import Parameters, profiles
from dotenv import dotenv_values

from app import counting, values
from app.settings import SAME_AS, Settings
from app.values import ConfigError

PROJECT = Path(__file__).resolve().parent.parent
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
REDIS_OPTIONS = {"socket_timeout": 1, "socket_connect_timeout": 1}
TRACES_EXPORTERS = ("none", "console", "otlp")


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
    CORS_ORIGINS: tuple[str, ...] = ()
    FEATURES: Mapping[str, int] = {}
    SQLALCHEMY_ENGINE_OPTIONS: Mapping[str, object] = {"hide_parameters": True}  # from the log
    WTF_CSRF_CHECK_DEFAULT = False  # an API takes no cookies; app/auth/browser.py guards the pages
    database_variable = "DATABASE_URL"
    database_default = "sqlite:///library.db"

    def __init__(self, environ: Mapping[str, str]) -> None:
        settings = Settings(environ)
        self.read(settings)
        settings.check()

    def read(self, settings: Settings) -> None:
        """Have all of it from ``settings``, which keeps what is wrong for the end."""
        self.SECRET_KEY = settings.read("SECRET_KEY", str, "") or secrets.token_hex(32)
        self.ADMIN_KEY = settings.read("ADMIN_KEY", str, "")
        self.SIGNING_KEYS = settings.read("SIGNING_KEYS", str, "")
        self.LOG_LEVEL = settings.read("LOG_LEVEL", values.one_of(LOG_LEVELS), self.LOG_LEVEL)
        self.TRACES_EXPORTER = settings.read(
            "TRACES_EXPORTER", values.one_of(TRACES_EXPORTERS), self.TRACES_EXPORTER
        )
        self.RATE_LIMIT = settings.read("RATE_LIMIT", values.rate, self.RATE_LIMIT)
        self.TRUSTED_PROXIES = settings.read("TRUSTED_PROXIES", values.number, self.TRUSTED_PROXIES)
        self.REDIS_URL = settings.read("REDIS_URL", values.redis_url, "")
        self.RATELIMIT_STORAGE_URI = self.REDIS_URL or counting.URI
        self.RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = bool(self.REDIS_URL)
        self.CACHE_TYPE = "RedisCache" if self.REDIS_URL else "SimpleCache"
        self.CACHE_REDIS_URL = self.REDIS_URL
        if self.REDIS_URL:
            self.CACHE_OPTIONS = self.RATELIMIT_STORAGE_OPTIONS = dict(REDIS_OPTIONS)
        self.MAX_CONTENT_LENGTH = settings.read(
            "MAX_CONTENT_LENGTH", values.size, self.MAX_CONTENT_LENGTH
        )
        self.CORS_ORIGINS = settings.read("CORS_ORIGINS", values.words, self.CORS_ORIGINS)
        self.FEATURES = settings.read("FEATURES", values.shares, self.FEATURES)
        self.METADATA_URL = settings.read("METADATA_URL", values.web_url, "")
        self.SQLALCHEMY_DATABASE_URI = settings.read(
            self.database_variable, values.database_url, self.database_default
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
    """For the world: no secret is made up, no ``.env`` is read, no database is assumed."""

    database_default = ""

    def read(self, settings: Settings) -> None:
        super().read(settings)
        settings.read("SECRET_KEY", values.strong_secret, "")
        for variable in ("SECRET_KEY", self.database_variable):
            if not settings.text(variable):
                settings.complain(variable, "is missing")
        if self.ADMIN_KEY:  # one for everything, and anybody may try
            settings.read("ADMIN_KEY", values.strong_secret, "")
        if settings.read("WEB_CONCURRENCY", values.number, 1) > 1 and not self.REDIS_URL:
            settings.complain("REDIS_URL", "is missing, and more than one worker needs it")


CONFIGS: dict[str, type[BaseConfig]] = {
    "development": DevConfig,
    "testing": TestConfig,
    "production": ProdConfig,
}


def get_config(name: str) -> BaseConfig:
    """The settings for ``development``, ``testing``, ``production``, or a name in ``SAME_AS``.

    They are read when it is called, the secrets also from files: ``SECRETS``. Every environment
    knows these; a variable of the same name overrides the default:

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
    ``CORS_ORIGINS``
        Pages of which origins may ask from a browser, with spaces between several, such as
        ``https://reading.example.org``; nobody's by default.
    ``FEATURES``
        For how many users out of a hundred a feature is on: ``long-loans=25``, with spaces
        between several; ``""`` by default.
    ``METADATA_URL``
        Where more is known about books, such as ``https://books.example.org/v1``; ``""`` by
        default: nowhere.
    ``DATABASE_URL``
        Where the data live, such as ``postgresql://user:password@localhost/library``;
        ``SQLALCHEMY_DATABASE_URI`` in the config. ``library.db`` in ``instance/``, a file of
        SQLite, by default; production has no default. Testing reads ``TEST_DATABASE_URL``
        instead, in memory by default: tests never meet the data that people work with.

    ``TESTING`` is true in testing only, ``SAMPLE_DATA`` in development only.

    In development, and nowhere else, the file ``.env`` beside ``wsgi.py`` (or the file that
    the variable ``ENV_FILE`` names) is read as well; what the real environment says wins,
    and the environment itself stays as it is.

    Raises ``ConfigError``, whose message names every variable that is wrong and shows no value,
    for an unknown ``name`` (the variable is ``APP_ENV``), for a value that is none of the above,
    also an empty one, and in production for a ``SECRET_KEY`` that is missing or empty,
    shorter than 32 bytes in UTF-8, or well known: one that contains
    ``change``, ``default``, ``example``, ``insecure``, ``password``, ``placeholder`` or
    ``secret``, in any case. An ``ADMIN_KEY`` that is set has to be as good: what opens
    everything must not be guessed, however often somebody tries. In production also where
    ``WEB_CONCURRENCY``, gunicorn's number of workers, is more than 1 and there is no
    ``REDIS_URL``: each would count and remember for itself.
    """
    kind = SAME_AS.get(name, name)
    if kind not in CONFIGS:
        raise ConfigError(f"APP_ENV: must be one of {', '.join([*CONFIGS, *SAME_AS])}")
    return CONFIGS[kind](os.environ)
