from __future__ import annotations

from PIL import Image

from tests.data import patients
from tests.data.steps.conftest import left
from tlstudio.core.recipe import DataSection


def names(path, roles=None, **options):
    steps = [{"name": "drop-broken-images", **options}]
    found = left(DataSection.model_validate({"path": str(path), "steps": steps, "roles": roles or {}}))["train"]
    return {text.rsplit("/", 1)[-1] for text, _ in found}


def test_what_the_source_says_and_what_is_seen(tmp_path):
    folder = patients.pictures(tmp_path / "pictures", 6)
    (folder / "class a" / "cut.png").write_bytes((folder / "class a" / "0.png").read_bytes()[:100])
    Image.new("RGB", (5, 50)).save(folder / "class b" / "thin.png")
    whole = {f"{index}.png" for index in range(6)}
    assert names(folder) == {*whole, "thin.png"}
    assert names(folder, pixels=10) == whole
    rows = [(str(path), path.parent.name) for path in sorted(folder.rglob("*.png"))]
    listed = patients.write(tmp_path / "list.csv", rows, ("image", "label"))
    assert names(listed, {"image": "image", "label": "label"}) == {*whole, "thin.png"}
