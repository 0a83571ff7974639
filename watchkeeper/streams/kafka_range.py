"""A range of offsets that is inserted as one, and how it survives a crash in the offset store's metadata."""

import json
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class OffsetRange:
    """Offsets ``first`` to ``last`` of one partition, both included; offsets in between may be missing.

    ``version`` is what makes the token differ where the same offsets mean other content: the decoder's version
    and the first message's timestamp (a topic that was deleted and made again starts at offset 0 again).
    """

    first: int
    last: int
    version: str

    def token(self, topic: str, partition: int) -> str:
        """The insert's deduplication token."""
        return f"{topic}:{partition}:{self.first}-{self.last}:{self.version}"

    def metadata(self) -> str:
        """What is committed beside ``first`` while the range is being inserted (a broker takes 4,096 bytes)."""
        return json.dumps({"pending_to": self.last, "v": self.version}, separators=(",", ":"))

    @classmethod
    def pending(cls, offset: int, metadata: str | None) -> Self | None:
        """The range that was being inserted when its consumer went away; None where there was none.

        Metadata that we did not write (a person or a tool moved the group's offsets) means none.
        """
        try:
            said = json.loads(metadata or "{}")
            last, version = said["pending_to"], said["v"]
        except (ValueError, KeyError, TypeError):
            return None
        if not isinstance(last, int) or last < offset:
            return None
        return cls(offset, last, str(version))
