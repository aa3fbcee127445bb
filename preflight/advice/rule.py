"""A pattern of output, and the finding that it stands for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from preflight.findings import Kind


@dataclass(frozen=True)
class Rule:
    """A regular expression, the kind of finding that it shows, and values for its message.

    Named groups become values, too. A group may occur in several alternatives: name, name_. A space
    also matches a line break, because terminals and mail programs wrap long lines. A consequence is
    what a program prints after a failure whatever its cause was.
    """

    pattern: str
    kind: Kind
    values: Mapping[str, str] = field(default_factory=dict)
    consequence: bool = False

    @cached_property
    def compiled(self) -> "re.Pattern[str]":
        """The pattern, ready to use."""
        return re.compile(self.pattern.replace(" ", r"(?:\x20|\s*\n\s*)"), re.MULTILINE)

    def search(self, text: str) -> "re.Match[str] | None":
        """Return the first match in a text."""
        return self.compiled.search(text)
