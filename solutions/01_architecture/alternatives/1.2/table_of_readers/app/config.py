"""Configuration: one table says how each setting is read, one function reads them all."""

import os
import secrets
from collections import ChainMap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

PLACEHOLDERS = {"change", "default", "example", "insecure", "password", "placeholder", "secret"}


class ConfigError(Exception):
    """A setting is missing or wrong. The message names the environment variable."""


class BaseConfig:
    """Defaults that hold everywhere; an instance carries what was read."""

    TESTING = False
    SAMPLE_DATA = False
    ADMIN_KEY = ""
    LOG_LEVEL = "INFO"
    MAX_CONTENT_LENGTH = 1 << 20


class DevConfig(BaseConfig):
    SAMPLE_DATA = True
    LOG_LEVEL = "DEBUG"


class TestConfig(BaseConfig):
    TESTING = True


class ProdConfig(BaseConfig):
    pass


CONFIGS = {"development": DevConfig, "testing": TestConfig, "production": ProdConfig}


def log_level(text: str) -> str:
    if text in ("DEBUG", "INFO", "WARNING", "ERROR"):
        return text
    raise ValueError(text)


def size(text: str) -> int:
    if int(text) > 0:
        return int(text)
    raise ValueError(text)


READERS: dict[str, Callable[[str], Any]] = {
    "ADMIN_KEY": str,
    "LOG_LEVEL": log_level,
    "MAX_CONTENT_LENGTH": size,
}


def get_config(name: str) -> BaseConfig:
    """The settings for ``development``, ``testing`` or ``production``, read when called."""
    try:
        config = CONFIGS[name]()
    except KeyError:
        raise ConfigError("APP_ENV names no environment that we know") from None
    environ: Mapping[str, str | None] = os.environ
    if name == "development":
        environ = ChainMap(dict(os.environ), read_file())
    for key, reader in READERS.items():
        text = environ.get(key)
        if text is not None:
            try:
                setattr(config, key, reader(text))
            except ValueError:
                raise ConfigError(f"{key} has a value that makes no sense") from None
    vars(config)["SECRET_KEY"] = secret_for(name, environ.get("SECRET_KEY") or "")
    return config


def read_file() -> dict[str, str | None]:
    path = os.environ.get("ENV_FILE", "") or Path(__file__).parents[1].joinpath(".env")
    return dotenv_values(path)


def secret_for(name: str, secret: str) -> str | bytes:
    if name != "production":
        return secret or secrets.token_bytes()
    problems = {
        "SECRET_KEY is missing": secret == "",
        "SECRET_KEY needs 32 bytes or more": len(secret.encode("utf-8")) <= 31,
        "SECRET_KEY is a placeholder": any(word in secret.casefold() for word in PLACEHOLDERS),
    }
    for problem, found in problems.items():
        if found:
            raise ConfigError(problem)
    return secret
