"""Guides to YAML and back: canonical, so that equal guides are equal files."""

from milepost.wire.codecs.yaml_text import dump_yaml, parse_yaml
from milepost.wire.guide import Guide

SCHEMA = "# yaml-language-server: $schema={address}\n"


def dump_guide_yaml(guide: Guide) -> str:
    """Fields in the order of the model, defaults left out."""
    return dump_yaml(guide.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def parse_guide_yaml(text: str, source: str) -> Guide:
    """The guide; raises Invalid with line and path of the first faults."""
    return parse_yaml(text, Guide, source)
