"""The line that offers one thing to do."""

from __future__ import annotations

from tlstudio.gui.widgets.notice import Notice


def test_it_offers_one_thing_and_goes(keep):
    notice = keep(Notice())
    done = []
    notice.offer("A run was broken off.", "Resume", lambda: done.append("old"))
    notice.offer("Another one was.", "Resume it", lambda: done.append("new"))
    assert notice.text.text() == "Another one was."
    notice.action.click()
    assert done == ["new"]
    assert not notice.isVisible()


def test_it_can_be_put_away(keep):
    notice = keep(Notice())
    done = []
    notice.offer("A run was broken off.", "Resume", lambda: done.append(1))
    notice.put_away.click()
    assert not notice.isVisible()
    assert not done
