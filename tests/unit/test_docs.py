"""What the README says about settings, parameters, commands and events must be all there is."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from m3ter_quickbooks.integration.settings import KEYS
from m3ter_quickbooks.run.trouble import EventName

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text()


class Template(yaml.SafeLoader):
    """Reads CloudFormation's short tags as plain values."""


def _plain(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


Template.add_multi_constructor("!", _plain)


def section(heading: str) -> str:
    return README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_every_setting_is_in_the_readme_and_nothing_else() -> None:
    table = section("Settings").split("\n### ")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert documented == set(KEYS)


def test_every_parameter_of_the_template_is_in_the_readme() -> None:
    template = yaml.load((PROJECT / "template.yaml").read_text(), Template)  # noqa: S506  a SafeLoader
    documented = set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", section("Deploy to AWS"), re.MULTILINE)))
    )
    assert documented == set(template["Parameters"])


def test_every_command_of_the_makefile_is_in_the_readme() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))
    documented = set(re.findall(r"`make ([a-z]+)", section("Commands")))
    assert documented == targets


@pytest.mark.parametrize("name", list(EventName))
def test_every_outgoing_event_is_in_the_readme(name: EventName) -> None:
    assert f"`{name}`" in section("Events in and out")


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!https?:|#)[^)]+)\)", README))
def test_every_link_of_the_readme_leads_somewhere(link: str) -> None:
    assert (PROJECT / link.split("#", maxsplit=1)[0]).exists()
