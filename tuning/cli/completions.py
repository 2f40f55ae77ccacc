"""What the shell completes after Tab: models of the catalog, recipes of this folder, rules."""

from pathlib import Path

from tuning.models.catalog import catalog


def complete_models(incomplete: str) -> list[str]:
    """Ids that begin so, or that hold it: `nova` completes to `amazon.nova-…`."""
    known = list(catalog().models)
    return [m for m in known if m.startswith(incomplete)] or [m for m in known if incomplete in m]


def complete_methods(incomplete: str) -> list[str]:
    found = (name for model in catalog().models.values() for name in model.methods)
    return sorted({name for name in found if name.startswith(incomplete.upper())})


def complete_recipes(incomplete: str) -> list[str]:
    """Names in `recipes/`."""
    return sorted(p.stem for p in Path("recipes").glob("*.toml") if p.stem.startswith(incomplete))


def complete_rules(incomplete: str) -> list[str]:
    from tuning.datasets.rules import rules as known  # noqa: PLC0415 — only where it is asked for

    return [rule for rule in known() if rule.startswith(incomplete.upper())]
