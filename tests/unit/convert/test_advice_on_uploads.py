"""What the page of a refused upload advises is run, as it is printed, on the machine of its uploader."""

import io
from html import unescape

import pytest
from convert.advice_following import commands, followed
from convert.peoples_files import FILES, packed
from domain_builders import any_recipe, any_run

from tuning.runs.preparation import prepare
from tuning.runs.readings import Source
from tuning.runs.recipes import ConversionOptions
from tuning.runs.uploads import SUFFIXES

pytestmark = pytest.mark.thorough

RECIPES = {
    "silent": any_recipe(),
    "converting": any_recipe(convert=ConversionOptions()),
    "mapping": any_recipe(
        convert=ConversionOptions(map={"prompt": "Question", "completion": "Answer"})
    ),
}


def uploads():
    """Each file under a name that starts a run, those of other kinds as people rename them."""
    for name, (content, records) in {**FILES, **packed()}.items():
        suffix = next((e for e in SUFFIXES if name.endswith(e)), ".csv")
        yield pytest.param(f"train{suffix}", content, records, id=name)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize(("name", "content", "records"), list(uploads()))
def test_the_page_of_a_refused_upload_leads_to_an_accepted_file_or_to_the_end(
    run, tmp_path, recipe, name, content, records
):
    source = Source(name=name, stream=io.BytesIO(content), copy=io.BytesIO())
    prepared = prepare(recipe, source)
    if prepared.report.verdict == "accepted":
        return
    fixes = "\n".join(found.fix for found in prepared.report.findings)
    page = unescape(prepared.page(any_run(recipe=recipe)))
    assert " PATH" not in fixes
    (tmp_path / name).write_bytes(content)
    advised = commands(fixes)
    if not name.endswith(".gz"):
        for line in advised[:1]:
            assert line in page
    for line in advised:
        ended, _ = followed(run, line, tmp_path)
        assert ended == "accepted" or records is None or "encoding" in line


@pytest.mark.parametrize("name", ["train.parquet", "train.csv"])
def test_parquet_is_converted_not_checked(name):
    source = Source(name=name, stream=io.BytesIO(b"PAR1"), copy=io.BytesIO())
    page = prepare(any_recipe(), source).page(any_run())
    assert f"tuning convert {name}" in page
    assert f"tuning check {name}" not in page
