"""One suite for every store of originals."""

import io

import pytest

from core.errors import NotFound
from core.storage import LocalStore, MemoryStore, stage


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    return LocalStore(tmp_path / "originals") if request.param == "local" else MemoryStore()


@pytest.fixture
def keep(store, tmp_path):
    def kept(data: bytes) -> str:
        with stage(io.BytesIO(data), tmp_path / "incoming", 1000) as staged:
            store.keep(staged)
            return staged.sha256

    return kept


def test_what_is_kept_comes_back_byte_for_byte(store, keep):
    with store.file(keep(b"\x00letter\xff")) as path:
        assert path.read_bytes() == b"\x00letter\xff"


def test_keeping_twice_is_keeping_once(store, keep):
    assert keep(b"same") == keep(b"same")
    with store.file(keep(b"same")) as path:
        assert path.read_bytes() == b"same"


def test_deleted_is_gone_and_deleting_again_is_no_error(store, keep):
    sha256 = keep(b"gone")
    store.delete(sha256)
    store.delete(sha256)
    with pytest.raises(NotFound), store.file(sha256):
        pass
