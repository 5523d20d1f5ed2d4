"""What results say of a run; the rest is seen in the tests of whole runs."""

from __future__ import annotations

from tlstudio.pipeline.facts import width_of


def test_width_of_text_models_and_of_towers():
    assert width_of({"hidden_size": 384}) == 384
    assert width_of({"d_model": 512}) == 512
    assert width_of({"n_embd": 640}) == 640
    assert (
        width_of({"projection_dim": 9, "text_config": {"hidden_size": 32}, "vision_config": {"hidden_size": 64}}) == 32
    )


def test_width_where_nothing_states_one():
    assert width_of({"text_config": {"layers": 3}}) == 768
