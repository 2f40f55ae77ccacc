"""docs/adapters.md says what the code does."""

from pathlib import Path

from tuning.adapters.refused import refusals_markdown

PAGE = Path(__file__).parents[3] / "docs" / "adapters.md"


def test_the_list_of_refusals_is_the_data_file():
    text = PAGE.read_text(encoding="utf-8")
    inside = text.partition("<!-- refusals: begin -->\n")[2].partition("<!-- refusals: end -->")[0]
    assert inside == refusals_markdown()
