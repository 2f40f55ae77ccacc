"""Recipes get into the functions' code at synth: the same bytes each time, and nothing else is touched."""

import os
import zipfile

import pytest

from tuning.constructs import functions_code
from tuning.constructs.functions_code import BundleError, with_recipes, without_recipes


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A wheel's zip, outside of a checkout, and a cache folder of the user's own."""
    shipped = tmp_path / "site-packages" / "functions.zip"
    shipped.parent.mkdir()
    with zipfile.ZipFile(shipped, "w") as archive:
        archive.writestr(zipfile.ZipInfo("lambdas/observe.py"), "code")
    monkeypatch.setattr(functions_code, "SHIPPED", shipped)
    monkeypatch.setattr(functions_code, "_CHECKOUT", shipped.parent)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    functions_code.merged.cache_clear()
    yield shipped
    functions_code.merged.cache_clear()


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tones.toml"
    path.write_text("max_hours = 3\n", encoding="utf-8")
    return path


def contents(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_recipes_are_beside_the_code(installed, recipe):
    found = with_recipes("lambda", [recipe])
    assert contents(found.path) == {
        "lambdas/observe.py": "code",
        "recipes/tones.toml": "max_hours = 3\n",
    }
    assert contents(installed) == {"lambdas/observe.py": "code"}


def test_it_waits_in_the_users_cache(installed, recipe, tmp_path):
    assert tmp_path / "cache" in with_recipes("lambda", [recipe]).path.parents
    assert sorted(path.name for path in installed.parent.iterdir()) == ["functions.zip"]


@pytest.mark.usefixtures("installed")
def test_it_has_the_same_name_and_bytes_when_it_is_made_again(recipe):
    first = with_recipes("lambda", [recipe]).path
    before = first.read_bytes()
    first.unlink()
    functions_code.merged.cache_clear()
    again = with_recipes("lambda", [recipe]).path
    assert (again, again.read_bytes()) == (first, before)


def test_its_name_says_what_is_in_it(installed, recipe):
    first = with_recipes("lambda", [recipe]).path
    recipe.write_text("max_hours = 4\n", encoding="utf-8")
    second = with_recipes("lambda", [recipe]).path
    with zipfile.ZipFile(installed, "a") as archive:
        archive.writestr(zipfile.ZipInfo("lambdas/more.py"), "more")
    functions_code.merged.cache_clear()
    third = with_recipes("lambda", [recipe]).path
    assert len({first, second, third}) == 3


def another(installed):
    """Another version of the package, and what it makes."""
    with zipfile.ZipFile(installed, "a") as archive:
        archive.writestr(zipfile.ZipInfo("lambdas/more.py"), "more")
    functions_code.merged.cache_clear()


def test_what_was_not_asked_for_in_a_week_goes(installed, recipe):
    old = with_recipes("lambda", [recipe]).path
    os.utime(old, (0, 0))
    another(installed)
    new = with_recipes("lambda", [recipe]).path
    assert [path for path in (old, new) if path.exists()] == [new]


def test_what_a_synth_beside_this_one_is_about_to_read_stays(installed, recipe):
    used = with_recipes("lambda", [recipe]).path
    os.utime(used, (0, 0))
    functions_code.merged.cache_clear()
    with_recipes("lambda", [recipe])
    another(installed)
    assert with_recipes("lambda", [recipe]).path != used
    assert used.exists()


@pytest.mark.parametrize(("member", "compiled"), [("a.py", False), ("a.cpython-314.pyc", True)])
def test_whether_it_is_compiled_is_read_from_it(installed, member, compiled):
    with zipfile.ZipFile(installed, "a") as archive:
        archive.writestr(zipfile.ZipInfo(member), "")
    assert without_recipes("lambda").compiled is compiled


@pytest.mark.usefixtures("installed")
def test_the_emulators_code_is_refused_outside_of_a_checkout():
    with pytest.raises(BundleError, match="runs from a checkout"):
        without_recipes("laptop")


@pytest.mark.usefixtures("installed")
def test_a_cache_that_cannot_be_made_is_refused_with_its_place(recipe, tmp_path, monkeypatch):
    blocked = tmp_path / "a file"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with pytest.raises(BundleError, match="a file"):
        with_recipes("lambda", [recipe])
