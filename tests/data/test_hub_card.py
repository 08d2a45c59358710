from __future__ import annotations

import sys

import pytest

from harness import schema
from harness.data import adapt, cards, hub_card, upkeep
from harness.errors import UserError

hub = pytest.importorskip("huggingface_hub")


def facts(name):
    return hub.DatasetCard(hub_card.hub_card(name)).data.to_dict()


def test_the_front_matter_says_what_the_block_says(toy):
    upkeep.write_block("toy", toy.data)
    assert facts("toy") == {
        "pretty_name": "Six sentences",
        "language": ["deu", "pcm", "swh"],
        "license": "apache-2.0",
        "task_categories": ["text-classification"],
        "size_categories": "n<1K",
        "source_datasets": ["original"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "test", "path": "test.parquet"},
                    {"split": "train", "path": "train.parquet"},
                ],
            }
        ],
    }


def test_the_text_has_title_terms_prose_and_block(toy):
    upkeep.write_block("toy", toy.data)
    text = hub.DatasetCard(hub_card.hub_card("toy")).text
    assert "# Six sentences\n\n- Licence: Apache-2.0\n- Citation: written for" in text
    assert text.rstrip().endswith(cards.read(cards.card_path("toy"))[1])


def test_a_card_without_a_block_says_what_its_front_matter_says(toy):
    toy.spoil("toy.md", "[splits.test]", '[splits.dev]\nuse = "dev"\noptional = true\n\n[splits.test]')
    toy.spoil(
        "toy.md", 'kind = "iso639_1"', 'kind = "iso639_1"\ncodes = ["pcm_Latn", "zho_Hans", "zho_Hant", "kzj_Latn"]'
    )
    toy.spoil("toy.md", 'creation = "written"', 'creation = "written"\nderived_from = ["flores200"]')
    found = facts("toy")
    assert (found["language"], found["source_datasets"]) == (["dtp", "pcm", "zho"], ["extended|flores200"])
    assert [file["split"] for file in found["configs"][0]["data_files"]] == ["train", "test"]
    assert found["size_categories"] == "n<1K"
    toy.spoil("toy.md", "rows = 4\n", "")
    assert "size_categories" not in facts("toy")


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("CC BY-NC-SA 4.0", {"license": "cc-by-nc-sa-4.0"}),
        ("MIT (repository)", {"license": "mit"}),
        ("none stated in the files", {"license": "unknown"}),
        ("CC BY 4.0; parts MIT", {"license": "other", "license_name": "cc-by-4.0-parts-mit"}),
        ("CC BY-ND 2.0 KR", {"license": "other", "license_name": "cc-by-nd-2.0-kr"}),
        (
            "Unicode-3.0 (CLDR); code MIT (Babel)",
            {"license": "other", "license_name": "unicode-3.0-cldr-code-mit-babel"},
        ),
    ],
)
def test_a_licence_is_the_hubs_or_has_a_name_of_its_own(toy, licence, expected):
    toy.spoil("toy.md", '"Apache-2.0"', f'"{licence}"')
    found = facts("toy")
    assert {key: value for key, value in found.items() if key.startswith("license")} == expected


@pytest.mark.parametrize(
    ("rows", "size"),
    [(999, "n<1K"), (1000, "1K<n<10K"), (9999, "1K<n<10K"), (1_104_934, "1M<n<10M"), (0, "n<1K")],
)
def test_size_is_a_class_of_the_hub(toy, rows, size):
    toy.spoil("toy.md", "rows = 4", f"rows = {rows}")
    toy.spoil("toy.md", "rows = 2", "rows = 0")
    assert facts("toy")["size_categories"] == size


def test_every_task_kind_has_a_category():
    assert set(hub_card.TASKS) == set(schema.TASK_KINDS)


def test_the_hubs_library_reads_the_files_that_the_card_lists(toy, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hub")
    upkeep.write_block("toy", toy.data)
    folder = tmp_path / "upload"
    folder.mkdir()
    (folder / "README.md").write_text(hub_card.hub_card("toy"), encoding="utf-8")
    made = toy.adapted()
    adapt.copy_to(made, folder)
    loaded = datasets.load_dataset(str(folder))
    assert {split: rows.num_rows for split, rows in loaded.items()} == {"test": 2, "train": 4}
    assert loaded["train"].to_list() == made.rows("train").to_pylist()


def test_without_the_hubs_library_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match=r"huggingface_hub is not installed; pip install 'stiltbench\[hub\]'"):
        hub_card.hub_card("xcopa")
