"""A trial before a bundle goes into service: one prediction, and what it must be like."""

from __future__ import annotations

from osteo_pacs.errors import PermanentError
from osteo_pacs.images import GreyImage
from osteo_pacs.infer.outcome import Prediction, RefusedImage
from osteo_pacs.infer.predict import Model


class TrialFailed(PermanentError):
    """The model's trial prediction did not come out."""

    remedy = "Train or seal the bundle again; the version in service stays as it is."


def try_model(model: Model, spine: GreyImage) -> Prediction | RefusedImage:
    """What the model says of a simulated spine.

    A model of patients' pictures may find a simulated one unlike them, and refuse it: that is an answer. One that
    was trained on simulated pictures has to read it.

    Raises:
        TrialFailed: it raised, answered with no probability, or refused a picture such as it was trained on.
    """
    try:
        [outcome] = model.predict([spine])
    except Exception as error:
        raise TrialFailed(f"{type(error).__name__}.") from error
    match outcome:
        case Prediction(probability=probability) if not 0 <= probability <= 1:
            raise TrialFailed(f"the probability was {probability}.")
        case RefusedImage(sentence=sentence) if model.version.is_demonstration:
            raise TrialFailed(f"it refused a simulated spine: {sentence}")
        case _:
            return outcome
