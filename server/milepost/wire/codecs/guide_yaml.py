"""Guides to YAML and back: canonical, so that equal guides are equal files."""

import re

from milepost.wire.codecs.yaml_text import dump_yaml, parse_yaml
from milepost.wire.guide import Guide
from milepost.wire.resource import Resource

RESOURCE = re.compile(r"^\s*[\"']?apiVersion[\"']?:\s*[\"']?resource/", re.MULTILINE)

SCHEMA = "# yaml-language-server: $schema={address}\n"


def dump_guide_yaml(guide: Guide | Resource) -> str:
    """Fields in the order of the model, defaults left out."""
    return dump_yaml(guide.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def parse_guide_file(text: str, source: str) -> Guide | Resource:
    """A guide, or, where the file says so, a resource."""
    return parse_yaml(text, Resource, source, by_hand=True) if RESOURCE.search(text) else parse_guide_yaml(text, source)


def parse_guide_yaml(text: str, source: str) -> Guide:
    """The guide; raises Invalid with line and path of the first faults, or when it is longer than what people write."""
    return parse_yaml(text, Guide, source, by_hand=True)
