"""Which column is the text, which the label, …: guessed from names and values, with the reason; always overridable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError

if TYPE_CHECKING:
    import pyarrow as pa

    from tlstudio.data.guesses import Guesses

SAMPLE = 2_000  # rows that tell what is in a column
NAMED = "its name says so"
FEW_VALUES = "it has few different values"
LONGEST = "it has the longest texts"
LISTS = "it holds lists of this kind"
IMAGES = "its values are image files"
SOUNDS = "its values are sound files"
NUMBERS = "its values are numbers"
YES_NO = "it holds only 0 and 1"
LANGUAGES = "its name is that of a language"
CHOSEN = "chosen by you"


@dataclass(frozen=True)
class Role:
    """What a column can be for.

    Attributes:
        kind: ``text`` or ``list``, the columns it takes; ``any`` takes both.
        names: column names that say it, lower case.
        also: names that say it only where the task asks for the role.
        several: whether more than one column can have it.
    """

    name: str
    title: str
    help: str
    kind: str = "text"
    names: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    several: bool = False


def _role(
    name: str, title: str, help: str, names: str = "", kind: str = "text", also: str = "", several: bool = False
) -> Role:
    return Role(name, title, help, kind, frozenset(names.split()), frozenset(also.split()), several)


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        _role("text", "Text", "What the model reads.",
              "text message sentence content body review comment utterance sentence1 premise 文本 内容",
              also="anchor query question document article prompt"),
        _role("text_b", "Second text", "The other text of a pair.", "text_b text2 sentence2 hypothesis second",
              also="positive passage answer context"),
        _role("negative", "Opposite text", "A text that does not belong to the first one: the third of a triplet.",
              "negative neg hard_negative"),
        _role("label", "Label", "The class that the model learns.",
              "label class category intent sentiment target tag topic y 标签 类别"),
        _role("labels", "Labels", "Several classes for one row: a list, values with separators, or columns of 0 and 1.",
              "labels classes categories topics", "any", several=True),
        _role("number", "Number", "A value that the model learns to predict.", "score rating stars similarity",
              also="number value label target y"),
        _role("tokens", "Tokens", "The words of a sentence, as a list.", "tokens words", "list"),
        _role("tags", "Tags", "One tag for each token.", "tags ner_tags pos_tags upos ner pos labels", "list"),
        _role("question", "Question", "What is asked about the context.", "question"),
        _role("context", "Context", "The passage that holds the answer.", "context passage"),
        _role("answers", "Answers", "The right answers, as a list.", "answers answers.text", "list"),
        _role("answer_starts", "Answer starts", "Where each answer begins in the context.",
              "answer_starts answers.answer_start answer_start", "list"),
        _role("source_text", "Source text", "The text to translate or to shorten.",
              "source_text source src document article dialogue", also="text input content body question prompt"),
        _role("target_text", "Target text", "The text that the model learns to write.",
              "target_text tgt summary translation highlights",
              also="target output response headline title abstract completion answer"),
        _role("prompt", "Prompt", "What the model is asked.", "prompt instruction", also="question query input source"),
        _role("response", "Response", "What the model should answer.", "response completion output",
              also="answer reply target chosen"),
        _role("messages", "Messages", "A conversation: a list of messages, each with the one who speaks and the text.",
              "messages conversations conversation dialog dialogue chat", "list"),
        _role("image", "Image", "An image file.", "image img", also="file_name file filename path"),
        _role("boxes", "Boxes", "Where objects are in the image: left, top, right and bottom of each, in pixels.",
              "boxes bboxes bbox", "list"),
        _role("box_labels", "Box labels", "What is in each box.", "box_labels box_label box_classes", "list",
              also="labels classes categories"),
        _role("audio", "Recording", "A sound file.", "audio recording sound wav", also="path file file_name filename"),
        _role("group", "Group",
              "What rows belong together by, such as an author: dividing by groups keeps them on one side.",
              "group author user speaker patient_id session user_id author_id speaker_id"),
        _role("language", "Language", "The language of the row.", "language lang locale 语言"),
        _role("time", "Time", "When the row was made.", "time date timestamp created_at datetime"),
        _role("weight", "Weight", "How much the row counts in training.", "weight sample_weight"),
        _role("ignore", "Ignored", "Not used.", "", "any", several=True),
    )
}  # fmt: skip
# what tells one row from another: the first of these that is there
CONTENT = ("text", "image", "audio", "tokens", "question", "source_text", "prompt", "messages")
FILES = ("image", "audio")  # roles whose cells are paths
TEXTS = ("text", "text_b", "negative", "question", "context", "source_text", "target_text", "prompt", "response")
LEARNT = (*TEXTS, "tokens", "messages", *FILES)  # a row without one of them has nothing to learn from
TARGETS = ("label", "labels", "number")
HELPERS = ("group", "language", "time", "weight", "ignore")
_PAIR = ("text", "text_b")
_OFFERED = ("group", "language", "time")  # a weight changes the training: only the user may ask for it


@dataclass(frozen=True)
class Roles:
    """Columns by role, and why each column was taken (English, translatable), by column."""

    columns: dict[str, tuple[str, ...]]
    reasons: dict[str, str] = field(default_factory=dict)

    def one(self, role: str) -> str:
        """The column of a role that has one."""
        return self.columns[role][0]

    def plain(self) -> dict[str, Any]:
        """For JSON: one name, or a list of names where there are several."""
        return {role: names[0] if len(names) == 1 else list(names) for role, names in self.columns.items()}


def assign(
    table: pa.Table,
    chosen: Mapping[str, str | tuple[str, ...]],
    roles: tuple[str, ...] = (),
    path: str = "",
    *,
    shaped: bool = True,
) -> Roles:
    """The user's roles, completed by guesses.

    Args:
        table: the data; a few thousand rows are looked at.
        chosen: column or columns by role, from the recipe.
        roles: those that the task needs; empty finds out what the data is.
        path: for messages.
        shaped: whether to find out what the data is, where ``roles`` is empty.

    Raises:
        StudioError: a chosen column does not exist, one column has two roles, or none is left for a role of ``roles``
            (``data.no-column-left``, whose param ``lacking`` lists all such roles).
    """
    from tlstudio.data.guesses import Guesses

    columns = {role: _checked(role, given, table, path) for role, given in chosen.items() if given}
    _refuse_doubles(columns)
    reasons = dict.fromkeys((name for names in columns.values() for name in names), CHOSEN)
    guesses = Guesses(table.slice(0, SAMPLE), columns, reasons)
    roles = _as_messages(roles, guesses)
    if lacking := guesses.fill(roles or (guesses.shape() if shaped else ())):
        raise StudioError(
            "data.no-column-left", "The data has no column left for the {role}.",
            "Choose its column under Columns (data.roles), or choose data that has one.",
            where=f"data.roles.{lacking[0]}", role=lacking[0], lacking=lacking,
        )  # fmt: skip
    for role in _OFFERED:
        guesses.offer(role)
    if roles == _PAIR:
        guesses.offer_verdict()
    return Roles(columns, reasons)


def _as_messages(roles: tuple[str, ...], guesses: Guesses) -> tuple[str, ...]:
    """Prompts and responses may come as messages as well, where no columns are called like them."""
    pair = ("prompt", "response")
    if roles != pair or {*pair} & guesses.columns.keys() or all(guesses.named(role) for role in pair):
        return roles
    return ("messages",) if "messages" in guesses.columns or guesses.named("messages") else roles


def _checked(role: str, given: str | tuple[str, ...], table: pa.Table, path: str) -> tuple[str, ...]:
    if role not in ROLES:
        raise StudioError(
            "data.unknown-role", "There is no role '{role}'.", "The roles are: {known}.",
            where=f"data.roles.{role}", role=role, known=", ".join(ROLES),
        )  # fmt: skip
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if name not in table.column_names:
            raise missing_column(name, role, table.column_names, path)
        kind = "list" if is_list(table, name) else "text"
        if ROLES[role].kind not in ("any", kind):
            raise StudioError(
                "data.wrong-kind", "The column '{name}' cannot be the role '{role}': it holds {kind}.",
                "Choose a column of lists for tokens, tags, answers, boxes and messages, and of texts for the others.",
                where=f"data.roles.{role}", name=name, role=role, kind="lists" if kind == "list" else "single texts",
            )  # fmt: skip
    if len(names) > 1 and not ROLES[role].several:
        raise StudioError(
            "data.one-column", "The role '{role}' takes one column, not {count}.",
            "Choose one; to build a text from several columns, use a template.",
            where=f"data.roles.{role}", role=role, count=len(names),
        )  # fmt: skip
    return names


def _refuse_doubles(columns: dict[str, tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for role, names in columns.items():
        for name in names:
            # a group or language may well be a text or label too; what is learnt from must not be what is learnt
            if name in seen and not {role, seen[name]} & {*HELPERS}:
                raise StudioError(
                    "data.same-column", "'{name}' is the column of two roles, {role} and {other}.",
                    "Choose two different columns.", where="data.roles", name=name, role=seen[name], other=role,
                )  # fmt: skip
            seen.setdefault(name, role)


def named(table: pa.Table, role: str) -> str:
    """The column whose name says the role; empty if there is none."""
    from tlstudio.data.guesses import Guesses

    return Guesses(table.slice(0, SAMPLE), {}, {}).named(role)


def missing_column(name: str, role: str, known: list[str], path: str = "") -> StudioError:
    """The error for a role whose column is not in the file."""
    return StudioError(
        "data.no-column",
        "There is no column '{name}' for the {role}; the file {path} has: {known}.",
        "Choose one of these columns, or correct the first line of the file.",
        where=f"data.roles.{role}",
        name=name,
        role=role,
        known=", ".join(known),
        path=path,
    )


def is_list(table: pa.Table, name: str) -> bool:
    """Whether a column holds lists."""
    import pyarrow as pa

    return bool(pa.types.is_list(table.schema.field(name).type))
