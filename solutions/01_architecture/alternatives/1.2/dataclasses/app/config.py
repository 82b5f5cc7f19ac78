"""Configuration: what was read stands in a frozen dataclass."""

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values, find_dotenv

WEAK = re.compile("change|default|example|insecure|password|placeholder|secret", re.IGNORECASE)


class ConfigError(Exception):
    """A setting is missing or wrong. The message names the environment variable."""


class Missing(ConfigError):
    """Nothing there to read."""


def say(variable: str, expected: str) -> ConfigError:
    return ConfigError(f"the environment variable {variable} must be {expected}")


@dataclass(frozen=True)
class BaseConfig:
    """Settings by the name that Flask gives them."""

    SECRET_KEY: str = field(repr=False, default_factory=lambda: os.urandom(32).hex())
    ADMIN_KEY: str = field(repr=False, default="")
    LOG_LEVEL: str = "INFO"
    MAX_CONTENT_LENGTH: int = 1_048_576
    TESTING: bool = False
    SAMPLE_DATA: bool = False


def get_config(name: str) -> BaseConfig:
    """The settings for ``development``, ``testing`` or ``production``, read when called."""
    match name:
        case "development":
            return read(from_file() | dict(os.environ), level="DEBUG", samples=True)
        case "testing":
            return read(dict(os.environ), testing=True)
        case "production":
            return strict(read(dict(os.environ)))
    raise say("APP_ENV", "development, testing or production")


def from_file() -> dict[str, str]:
    file = os.environ.get("ENV_FILE") or find_dotenv() or str(Path(__file__).with_name("none"))
    return {key: text or "" for key, text in dotenv_values(file).items()}


def read(
    environ: dict[str, str], level: str = "INFO", testing: bool = False, samples: bool = False
) -> BaseConfig:
    level = environ.get("LOG_LEVEL", level)
    if re.fullmatch("DEBUG|INFO|WARNING|ERROR", level) is None:
        raise say("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR")
    size = environ.get("MAX_CONTENT_LENGTH", "1048576")
    if re.fullmatch("0*[1-9][0-9]{0,17}", size) is None:
        raise say("MAX_CONTENT_LENGTH", "a number of bytes above zero")
    return BaseConfig(
        SECRET_KEY=environ.get("SECRET_KEY", "") or secrets.token_hex(),
        ADMIN_KEY=environ.get("ADMIN_KEY", ""),
        LOG_LEVEL=level,
        MAX_CONTENT_LENGTH=int(size),
        TESTING=testing,
        SAMPLE_DATA=samples,
    )


def strict(config: BaseConfig) -> BaseConfig:
    if not os.environ.get("SECRET_KEY"):
        raise Missing("SECRET_KEY is needed in production")
    if len(bytes(config.SECRET_KEY, "utf-8")) < 32 or WEAK.search(config.SECRET_KEY):
        raise say("SECRET_KEY", "32 random bytes or more")
    return config
