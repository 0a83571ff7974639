"""What alerts remember: immutable records that go through JSON and come back the same."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Frozen; a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
