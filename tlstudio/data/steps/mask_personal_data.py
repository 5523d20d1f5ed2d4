"""Replaces personal data in the texts by the name of its kind."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.data.detect import personal


class Options(BaseModel):
    """What is replaced."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: bool = Field(True, title="E-mail addresses", description="Replaced by [EMAIL].")
    phone: bool = Field(True, title="Phone numbers", description="Replaced by [PHONE].")
    card: bool = Field(True, title="Card numbers", description="Credit and debit cards; replaced by [CARD].")
    iban: bool = Field(True, title="Bank accounts", description="IBAN; replaced by [IBAN].")
    id: bool = Field(
        True, title="Identity numbers", description="American, British, Chinese and French ones; replaced by [ID]."
    )
    country: str = Field(
        "",
        pattern="^([A-Z]{2})?$",
        title="Country",
        description="Two letters such as DE: its phone numbers are recognised without a country code as well.",
    )


class MaskPersonalData:
    """What has check digits is believed only if they are right."""

    NAME = "mask-personal-data"
    TITLE = "Mask personal data"
    SUMMARY = "Replaces e-mail addresses, phone, card, account and identity numbers by [EMAIL], [PHONE] and so on."
    LEVEL: Literal["text"] = "text"
    Config = Options

    def texts(self, config: Options, texts: list[str]) -> list[str]:
        kinds = [kind for kind in personal.KINDS if getattr(config, kind)]
        return [personal.masked(text, kinds, config.country) for text in texts]


PLUGIN = MaskPersonalData()
