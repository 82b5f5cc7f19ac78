"""Configuration: defaults in code, differences from the environment, secrets from there only."""


class ConfigError(Exception):
    """A setting is missing or wrong. The message names the environment variable."""


class BaseConfig:
    """Defaults that hold everywhere."""

    TESTING = False
    SAMPLE_DATA = False
    SECRET_KEY = "dev-secret-key-change-me-before-production"
    ADMIN_KEY = ""
    LOG_LEVEL = "INFO"
    MAX_CONTENT_LENGTH = 1024 * 1024


class DevConfig(BaseConfig):
    SAMPLE_DATA = True
    LOG_LEVEL = "DEBUG"


class TestConfig(BaseConfig):
    TESTING = True


class ProdConfig(BaseConfig):
    pass


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
    ``LOG_LEVEL``
        ``DEBUG``, ``INFO``, ``WARNING`` or ``ERROR``; ``INFO`` by default, ``DEBUG`` in
        development.
    ``MAX_CONTENT_LENGTH``
        The largest body accepted, in bytes, a whole number from 1 on; 1 MiB by default.

    ``TESTING`` is true in testing only, ``SAMPLE_DATA`` in development only.

    In development, and nowhere else, the file ``.env`` beside ``wsgi.py`` (or the file that
    the variable ``ENV_FILE`` names) is read as well; what the real environment says wins,
    and the environment itself stays as it is.

    Raises ``ConfigError``, whose message names the variable and never shows its value, for
    an unknown ``name`` (the variable is ``APP_ENV``), for a value that is none of the above,
    also an empty one, and in production for a ``SECRET_KEY`` that is missing or empty,
    shorter than 32 bytes in UTF-8, or well known: one that contains
    ``change``, ``default``, ``example``, ``insecure``, ``password``, ``placeholder`` or
    ``secret``, in any case.
    """
    return CONFIGS[name]()  # exercise 1.2 starts here
