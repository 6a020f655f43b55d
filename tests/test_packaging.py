"""The wheel holds exactly the six rooms, with prompts, pages and migrations inside."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from api import doctor

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def names(tmp_path_factory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    # The build backend is installed, so that building needs no network.
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_exactly_the_six_rooms(names):
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == set(doctor.ROOMS)


@pytest.mark.parametrize(
    "name",
    [
        "prompts/document_classification.md",
        "prompts/answer.md",
        "core/migrations/env.py",
        "core/migrations/versions/0001_first_tables.py",
        "api/web/static/index.html",
        "classify/models/document-head/MODEL_CARD.md",
        "classify/models/document-head/document-head.npz",
        "classify/primer/contracts.txt",
    ],
)
def test_data_travels_in_the_wheel(names, name):
    assert name in names


def test_all_rooms_lie_under_one_root():
    assert doctor.rooms() == str(ROOT)
