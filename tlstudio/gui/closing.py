"""Closing the window: first the questions, then a clean stop, and only then the end. The event loop never waits."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from tlstudio.gui.context import Context

_PATIENCE = 10_000  # ms that a cancelled worker gets before it is ended by force


class Closing(QObject):
    """``ready`` when nothing is going on any more and the window may go."""

    ready = Signal()

    def __init__(self, context: Context, may_leave: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context, self._may_leave = context, may_leave
        self._waiting = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE)
        self._timer.timeout.connect(context.session.kill)
        self._timer.timeout.connect(context.studies.kill)
        context.session.ended.connect(self._on_ended)
        context.studies.changed.connect(self._on_ended)

    def ask(self) -> None:
        """The user wants to close."""
        word = self._ask_run() if self._context.session.active else ""
        if word == "stay" or not self._ask_study() or not self._may_leave():
            return
        self._end(word)

    def end(self) -> None:
        """Ends without a question, since nobody may be there to answer: a signal has come."""
        self._end(self._alone if self._context.session.active else "")

    @property
    def _alone(self) -> str:
        """The word for what the user wants a run to do without a window."""
        wish = self._context.settings.without_window
        return "detach" if wish == "go-on" else wish

    def _end(self, word: str) -> None:
        self._context.session.expect_close()
        self._context.studies.cancel()
        if not self._going_on:
            self.ready.emit()
            return
        self._waiting = True
        if word == "kill":
            self._context.session.kill()
            return
        if word:
            self._context.session.send(word)
        if word in ("cancel", "leave", ""):
            self._timer.start()
        self._context.told.emit(self.tr("The window closes as soon as the run has answered…"))

    def _ask_run(self) -> str:
        if self._waiting:
            return self._context.dialogs.ask(
                self.tr("The run is ending"),
                self.tr("The run is being ended. It can be ended by force; what is not yet saved is then lost."),
                {"kill": self.tr("End by force"), "stay": self.tr("Wait")},
                default="stay",
                cancel="stay",
            )
        if not self._context.settings.confirm_close:
            return self._alone
        return self._context.dialogs.ask(
            self.tr("A model is training"),
            self.tr(
                "It can go on without the window: the next start finds it again. Or stop and keep the best weights so "
                "far, leave off to resume later, or cancel and discard the run."
            ),
            {
                "detach": self.tr("Let it go on, and close"),
                "leave": self.tr("Leave off, then close"),
                "stop": self.tr("Stop, keep the best, then close"),
                "cancel": self.tr("Cancel and close"),
                "stay": self.tr("Keep the window"),
            },
            default="stay",
            cancel="stay",
        )

    def _ask_study(self) -> bool:
        """Whether a study may be ended, if one is going on."""
        if not self._context.studies.active or self._waiting or not self._context.settings.confirm_close:
            return True
        title = self.tr("A search or an ablation is going on")
        text = self.tr(
            "It ends with the window. A search can be gone on with later; complete runs of an ablation stay."
        )
        if self._context.studies.active == "frontier":
            title = self.tr("A search for a trade-off is going on")
            text = self.tr("It ends with the window. What was measured stays, and it can be gone on with later.")
        answer = self._context.dialogs.ask(
            title,
            text,
            {"end": self.tr("End it and close"), "stay": self.tr("Go back")},
            default="stay",
            cancel="stay",
        )
        return answer == "end"

    @property
    def _going_on(self) -> bool:
        return self._context.session.active or bool(self._context.studies.active)

    def _on_ended(self) -> None:
        if self._going_on:
            return
        self._timer.stop()
        if self._waiting:
            self._waiting = False
            self.ready.emit()
