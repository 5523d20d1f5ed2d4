"""Conversations as tokens: which template writes them, and which tokens are the answers that are learnt."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.data.rowwise import message_of
from tlstudio.models.batches import IGNORED
from tlstudio.models.tokenizers import load_tokenizer

Message = dict[str, str]
_SECONDS = 5.0  # for one conversation, which takes less than a thousandth of that

# the layout of Taori et al., 2023, "Stanford Alpaca", for models that bring no template of their own
_PLAIN = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] + '\\n\\n' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + END + '\\n\\n' }}"
    "{% else %}{{ '### Instruction:\\n' + message['content'] + '\\n\\n### Response:\\n' }}"
    "{% endif %}{% endfor %}"
)


def template_of(tokenizer: Any, wish: str) -> str:
    """The chat template: the tokenizer's own (``auto``), or the plain one where it has none or is wished."""
    own = tokenizer.chat_template
    if wish == "auto" and isinstance(own, str) and own:
        return own
    added = tokenizer("")["input_ids"]
    first = tokenizer.bos_token if added and added[0] == tokenizer.bos_token_id else ""
    end = tokenizer.eos_token or ""
    return ("{{ " + json.dumps(first) + " }}" if first else "") + _PLAIN.replace("END", json.dumps(end))


def pair(prompt: str, response: str) -> list[Message]:
    return [*asked(prompt), {"role": "assistant", "content": response}]


def asked(prompt: str) -> list[Message]:
    """What a model is asked: a text, or a conversation as a JSON list of messages."""
    if prompt.lstrip().startswith("[{"):
        try:
            found = [message_of(json.dumps(item)) for item in json.loads(prompt)]
        except (ValueError, RecursionError):
            found = [None]
        if found and None not in found:
            return [_plain(message) for message in found if message is not None]
    return [{"role": "user", "content": prompt}]


def conversation(items: Sequence[str]) -> list[Message]:
    """The messages of a row of data; what is none has been refused when the data was read."""
    return [_plain(message) for message in map(message_of, items) if message is not None]


def last_exchange(messages: Sequence[Message]) -> tuple[str, str]:
    """The last answer, and what came before it as :func:`asked` reads it."""
    at = max((place for place, message in enumerate(messages) if message["role"] == "assistant"), default=None)
    if at is None:
        return _shown(messages), ""
    return _shown(messages[:at]), messages[at]["content"]


def _shown(messages: Sequence[Message]) -> str:
    if len(messages) == 1 and messages[0]["role"] == "user":
        return messages[0]["content"]
    return json.dumps(list(messages), ensure_ascii=False)


def _plain(message: dict[str, Any]) -> Message:
    return {"role": str(message["role"]), "content": str(message["content"])}


