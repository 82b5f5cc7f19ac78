"""Feature flags: what is new is on for some first, and off again without a deployment."""

import hashlib
import logging
import secrets
from dataclasses import dataclass, field

from flask import Flask, current_app
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode, FlagNotFoundError, GeneralError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider import FeatureProvider

from app.providers import BooleanProvider

LOGGER = logging.getLogger("app.flags")


@dataclass
class Flags:
    """What one app asks, and for which features it has logged a failure."""

    client: OpenFeatureClient
    failed: set[str] = field(default_factory=set)


class Rollout(BooleanProvider):
    """Knows ``FEATURES`` of the current app's config."""

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        percent = current_app.config["FEATURES"].get(flag_key)
        if percent is None:
            raise FlagNotFoundError(flag_key)
        user = evaluation_context.targeting_key if evaluation_context else None
        return FlagResolutionDetails(place_of(flag_key, user) < percent, reason=Reason.SPLIT)


class Contained(BooleanProvider):
    """Another provider, whose crashes OpenFeature need not log each time."""

    def __init__(self, inner: FeatureProvider) -> None:
        super().__init__()
        self.inner = inner

    def initialize(self, evaluation_context: EvaluationContext) -> None:
        try:
            self.inner.initialize(evaluation_context)
        except Exception as error:  # noqa: BLE001 - whatever it is, the app starts
            LOGGER.warning("the provider of features does not start: %s", type(error).__name__)

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        try:
            return self.inner.resolve_boolean_details(flag_key, default_value, evaluation_context)
        except FlagNotFoundError:
            raise
        except Exception as error:
            raise GeneralError(type(error).__name__) from error


def init_flags(app: Flask, provider: FeatureProvider | None = None) -> None:
    """Have ``is_enabled`` of ``app`` ask ``provider``, through OpenFeature.

    Without a provider it asks one that knows ``FEATURES`` of the config, as it is at that
    moment: ``{"long-loans": 25}`` is a quarter of all users.

    Who belongs to them
        is decided for each feature and each user by themselves, evenly, in steps of a hundredth of
        a percent or smaller: 0 is nobody, 100 everybody, 25 is about a quarter, and not the same
        quarter for every feature. The same user gets the same answer, in every process, today
        and tomorrow. When the percentage grows, nobody loses the feature; when it shrinks,
        nobody gets it.
    A feature that ``FEATURES`` does not have
        is one that this provider cannot find: the default counts, and nothing is logged.

    Each app asks its own provider, however many a process has made. May be called again, with
    another provider, which counts from then on. A provider that cannot be initialised raises
    nothing here: it fails when it is asked, or not.
    """
    domain = secrets.token_hex(8)
    api.set_provider_and_wait(Contained(provider or Rollout()), domain)
    app.extensions["flags"] = Flags(api.get_client(domain))


def is_enabled(feature: str, user_id: int, default: bool = False) -> bool:
    """Whether ``feature`` is on for this user, asked of the current app's provider.

    The provider is asked for a boolean; the user's id, as text, is the targeting key. Where it
    fails, whatever it raises, or has nothing to say, the answer is ``default``, and never an
    exception. A failure is logged: a warning of the logger ``app.flags`` that names the feature,
    once for each feature until a provider is set anew, however often it is asked. That a
    feature is not known is no failure.
    """
    flags: Flags = current_app.extensions["flags"]
    found = flags.client.get_boolean_details(
        feature, default, EvaluationContext(targeting_key=str(user_id))
    )
    if found.error_code in {None, ErrorCode.FLAG_NOT_FOUND}:
        return found.value
    if feature not in flags.failed:
        flags.failed.add(feature)
        LOGGER.warning("whether %s is on is not known: %s", feature, found.error_message)
    return default


def place_of(feature: str, user: str | None) -> float:
    """Where a user stands in the line for a feature: from 0, up to and without 100."""
    digest = hashlib.sha256(f"{feature} {user}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 * 100
