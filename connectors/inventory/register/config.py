"""The configuration of a register, and the fields that its columns can mean."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

WRITTEN = (".xlsx", ".xlsm", ".csv")  # kinds of file that get days written into them


class Meaning(StrEnum):
    """What a column means; the values are the keys of `columns:` in the configuration."""

    GROUP_ID = "group_id"
    GROUP_NAME = "group_name"
    MESSENGER = "messenger"
    OWNER_EMAIL = "owner_email"
    JOIN_LINK = "join_link"
    MEMBER = "member"
    PHONE = "phone"
    ROLE = "role"
    ADMINS = "admins"
    CREATOR = "creator"
    EMPLOYEE_ID = "employee_id"
    EMAIL = "email"
    JOINED_ON = "joined_on"
    AS_OF = "as_of"
    PURPOSE = "purpose"
    OWNER_DEPARTMENT = "owner_department"
    DATA_CLASS = "data_class"
    SENSITIVE = "sensitive"
    EXTERNALS_ALLOWED = "externals_allowed"
    DESCRIPTION_OK = "description_ok"
    PICTURE_OK = "picture_ok"
    APPROVAL = "approval"
    CREATED_ON = "created_on"
    ENDS_ON = "ends_on"
    STATUS = "status"
    REVIEW_DUE = "review_due"
    MOVE_TO = "move_to"
    CLOSED_ON = "closed_on"
    VERIFIED_ON = "verified_on"

    @property
    def words(self) -> str:
        """The meaning in words for people."""
        return _WORDS[self]


_WORDS = {
    Meaning.GROUP_ID: "the group's id",
    Meaning.GROUP_NAME: "the group's name",
    Meaning.MESSENGER: "the messenger",
    Meaning.OWNER_EMAIL: "the owner's e-mail address",
    Meaning.JOIN_LINK: "the link to join the group",
    Meaning.MEMBER: "the member",
    Meaning.PHONE: "the phone number",
    Meaning.ROLE: "the role",
    Meaning.ADMINS: "the admins",
    Meaning.CREATOR: "the creator of the group",
    Meaning.EMPLOYEE_ID: "the employee id",
    Meaning.EMAIL: "the member's e-mail address",
    Meaning.JOINED_ON: "the day of joining",
    Meaning.AS_OF: "the date of the register",
    Meaning.PURPOSE: "the group's purpose",
    Meaning.OWNER_DEPARTMENT: "the department that answers for the group",
    Meaning.DATA_CLASS: "the class of the group's data",
    Meaning.SENSITIVE: "whether the group is sensitive",
    Meaning.EXTERNALS_ALLOWED: "whether members from outside are allowed",
    Meaning.DESCRIPTION_OK: "whether the group's description is right",
    Meaning.PICTURE_OK: "whether the group's picture is right",
    Meaning.APPROVAL: "whether an admin approves who joins",
    Meaning.CREATED_ON: "the day on which the group was made",
    Meaning.ENDS_ON: "the day on which the group is to end",
    Meaning.STATUS: "the group's status",
    Meaning.REVIEW_DUE: "the day of the next review",
    Meaning.MOVE_TO: "where the group is to move",
    Meaning.CLOSED_ON: "the day on which the group was closed",
    Meaning.VERIFIED_ON: "the day on which Whosleft verified it",
}


class RegisterConfig(BaseModel):
    """The keys of an inventory of kind `register`, besides `name` and `kind`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(description="The register: .xlsx, .xlsm, .ods, .csv or .docx.")
    messenger: str = Field(
        default="whatsapp", min_length=1, description="The messenger of groups that don't name one."
    )
    columns: dict[Meaning, str] = Field(
        default_factory=dict,
        description="Headings that are not recognised by themselves: {meaning: heading}.",
    )
    sheet: tuple[str, ...] = Field(default=(), description="The sheets to read; all when empty.")
    write_back: bool = Field(
        default=False,
        description="Whether rows get the day on which they were verified: .xlsx, .xlsm or .csv.",
    )

    @field_validator("sheet", mode="before")
    @classmethod
    def _one_sheet_is_a_list_of_one(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value if value is not None else ()

    @model_validator(mode="after")
    def _dates_have_a_place(self) -> Self:
        if self.write_back and self.path.suffix.casefold() not in WRITTEN:
            raise ValueError(
                f"write_back: days are written to {', '.join(WRITTEN)}, and not to {self.path.name}; "
                "save the register as one of these, or leave write_back out"
            )
        return self

    @field_validator("messenger")
    @classmethod
    def _messenger_is_a_key(cls, value: str) -> str:
        return value.strip().casefold()
