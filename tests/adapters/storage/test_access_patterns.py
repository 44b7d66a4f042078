"""keys.py, docs/access-patterns.md and template.yaml tell the same."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from m3ter_quickbooks import storage
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.storage import keys

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "access-patterns.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")]
SOURCES = sorted(Path(storage.__path__[0]).glob("*.py"))
BUILDERS = {
    name: function
    for name, function in inspect.getmembers(keys, inspect.isfunction)
    if function.__module__ == keys.__name__ and not name.startswith("_") and name not in {"part", "moment_text"}
}
CONSTANTS = [name for name, value in vars(keys).items() if name.isupper() and isinstance(value, str)]
IDENTITY = MappingKey(
    "<m3ter_entity>",
    "<m3ter_id>",
    "<external_system>",
    "<external_table>",
    ConfigurationId("<integration_config_id>"),
)


class Day:
    """Stands for any day."""

    def isoformat(self) -> str:
        return "<on>"


def template() -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        """CloudFormation's own tags are of no interest here."""

    Loader.add_multi_constructor("!", lambda loader, _, node: str(node.value))
    loaded: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), Loader)  # noqa: S506  safe
    return loaded


def built(function: Callable[..., Any]) -> Any:
    """The key with the name of each argument in its place."""
    special: dict[str, Any] = {"key": IDENTITY, "on": Day()}
    return function(**{name: special.get(name, f"<{name}>") for name in inspect.signature(function).parameters})


def rows_naming(name: str) -> list[str]:
    return [row for row in ROWS if f"`keys.{name}`" in row]


@pytest.mark.parametrize("name", [name for name in BUILDERS if name not in {"at_time", "shard_of"}])
def test_the_page_shows_each_key_as_it_is_built(name: str) -> None:
    key = built(BUILDERS[name])

    rows = rows_naming(name)

    assert rows
    for row in rows:
        for text in key if isinstance(key, keys.Key) else [key]:
            assert f"`{text}`" in row


@pytest.mark.parametrize("name", [*BUILDERS, *CONSTANTS])
def test_the_page_names_each_key_and_its_index(name: str) -> None:
    rows = rows_naming(name)
    assert rows
    source = inspect.getsource(keys)
    about = inspect.getdoc(BUILDERS[name]) if name in BUILDERS else source.split(f"\n{name} = ")[1].split("\n\n")[0]
    index = re.search(r"Index (gsi\d)", str(about))
    if index:
        assert all(f"| {index[1]} |" in row for row in rows)


def test_the_page_names_no_key_that_is_not_there() -> None:
    named = set(re.findall(r"`keys\.(\w+)`", PAGE))

    assert named == {*BUILDERS, *CONSTANTS}


def test_whoever_the_page_says_asks_is_there() -> None:
    modules = [
        importlib.import_module(f"{storage.__name__}.{one.name}") for one in pkgutil.iter_modules(storage.__path__)
    ]
    there = {
        f"{name}.{method}"
        for module in modules
        for name, kind in inspect.getmembers(module, inspect.isclass)
        for method in vars(kind)
    }

    named = {row.split("|")[-2].strip().strip("`") for row in ROWS if "keys." in row}

    assert named
    assert named <= there


def test_the_template_has_the_keys_and_indexes_that_the_code_uses() -> None:
    table = template()["Resources"]["Table"]["Properties"]
    indexes = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in table["GlobalSecondaryIndexes"]
    }

    used = set(re.findall(r'"(gsi\d)"', "".join(source.read_text(encoding="utf-8") for source in SOURCES)))

    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]
    assert indexes == {index: [f"{index}pk", f"{index}sk"] for index in used}
    assert {index["Projection"]["ProjectionType"] for index in table["GlobalSecondaryIndexes"]} == {"ALL"}
    assert table["TimeToLiveSpecification"]["AttributeName"] == "ttl"


def test_nothing_is_ever_scanned() -> None:
    for source in SOURCES:
        called = {
            node.func.attr
            for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert "scan" not in called
