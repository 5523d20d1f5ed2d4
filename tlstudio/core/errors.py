"""The only errors a user sees.

An error is a *code*, an English message and remedy with named blanks, and the values that fill them,
so that the window can translate the sentence and still name the file, row and column.
"""

from __future__ import annotations

from typing import Any

from tlstudio.core.plurals import agreed


class StudioError(Exception):
    """A problem that the user can understand and mend.

    Args:
        code: stable identifier such as ``data.ragged-row``.
        message: English sentence; ``{name}`` blanks are filled from ``params``.
        remedy: English sentence that says what to do, with the same blanks.
        where: the place: a recipe field, a file, a row.
        params: values for the blanks (JSON-serialisable).
    """

    def __init__(self, code: str, message: str, remedy: str = "", where: str = "", **params: Any) -> None:
        self.code = code
        self.template = message
        self.remedy_template = remedy
        self.where = where
        self.params = params
        super().__init__(self.message)

    @property
    def message(self) -> str:
        return fill(self.template, self.params)

    @property
    def remedy(self) -> str:
        return fill(self.remedy_template, self.params)

    def __str__(self) -> str:
        return "\n".join(part for part in (self.message, self.remedy) if part)

    def to_dict(self) -> dict[str, Any]:
        """Returns the JSON form that events carry."""
        return {
            "code": self.code,
            "message": self.template,
            "remedy": self.remedy_template,
            "where": self.where,
            "params": {key: _plain(value) for key, value in self.params.items()},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> StudioError:
        return cls(
            data["code"], data["message"], data.get("remedy", ""), data.get("where", ""), **data.get("params", {})
        )


class Cancelled(BaseException):
    """Raised inside a long loop when the user has cancelled; never shown as an error.

    No ``Exception``, for the reason that KeyboardInterrupt is none: libraries that try another way after any
    exception (torch.onnx does) must not take it for a failure of theirs.
    """


def fill(template: str, params: dict[str, Any]) -> str:
    """Fills the ``{name}`` blanks of ``template``, in the singular for a count of one.

    A missing value leaves the blanks visible.
    """
    try:
        return agreed(template, params).format(**params)
    except (KeyError, IndexError, ValueError):
        return template


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None), list, dict)) else str(value)
