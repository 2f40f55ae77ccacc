"""A dataset's lengths as a picture. matplotlib is an optional extra, imported when drawing."""

from typing import IO, Literal

from tuning.datasets.stats import Stats
from tuning.errors import MissingLibraryError

PictureFormat = Literal["svg", "png"]


def draw(stats: Stats, title: str, form: PictureFormat, file: IO[bytes]) -> None:
    """Write the histogram of estimated tokens. The same numbers make the same bytes."""
    try:
        from matplotlib import rc_context  # noqa: PLC0415 — optional, and slow to import
        from matplotlib.figure import Figure  # noqa: PLC0415 — idem
        from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 — idem
    except ImportError:
        raise MissingLibraryError("drawing", "matplotlib", "plot") from None
    borders = sorted({border for counts in stats.histogram.values() for border in counts})
    with rc_context({"svg.hashsalt": "tuning", "text.parse_math": False}):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        axes = figure.add_subplot()
        for offset, (name, colour) in enumerate((("prompt", "#0b7285"), ("answer", "#e8590c"))):
            heights = [stats.histogram[name].get(border, 0) for border in borders]
            median = stats.tokens[name].median
            places = [index + 0.4 * (offset - 0.5) for index in range(len(borders))]
            axes.bar(places, heights, 0.4, color=colour, label=f"{name}, median {median:,}")
        axes.set_xticks(range(len(borders)), [f"≤ {border:,}" for border in borders])
        axes.set_xlabel("estimated tokens")
        axes.set_ylabel("records")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_title(f"{title}: {stats.records:,} records, {stats.repeated:,} repeated prompts")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        # Dates and versions would make each picture another one.
        dateless = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
        figure.savefig(file, format=form, dpi=150, metadata=dateless[form])
