"""The search's weights and thresholds, as they were learnt and are read from `weights.yaml`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from knowledge import strict_yaml

_HERE = Path(__file__).parent


class WeightsFile(BaseModel):
    """`weights.yaml`: what `bench/tune.py` learnt from the training questions."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rank: dict[str, float]
    confidence: dict[str, float]  # logistic regression on signals of the best candidate
    answer_at: float  # confidence from which the best candidate is answered
    choose_at: float  # confidence from which up to four candidates are offered
    refuse_at: float  # confidence from which a matter of others is said to be that
    follow_at: float  # below this confidence a short remark is taken to be about the last entry
    choice_gap: float  # a choice is offered when its score is at most this far below the best
    out_at: float  # share of belief in "not ours" from which no choices are offered
    dossier_entry: str  # answers a bare dossier number
    elsewhere_entry: str  # stands for all that is not ours and has no entry of its own
    common: dict[str, float] = {}


_weights_adapter: TypeAdapter[WeightsFile] = TypeAdapter(WeightsFile)


def load_weights(path: Path = _HERE / "weights.yaml") -> WeightsFile:
    """Read the learnt weights. Raises strict_yaml.BadYaml."""
    document = strict_yaml.read(path)
    try:
        return _weights_adapter.validate_python(document.data)
    except ValidationError as exc:
        raise strict_yaml.BadYaml(strict_yaml.explain(exc, document)) from exc
