"""The same data once more: a run that would train on what another one trains on, or was trained on."""

import hashlib
import json
from collections.abc import Mapping

from tuning.runs.ledger_item import Stored
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.recipes import Recipe
from tuning.runs.run_record import RunRecord
from tuning.runs.uploads import TRAINING, VALIDATION


class TrainedData(Stored, frozen=True, kw_only=True):
    """Which run was the last to spend on prepared data by a recipe. Its key is no run's."""

    run_id: str


def data_key(recipe: Recipe, digests: Mapping[str, str]) -> str:
    """Of the prepared copies, by their SHA-256 (hex) and names, and everything of the recipe that shapes the
    model. What was uploaded as another file, or in other forms, may be the same once it is prepared.
    """
    what = [digests[TRAINING], digests.get(VALIDATION), recipe.content_digest]
    return f"data#{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]}"


def digests_of(dataset: PreparedDataset) -> dict[str, str]:
    """A prepared copy lies under the hash of its content: `…/prepared/<sha256>/train.jsonl`."""
    uris = {TRAINING: dataset.training_uri, VALIDATION: dataset.validation_uri}
    return {name: uri.split("/")[-2] for name, uri in uris.items() if uri}


def same_data(recipe: Recipe, other: RunRecord | None) -> str | None:
    """Why a person is asked before a run that would train on the data of `other`; None: nobody need be."""
    if other is None or recipe.same_data == "allow" or (other.ended and other.state != "trained"):
        return None
    when = f" on {other.ended_at[:10]}" if other.ended_at else ""
    did = f"was trained{when}" if other.ended else "is to be trained"
    return (
        f"Run {other.id} {did} on exactly this data with the same recipe: training it again costs as "
        'much again. If that is intended, same_data = "allow" in the recipe asks no more.'
    )
