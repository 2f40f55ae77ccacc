"""A run whose recipe is not what is deployed: a person edited or retired it since, or another function made it up."""

import json

from tuning.reports.visible_text import visible
from tuning.runs.recipes import Recipe
from tuning.runs.run import Run


def edited(run: Run, deployed: Recipe | None) -> str | None:
    """Why a person is asked before a run that would train by another recipe than `deployed`, which is the one
    that its upload is for. None: it is the same in all that shapes model and job.
    """
    name = visible(run.upload.recipe_name)
    if deployed is None:
        retries = "" if run.attempt == 1 else ", or allows no second try"
        return f"Recipe {name} is no longer deployed{retries}. {_advice(run)}"
    if run.recipe.content_digest == deployed.content_digest:
        return None
    ours, theirs = run.recipe.content, deployed.content
    differ = (
        f"{key} {_shown(ours.get(key))}, deployed {_shown(theirs.get(key))}"
        for key in sorted({*ours, *theirs})
        if ours.get(key) != theirs.get(key)
    )
    what = f"It would train with a recipe other than {name} as deployed: {'; '.join(differ)}"
    return f"{what}. {_advice(run)}"


def _advice(run: Run) -> str:
    return f"To train with the deployed recipe instead, reject the run, then tuning retrain {visible(run.id)}."


def _shown(value: object) -> str:
    return visible(json.dumps(value, sort_keys=True))