@contextlib.contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Ends a template that loops: it has been tried (see models/probing.py), but what it does may depend on the rows.

    Raises:
        TimeoutError: out of the middle of the template.
    """
    until, before = time.monotonic() + seconds, sys.gettrace()

    def watch(frame: Any, _event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != "<template>":
            return None
        if time.monotonic() > until:
            raise TimeoutError("it does not come to an end")
        return watch

    sys.settrace(watch)
    try:
        yield
    finally:
        sys.settrace(before)


class Chat:
    """Writes conversations with a template and cuts them into tokens.

    What is asked and what is answered are cut apart, so that the tokens of an answer follow the very tokens that the
    model will be asked with later.
    """

    def __init__(self, tokenizer: Any, template: str) -> None:
        self._tokenizer, self._template = tokenizer, template

    @classmethod
    def of(cls, folder: Path) -> Chat:
        """That of a trained model."""
        tokenizer = load_tokenizer(folder)
        return cls(tokenizer, template_of(tokenizer, "auto"))

    def text(self, messages: Sequence[Message], asks: bool = False) -> str:
        """A conversation as the model reads it; ``asks`` ends it where the answer begins.

        Raises:
            StudioError: the template does not take such a conversation.
        """
        try:
            with _bounded(_SECONDS):
                found: str = self._tokenizer.apply_chat_template(
                    list(messages), chat_template=self._template, tokenize=False, add_generation_prompt=asks
                )
        except Exception as error:  # a template is a small program of the model's makers and raises what it likes
            raise StudioError(
                "task.bad-conversation", "The chat template of the model does not take a conversation: {reason}",
                "Many want a question and an answer in turn, without a system message; correct the data, or set the "
                "template to plain.", where="task.template", reason=str(error).splitlines()[0][:200] or "?",
            ) from error  # fmt: skip
        return found

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Tokens up to the place where the answer begins."""
        return self._ids(self.text(messages, asks=True)) or [self._tokenizer.pad_token_id or 0]

    def learnt(self, messages: Sequence[Message]) -> tuple[list[int], list[int]]:
        """Tokens of a whole conversation, and labels: the tokens of each answer and of its end, -100 elsewhere."""
        ids: list[int] = []
        labels: list[int] = []
        whole, done = self.text(messages), 0
        for turn, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            begin, end = self._answer(whole, messages[:turn], message["content"], done)
            for text, counts in ((whole[done:begin], False), (whole[begin:end], True)):
                part = self._ids(text)
                ids += part
                labels += part if counts else [IGNORED] * len(part)
            done = end
        return self._ended(ids, labels)

    def _answer(self, whole: str, before: Sequence[Message], content: str, done: int) -> tuple[int, int]:
        """Where an answer begins in the text of the conversation, and where its end mark ends."""
        begin = len(prefix) if whole.startswith(prefix := self.text(before, asks=True)) else -1
        if begin < done or not whole[begin:].lstrip().startswith(content.strip()):
            # some templates write earlier turns otherwise than last ones, such as without their reasoning
            begin = whole.find(content.strip(), done)
        if begin < 0:
            raise StudioError(
                "task.lost-answer", "The chat template of the model does not write this answer: {text}",
                "Set the template to plain.", where="task.template", text=content[:80],
            )  # fmt: skip
        end = whole.find(content.strip(), begin) + len(content.strip())
        mark = self._tokenizer.eos_token
        at = whole.find(mark, end) if mark else -1
        return begin, at + len(mark) if at >= 0 and not whole[end:at].strip() else end

    def _ended(self, ids: list[int], labels: list[int]) -> tuple[list[int], list[int]]:
        """The end of the last answer is learnt, too, where the template does not write it: else nobody would stop."""
        end = self._tokenizer.eos_token_id
        if not ids:
            return [self._tokenizer.pad_token_id or 0], [IGNORED]
        if end is not None and ids[-1] != end:
            return [*ids, end], [*labels, end]
        return ids, labels

    def _ids(self, text: str) -> list[int]:
        options = {"add_special_tokens": False, "return_attention_mask": False, "verbose": False}
        return list(self._tokenizer(text, **options)["input_ids"]) if text else []


def cut(ids: list[int], labels: list[int], length: int) -> tuple[list[int], list[int]]:
    """At most ``length`` tokens: the end is cut off, and the beginning where else too little of the answer is left."""
    if len(ids) > length:
        first = next((at for at, label in enumerate(labels) if label != IGNORED), 0)
        begin = max(0, min(first - length // 2, len(ids) - length))
        ids, labels = ids[begin : begin + length], labels[begin : begin + length]
    return ids, [IGNORED, *labels[1:]]


def reader(labelled: Any) -> Callable[[str], Any]:
    """``conversations(split)``: the messages of each row, from prompts and responses or from messages."""

    def conversations(split: str) -> Any:
        rows, roles = labelled.splits[split], labelled.roles
        if "messages" in roles.columns:
            return (conversation(items) for items in rows.lists(roles.one("messages")))
        prompts, responses = (rows.texts(roles.one(role)) for role in ("prompt", "response"))
        return (pair(prompt, response) for prompt, response in zip(prompts, responses, strict=True))

    return conversations
