"""Small connector models for tests of the configuration: one kind or two for each port."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from worker.ports import Port


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Format(StrEnum):
    AUTO = "auto"
    LDIF = "ldif"


class Columns(Options):
    phones: tuple[str, ...] = ()
    leave_date: str | None = None


class FileOptions(Options):
    path: str = Field(min_length=1)
    format: Format = Format.AUTO
    attributes: Columns = Columns()


class LookUpOptions(Options):
    """Two ways to prove who we are: what pydantic says of a union names its branches."""

    bind: Columns | int
    page_size: int = Field(default=1000, ge=1, le=5000)


class RegisterOptions(Options):
    path: str
    columns: dict[str, str] = Field(default_factory=dict)


class ChatOptions(Options):
    token: SecretStr
    channel: str | None = None
    address: str = "https://chat.example.org"

    @field_validator("channel")
    @classmethod
    def _is_a_channel(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("#"):
            raise ValueError(f"{value!r} is no channel; write it as #leavers")
        return value


class NoOptions(Options):
    pass


KINDS: dict[Port, dict[str, type[BaseModel]]] = {
    Port.DIRECTORY: {"file": FileOptions, "lookup": LookUpOptions},
    Port.INVENTORY: {"register": RegisterOptions},
    Port.NOTIFY: {"slack": ChatOptions, "console": NoOptions},
    Port.TRACKER: {"board": NoOptions},
}
