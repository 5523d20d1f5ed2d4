"""Forms follow from pydantic models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tlstudio.core import plugins
from tlstudio.core.options import describe, relevant
from tlstudio.core.recipe import DataSection, SplitSection, TrainingSection


class Nested(BaseModel):
    x: int = 1


class Model(BaseModel):
    flag: bool = True
    count: int = Field(3, ge=1, le=9, title="Count", description="How many.", json_schema_extra={"unit": "rows"})
    rate: Literal["auto"] | Annotated[float, Field(gt=0, le=1)] = "auto"
    kind: Literal["a", "b"] = "a"
    name: str | None = None
    many: list[str] = []
    nested: Nested = Nested()


def test_kinds_limits_and_defaults():
    options = {option.name: option for option in describe(Model)}
    assert list(options) == ["flag", "count", "rate", "kind", "name"]
    assert [options[name].kind for name in options] == ["bool", "int", "float", "choice", "str"]
    count, rate = options["count"], options["rate"]
    assert (count.title, count.help, count.unit, count.default) == ("Count", "How many.", "rows", 3)
    assert (count.minimum, count.maximum) == (1, 9)
    assert (rate.auto, rate.minimum, rate.maximum, rate.default) == (True, 0, 1, "auto")
    assert options["kind"].choices == ("a", "b")
    assert options["name"].optional
    assert options["flag"].title == "Flag"


def test_training_section():
    options = {option.name: option for option in describe(TrainingSection)}
    assert options["epochs"].kind == "int"
    assert options["epochs"].auto
    assert options["epochs"].maximum == 1000
    assert options["precision"].choices == ("auto", "fp32", "bf16")


def test_everything_that_a_user_sees_is_explained():
    configs = [TrainingSection, SplitSection, DataSection]
    for package in ("tasks", "strategies", "compression", "export", "data.sources"):
        configs += [plugin.Config for plugin in plugins.find(f"tlstudio.{package}").values()]
    for config in configs:
        for option in describe(config):
            assert option.title, (config, option.name)
            assert option.help, (config, option.name)


class Moody(BaseModel):
    mode: Literal["a", "b"] = "a"
    count: int = Field(1, json_schema_extra={"only": {"mode": ["b"]}})
    many: float = Field(1.0, json_schema_extra={"only": {"count": {"above": 1}}})
    place: str = Field("train", json_schema_extra={"file": True, "folder": True, "free": "train"})
    column: str = Field("", json_schema_extra={"only": {"place": {"not": ["train"]}}})


def test_options_that_matter():
    options = describe(Moody)
    assert relevant(options, {}) == {"mode", "place"}
    assert relevant(options, {"mode": "b"}) == {"mode", "place", "count"}
    assert relevant(options, {"mode": "b", "count": 2}) == {"mode", "place", "count", "many"}
    assert "many" not in relevant(options, {"count": 2}), "what it depends on does not matter itself"
    assert "column" in relevant(options, {"place": "/a/file.csv"})
    place = next(option for option in options if option.name == "place")
    assert (place.file, place.folder, place.free) == (True, True, "train")


def test_conditions_name_options_and_values_that_exist():
    found = 0
    packages = ("strategies", "regularisation", "adaptation", "tasks", "compression", "augmentation", "export",
                "data.steps", "data.sources", "data.doctor")  # fmt: skip
    for package in packages:
        for plugin in plugins.find(f"tlstudio.{package}").values():
            options = {option.name: option for option in describe(plugin.Config)}
            for option in options.values():
                for condition in option.only:
                    other = options[condition.option]
                    assert other.name != option.name
                    if other.kind == "choice":
                        allowed = {*other.choices, *(["auto"] if other.auto else [])}
                        assert set(condition.values) | set(condition.others) <= allowed, (plugin.NAME, option.name)
                    found += 1
    assert found >= 15
