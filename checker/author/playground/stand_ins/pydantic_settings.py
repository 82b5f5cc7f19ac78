"""For a page, settings that are their defaults: see ``pydantic`` beside this."""

SettingsConfigDict = dict


class BaseSettings:
    """Elsewhere it reads the environment."""
