"""A pattern of output, and the finding that it stands for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from preflight.findings import Kind


@dataclass(frozen=True)
class Rule:
    """A regular expression, the kind of finding that it shows, and values for its message.

    Named groups become values, too. A group may occur in several alternatives: name, name_.
    """

    pattern: str
    kind: Kind
    values: Mapping[str, str] = field(default_factory=dict)

    def search(self, text: str) -> "re.Match[str] | None":
        """Return the first match in a text."""
        return re.search(self.pattern, text, re.MULTILINE)
