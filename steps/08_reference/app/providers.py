"""Providers: what OpenFeature asks. Ours have features that are on or off, and nothing else."""

from collections.abc import Mapping, Sequence

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType
from openfeature.provider import AbstractProvider, Metadata

Many = Sequence[FlagValueType] | Mapping[str, FlagValueType]


class BooleanProvider(AbstractProvider):
    """To be completed by ``resolve_boolean_details``: every other kind of flag is not found."""

    def get_metadata(self) -> Metadata:
        return Metadata(type(self).__name__)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        raise FlagNotFoundError(flag_key)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        raise FlagNotFoundError(flag_key)

    def resolve_float_details(
        self,
        flag_key: str,
        default_value: float,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[float]:
        raise FlagNotFoundError(flag_key)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Many,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Many]:
        raise FlagNotFoundError(flag_key)
