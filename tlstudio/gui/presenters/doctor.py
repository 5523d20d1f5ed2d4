"""The data doctor: when it looks, what it has found, and repairs from preview to undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shiboken6 import isValid

from tlstudio.core import plugins
from tlstudio.core.options import describe
from tlstudio.core.recipe import DataSection, SplitSection
from tlstudio.gui import formats, i18n, plan, words
from tlstudio.gui.context import Context
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.presenters.repairs import Repairs
from tlstudio.gui.widgets.check_settings import ShownCheck
from tlstudio.gui.widgets.doctor_view import DoctorView
from tlstudio.gui.widgets.finding_list import ShownFinding, ShownFix
from tlstudio.gui.widgets.fix_preview import Preview, changes

_CHECKS = "data.doctor"
_PREVIEW = "preview-step"
_ORDER = ("error", "warning", "notice")


@dataclass(frozen=True)
class Look:
    """What a look at the data gave, with the section that it belongs to."""

    data: DataSection
    reply: dict[str, Any]


class DoctorPresenter(Presenter):
    def __init__(self, context: Context, view: DoctorView) -> None:
        super().__init__(context, view)
        self._look: Look | None = None
        self._fix: ShownFix | None = None
        self._previewed: DataSection | None = None
        self._hidden: set[str] = set()
        self._took: float | None = None  # seconds of the last deeper look
        self._repairs = Repairs(context, self)
        view.look_requested.connect(self.look)
        view.cancel_requested.connect(self.cancel)
        view.fix_requested.connect(self.preview)
        view.fix_undone.connect(self._repairs.remove_fix)
        view.apply_requested.connect(self.apply)
        view.preview_closed.connect(self.close_preview)
        view.hide_requested.connect(self.hide)
        view.show_hidden_requested.connect(self.show_hidden)
        view.repair_undone.connect(self._repairs.remove)
        view.check_changed.connect(self.set_check)
        view.checks_opened.connect(self._show_checks)
        context.session.state_changed.connect(self._on_session)
        self.refresh()

    @property
    def _data(self) -> DataSection:
        return self.context.project.recipe.data

    # --- what the user wants

    def look(self, deep: bool) -> None:
        self.context.facts.examine(deep)

    def cancel(self) -> None:
        self.context.facts.cancel("examination")

    def preview(self, fix: ShownFix) -> None:
        """Shows what a repair would do; nothing is changed yet."""
        self._fix, self._previewed = fix, self._data
        self.pane.preview.set_busy(fix.title)
        self.pane.show_preview(True)
        if fix.step is None:
            self._show_preview(fix, {})
            return
        args = {"data": self._data.model_dump(mode="json", exclude_none=True), "step": fix.step}
        self.context.queries.ask(
            _PREVIEW,
            args,
            lambda reply: self._show_preview(fix, reply),
            on_error=lambda error: self._fail_preview(fix, error),
        )

    def apply(self) -> None:
        """Takes the previewed repair into the recipe."""
        fix = self._fix
        self.close_preview()
        if fix is not None:
            self._repairs.add(fix)

    def close_preview(self) -> None:
        if self._fix is not None:
            self._fix = self._previewed = None
            self.context.queries.cancel(_PREVIEW)
        self.pane.show_preview(False)

    def hide(self, key: str) -> None:
        self._hidden.add(key)
        self._show_findings()

    def show_hidden(self) -> None:
        self._hidden.clear()
        self._show_findings()

    def set_check(self, name: str, option: str, value: Any) -> None:
        """Records an option of a check; what is as it comes is left out of the recipe."""
        choices = {choice.name: choice.options for choice in self._data.checks}
        default = {item.name: item.default for item in describe(plugins.find(f"tlstudio.{_CHECKS}")[name].Config)}
        options = {**choices.get(name, {}), option: value}
        choices[name] = {key: item for key, item in options.items() if item != default.get(key)}
        self.context.edit("data.checks", [{"name": key, **items} for key, items in choices.items() if items])

    # --- what is known

    def on_fact(self, subject: str) -> None:
        known = self.context.facts.get(subject)
        if subject == "examination" and known.state == "busy" and known.progress:
            self._show_busy()
        elif subject in ("examination", "data", "model"):
            self.refresh()

    def refresh(self) -> None:
        self._take()
        if self._fix is not None and self._data != self._previewed:
            self.close_preview()
        self._show_busy()
        self._show_deep()
        self._show_findings()
        self.pane.set_repairs(self._repairs.shown())
        if self.pane.checks_fold.toggle.isChecked():
            self._show_checks()

    def _on_session(self, _state: str) -> None:
        self.refresh()

    def _take(self) -> None:
        """Keeps the last findings while the same data is checked again, and drops those of other data."""
        known = self.context.facts.examination
        if known.state == "known" and (self._look is None or self._look.reply is not known.data):
            self._look = Look(self._data, known.data)
            if self.context.facts.examines_deeply:
                self._took = sum(item["seconds"] for item in known.data["checks"])
        elif self._look is not None and _source(self._look.data) != _source(self._data):
            self._look = None

    @property
    def _stale(self) -> bool:
        return self.context.facts.examination.state != "known"

    def _show_busy(self) -> None:
        known = self.context.facts.examination
        progress = known.progress or {}
        total = progress.get("total") or 0
        check = str((progress.get("detail") or {}).get("check") or "")
        parts = [plan.title(_CHECKS, check)]
        if total and not check:  # how much a check has to do is counted in units that say nothing to people
            parts.append(words.progress(progress["done"], total, progress.get("unit", "")))
        if progress.get("seconds_left") is not None:
            parts.append(self.tr("{time} left").format(time=formats.duration(progress["seconds_left"])))
        text = "  ·  ".join(part for part in parts if part) or self.tr("Checking the data…")
        self.pane.set_busy(known.state == "busy", text, progress["done"] / total if total else None)
        self.pane.set_can_look(self.context.facts.data.state == "known")

    def _show_deep(self) -> None:
        reason = self._deep_obstacle()
        self.pane.set_deep(not reason, reason or self._deep_note())

    def _deep_obstacle(self) -> str:
        """Why there can be no deeper look now; empty where there can."""
        facts, recipe = self.context.facts, self.context.project.recipe
        if not recipe.data.files:
            return self.tr("A deeper look needs data.")
        if not recipe.model.name:
            return self.tr("A deeper look needs a model: choose one in the Model step.")
        images = "image" in ((facts.data.data or {}).get("roles") or {})  # their models have no tokenizer to look into
        if facts.model.state == "failed" and facts.model.error is not None and not images:
            return i18n.both(facts.model.error)
        if self.context.session.active:
            return self.tr("A deeper look has to wait until the run has ended.")
        if facts.data.state != "known" or facts.model.state not in ("known", "failed"):
            return self.tr("A deeper look has to wait until the data and the model are read.")
        return self.tr("The data is being checked.") if facts.examination.state == "busy" else ""

    def _deep_note(self) -> str:
        facts = self.context.facts.data.data or {}
        rows = sum((facts.get("split_rows") or facts.get("rows") or {}).values())
        if self._took is None:
            text = self.tr(
                "Looking deeper: the model reads all {n} rows; seconds with a graphics card, minutes without."
            )
            return text.format(n=formats.count(rows))
        text = self.tr("Looking deeper: the model reads all {n} rows; the last time took {time}.")
        return text.format(n=formats.count(rows), time=formats.duration(self._took))

    # --- findings

    def _show_findings(self) -> None:
        found = self._findings()
        shown = [finding for finding in found if finding.key not in self._hidden]
        self.pane.set_findings(shown, len(found) - len(shown))
        self.pane.set_status(self._status(shown), self._note() if self._look is not None else "")
        if shown:
            return
        self.close_preview()
        if self._look is None or self._stale:
            self.pane.set_message(*self._message())
            return
        heading = self.tr("Nothing else was found.") if found else self.tr("Nothing wrong was found.")
        self.pane.set_all_clear(heading, self._made())

    def _findings(self) -> list[ShownFinding]:
        if self._look is None:
            return []
        found = [self._shown(item, self._look.data) for item in self._look.reply["findings"]]
        return sorted(found, key=lambda item: _ORDER.index(item.severity))

    def _shown(self, item: dict[str, Any], since: DataSection) -> ShownFinding:
        given = item.get("params") or {}
        params = {name: _told(value) for name, value in given.items()}
        return ShownFinding(
            key=":".join([item["check"], item["code"], *(value for value in given.values() if isinstance(value, str))]),
            severity=item["severity"],
            count=item["count"],
            title=i18n.engine(item["message"], **params),
            effect=i18n.engine(item["effect"], **params),
            samples=tuple(item["samples"]),
            fixes=tuple(
                ShownFix(
                    i18n.engine(fix["title"]),
                    fix.get("step"),
                    fix.get("changes") or {},
                    self._repairs.applied(fix, since),
                )
                for fix in item["fixes"]
            ),
        )

    def _status(self, shown: list[ShownFinding]) -> str:
        if not shown:
            return self.tr("Data doctor")
        titles = {
            "error": self.tr("Errors: {n}"),
            "warning": self.tr("Warnings: {n}"),
            "notice": self.tr("Notices: {n}"),
        }
        numbers = {name: sum(finding.severity == name for finding in shown) for name in _ORDER}
        parts = [titles[name].format(n=formats.count(number)) for name, number in numbers.items() if number]
        return "  ·  ".join(parts)

    def _note(self) -> str:
        """How far the findings can be trusted."""
        known = self.context.facts.examination
        if known.state == "failed" and known.error is not None:
            return f"✕ {i18n.both(known.error)}"
        if known.state == "cancelled":
            return self.tr("These findings are from before the checks were cancelled.")
        if self._stale:
            return self.tr("These findings are from before the last change; the data is checked again.")
        reply = self._look.reply if self._look is not None else {}
        if not reply.get("sampled"):
            return ""
        text = self.tr("{n} of {all} rows were looked at, drawn evenly.")
        rows = sum((reply.get("rows") or {}).values())
        return text.format(n=formats.count(reply["sampled"]), all=formats.count(rows))

    def _message(self) -> tuple[str, str]:
        """What stands where there are no findings yet."""
        facts = self.context.facts
        if not self._data.files:
            return self.tr("No data yet"), self.tr("Choose data first; the checks then begin by themselves.")
        if facts.data.state == "failed" and facts.data.error is not None:
            return self.tr("The data cannot be read"), i18n.both(facts.data.error)
        if facts.examination.state == "failed" and facts.examination.error is not None:
            return self.tr("The data cannot be checked"), i18n.both(facts.examination.error)
        if "cancelled" in (facts.examination.state, facts.data.state):
            return self.tr("The checks were cancelled"), self.tr("“Check again” begins anew.")
        if facts.held:
            return self.tr("Not checked yet"), self.tr("The checks begin when the run has ended.")
        text = self.tr("For empty rows, duplicates, leaks between the splits, doubtful labels and more.")
        return self.tr("Checking the data…"), text

    def _made(self) -> list[tuple[str, str]]:
        """The checks of the last look with the time that each took; those left out come last."""
        checks = self._look.reply["checks"] if self._look is not None else []
        checks = sorted(checks, key=lambda item: bool(item.get("skipped")))
        return [(plan.title(_CHECKS, item["name"]), self._check_note(item)) for item in checks]

    def _check_note(self, item: dict[str, Any]) -> str:
        if item.get("skipped"):
            return self.tr("left out: {reason}").format(reason=i18n.engine(item["skipped"]))
        if item["seconds"] < 0.05:
            return self.tr("at once")
        return self.tr("{seconds} s").format(seconds=f"{item['seconds']:.1f}")

    # --- preview and checks

    def _show_preview(self, fix: ShownFix, reply: dict[str, Any]) -> None:
        if not isValid(self) or fix is not self._fix:
            return  # the window was made anew, or another repair is looked at
        rows = changes(reply.get("rows", []), self.tr("{file}, row {row}"))
        counts = {name: reply.get(name, 0) for name in ("changed", "dropped", "total")}
        self.pane.preview.set_preview(Preview(**counts, rows=rows, settings=self._repairs.settings_of(fix)))

    def _fail_preview(self, fix: ShownFix, error: dict[str, Any]) -> None:
        if isValid(self) and fix is self._fix:
            self.pane.preview.set_error(i18n.both(error))

    def _show_checks(self) -> None:
        made = {item["name"]: item for item in self._look.reply["checks"]} if self._look is not None else {}
        chosen = {choice.name: choice.options for choice in self._data.checks}
        shown = []
        for name, plugin in plugins.find(f"tlstudio.{_CHECKS}").items():
            note = self._check_note(made[name]) if name in made else ""
            if not note and plugin.EMBEDS:
                note = self.tr("only when you look deeper")
            options = tuple(describe(plugin.Config))
            shown.append(ShownCheck(name, plugin.TITLE, plugin.SUMMARY, options, chosen.get(name, {}), note))
        self.pane.set_checks(shown)


def _told(value: Any) -> Any:
    """A value of a sentence as people write it: numbers in groups, splits by their names."""
    if isinstance(value, int) and not isinstance(value, bool):
        return formats.count(value)
    return words.split(value).lower() if value in ("train", "validation", "test") else value


def _source(data: DataSection) -> DataSection:
    """The section without what repairs, divides, checks and changes the rows: the rows themselves."""
    roles = {role: columns for role, columns in data.roles.items() if role != "ignore"}
    plain = {
        "licence": "",
        "steps": (),
        "checks": (),
        "augment": (),
        "balance": "none",
        "split": SplitSection(),
        "roles": roles,
    }
    return data.model_copy(update=plain)
