"""Originals are kept under their hash, whole or not at all."""

import hashlib
import io
import os

import pytest

from core import storage
from core.errors import NotFound, StorageUnavailable, TooLarge
from core.storage import LocalStore, stage


def test_staging_hashes_and_counts_and_cleans_up(tmp_path):
    data = b"abc" * 1_000_000
    with stage(io.BytesIO(data), tmp_path, 10_000_000) as staged:
        assert staged.size == len(data)
        assert staged.sha256 == hashlib.sha256(data).hexdigest()
        assert staged.path.read_bytes() == data
    assert list(tmp_path.iterdir()) == []


def test_a_stream_over_the_limit_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(TooLarge, match="100"), stage(io.BytesIO(b"x" * 101), tmp_path, 100):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="file"), stage(io.BytesIO(b"x"), file, 100):
        pass


def test_a_missing_original_is_not_found(tmp_path):
    with pytest.raises(NotFound), LocalStore(tmp_path).file("0" * 64):
        pass


def test_what_a_killed_process_left_is_deleted_once_it_is_old(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    assert storage.clear_stale(tmp_path, 60) == 1
    assert list(tmp_path.iterdir()) == [new]
    assert storage.clear_stale(tmp_path / "missing", 60) == 0
