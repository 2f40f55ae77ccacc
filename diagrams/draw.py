"""The pictures in the documents, drawn from what is synthesized: `python -m diagrams.draw`.

Blocks between `<!-- diagram:… -->`, with the name of a picture, and `<!-- /diagram -->` are written anew.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import aws_cdk as cdk

from diagrams.mermaid import mermaid
from diagrams.pictures import pictures
from diagrams.resources import Templates
from stacks.deployment import Deployment

ILLUSTRATED = (Path("README.md"), Path("docs/security.md"), Path("docs/architecture.md"))
ENVIRONMENT = "dev"


def draw_pictures(templates: Templates) -> dict[str, str]:
    """Every picture as Mermaid, by the name in its marker."""
    return {name: mermaid(graph) for name, graph in pictures(templates).items()}


def renew(text: str, pictures: Mapping[str, str]) -> str:
    """`text` with each marked block drawn anew."""
    for name, picture in pictures.items():
        block = f"<!-- diagram:{name} -->\n```mermaid\n{picture}\n```\n<!-- /diagram -->"
        start, mark, rest = text.partition(f"<!-- diagram:{name} -->")
        if mark:
            text = start + block + rest.partition("<!-- /diagram -->")[2]
    return text


def templates_of(deployment: Deployment, folder: str) -> Templates:
    """The templates of one environment, out of a synthesized folder."""
    constructs = {
        "Network": deployment.network,
        "Storage": deployment.storage,
        "Training": deployment.training,
    }
    return {
        name: json.loads(
            (Path(folder) / cdk.Stack.of(construct).template_file).read_text(encoding="utf-8")
        )
        for name, construct in constructs.items()
    }


def pictured_templates(folder: str) -> Templates:
    """The templates of ENVIRONMENT as `app.py` and `cdk.json` say."""
    from app import build  # noqa: PLC0415 — app.py imports the stacks

    context = json.loads(Path("cdk.json").read_text(encoding="utf-8"))["context"]
    app = cdk.App(outdir=folder, context=context, builtin_cloud_formation_validation=False)
    build(app)
    app.synth()
    deployment = app.node.find_child(ENVIRONMENT)
    assert isinstance(deployment, Deployment)  # noqa: S101 — narrows a CDK type
    return templates_of(deployment, folder)


def _run() -> None:
    with TemporaryDirectory() as folder:
        pictures = draw_pictures(pictured_templates(folder))
    for document in ILLUSTRATED:
        if document.exists():
            text = document.read_text(encoding="utf-8")
            document.write_text(renew(text, pictures), encoding="utf-8")


if __name__ == "__main__":
    _run()
