"""The guardrail that a command is about: a file, a name in the next folder of them, or one that is deployed."""

from pathlib import Path

from tuning.cli.chosen_recipe import nearest_folder
from tuning.errors import OptionError, nearest


def guardrail_file(named: Path | None) -> Path:
    """That file; that name; or the only one there is. Raises OptionError."""
    if named and (named.suffix == ".toml" or named.parent != Path() or named.is_file()):
        return named
    folder = nearest_folder("guardrails", "TUNING_GUARDRAILS")
    known = sorted(path.stem for path in folder.glob("*.toml")) if folder else []
    if named is None and len(known) == 1 and folder:
        return folder / f"{known[0]}.toml"
    here = (
        f"; {folder} has: {', '.join(known)}" if known else "; there is no folder guardrails here"
    )
    if named is None:
        raise OptionError(f"say which guardrail: --guardrail NAME{here}")
    if folder and str(named) in known:
        return folder / f"{named}.toml"
    raise OptionError(
        f"--guardrail {named}: no such guardrail{nearest(str(named), known)}{here}. Name a file, such as "
        f"--guardrail folder/{named}.toml"
    )


def tests_of(file: Path) -> Path:
    """The test set that a guardrail has beside it."""
    return file.parent / "tests" / f"{file.stem}.jsonl"
