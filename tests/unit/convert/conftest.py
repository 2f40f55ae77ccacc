import io
import json

import pytest
from convert.advice_following import runner

from tuning.datasets.convert.conversion import convert
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.targets.target import Target
from tuning.models.catalog import catalog


@pytest.fixture
def converted():
    """Converts bytes, text, or a list of records; gives the records written and the summary."""

    def run(content, to="converse", *, name="train.jsonl", source=None, mapping=None, **options):
        if isinstance(content, list):
            content = "".join(json.dumps(record) + "\n" for record in content)
        raw = content.encode() if isinstance(content, str) else content
        target = to if isinstance(to, Target) else Target.of_format(to)
        wishes = Options(**{**options, "drop": frozenset(options.get("drop", ()))})
        conversion = convert(
            io.BytesIO(raw),
            name=name,
            target=target,
            source=source,
            mapping=mapping,
            options=wishes,
        )
        lines = list(conversion)
        return [json.loads(line.record) for line in lines], conversion.summary, lines

    return run


@pytest.fixture
def target_of():
    def find(model, method="FINE_TUNING"):
        found = catalog().model(model)
        return Target.of_model(found, found.methods[method])

    return find


@pytest.fixture
def run(monkeypatch, capfdbinary, tmp_path):
    return runner(monkeypatch, capfdbinary, tmp_path)
