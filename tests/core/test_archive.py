"""A backup's file is whole, or it is refused: cut off, changed, or made with bad intentions."""

import gzip
import hashlib
import io
import stat
import tarfile

import pytest

from core.archive import members, writing
from core.errors import BackupDamaged, Conflict, StorageUnavailable

ORIGINAL = b"not compressible " + bytes(range(256)) * 9
FILES = {
    "manifest.json": b"{}",
    "tables/documents/000000.jsonl": b'{"a": 1}\n' * 100,
    f"originals/{hashlib.sha256(ORIGINAL).hexdigest()}": ORIGINAL,
}


@pytest.fixture
def backup(tmp_path):
    target = tmp_path / "backup.tar.gz"
    with writing(target) as (writer, _):
        for name, data in FILES.items():
            writer.add(name, io.BytesIO(data), len(data))
    return target


def checksums(path):
    with tarfile.open(path) as tar:
        found = tar.extractfile("SHA256SUMS")
        assert found is not None
        return found.read()


def content(path):
    return {member.name: member.data.read() for member in members(path)}


def packed(path, *files, kind=tarfile.REGTYPE, size=None, listed=None):
    """Write a tar as any tool could, with right checksums: of the files, or of those listed."""
    sums = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in listed or files
    )
    with gzip.open(path, "wb") as out:
        for name, data in [*files, ("SHA256SUMS", sums.encode())]:
            head = tarfile.TarInfo(name)
            head.size, head.linkname = len(data), "/etc/passwd"
            if name != "SHA256SUMS":
                head.type, head.size = kind, len(data) if size is None else size
            out.write(head.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
        out.write(bytes(1024))
    return path


def test_what_was_written_is_read_and_only_its_owner_may(backup):
    assert content(backup) == FILES
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert list(backup.parent.iterdir()) == [backup]


def test_tar_and_sha256sum_understand_it(backup):
    sums = checksums(backup).decode().splitlines()
    digests = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in FILES.items()]
    assert sums == digests


def test_a_member_that_nobody_reads_is_compared_all_the_same(backup):
    assert [member.name for member in members(backup)] == list(FILES)


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.7, 0.95, 0.999])
def test_what_has_been_cut_off_is_refused(backup, share):
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BackupDamaged, match=r"early|no archive|unpacked"):
        content(backup)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_what_has_been_changed_is_refused(backup, share):
    # Past the header of gzip, whose date and system are nobody's business.
    data = bytearray(backup.read_bytes())
    data[10 + int((len(data) - 10) * share)] ^= 0x20
    backup.write_bytes(data)
    with pytest.raises(BackupDamaged):
        content(backup)


def test_what_was_changed_and_packed_again_is_refused_by_name(backup, tmp_path):
    sums = checksums(backup)
    changed = tmp_path / "changed.tar.gz"
    with gzip.open(changed, "wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in [*FILES.items(), ("SHA256SUMS", sums)]:
            other = data.replace(b'{"a": 1}', b'{"a": 2}', 1)
            head = tarfile.TarInfo(name)
            head.size = len(other)
            tar.addfile(head, io.BytesIO(other))
    with pytest.raises(BackupDamaged, match=r"documents/000000.jsonl is not what was written"):
        content(changed)


@pytest.mark.parametrize(("there", "listed"), [(2, 3), (3, 2)], ids=["missing", "not listed"])
def test_files_and_checksums_that_do_not_match_are_refused(tmp_path, there, listed):
    files = list(FILES.items())
    archive = packed(tmp_path / "x.tar.gz", *files[:there], listed=files[:listed])
    with pytest.raises(BackupDamaged, match="files that its checksums name"):
        content(archive)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/evil",
        "/etc/passwd",
        "originals/../../evil",
        "tables/documents/../../x.jsonl",
        "originals/" + "A" * 64,
        "originals",
        "readme.txt",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(BackupDamaged, match="does not belong"):
        content(packed(tmp_path / "x.tar.gz", (name, b"evil")))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.XHDTYPE]
)
def test_links_folders_devices_and_stretched_headers_are_refused(tmp_path, kind):
    name = f"originals/{hashlib.sha256(b'').hexdigest()}"
    with pytest.raises(BackupDamaged, match="does not belong"):
        content(packed(tmp_path / "x.tar.gz", (name, b""), kind=kind))


def test_a_huge_member_is_refused_before_it_is_read(tmp_path):
    row = ("tables/documents/000000.jsonl", b"{}\n")
    with pytest.raises(BackupDamaged, match="too large"):
        content(packed(tmp_path / "x.tar.gz", row, size=1 << 40))
    original = (f"originals/{'0' * 64}", b"")
    with pytest.raises(BackupDamaged, match="too early"):
        content(packed(tmp_path / "y.tar.gz", original, size=1 << 40))


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 a zip", b"\x1f\x8b", gzip.compress(b"x" * 5000, mtime=0)]
)
def test_any_other_file_is_no_backup(tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(BackupDamaged):
        content(tmp_path / "x")


def test_an_interrupted_backup_leaves_nothing(tmp_path):
    target = tmp_path / "backup.tar.gz"

    def interrupted():
        with writing(target) as (writer, _):
            writer.add("manifest.json", io.BytesIO(b"{}"), 2)
            assert not target.exists()
            raise OSError("no space left")

    with pytest.raises(StorageUnavailable, match="no space"):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_never_written_over(backup):
    before = backup.read_bytes()
    with pytest.raises(Conflict, match="exists"), writing(backup):
        pass
    assert backup.read_bytes() == before


def test_a_file_that_shrinks_while_it_is_copied_is_noticed(tmp_path):
    with pytest.raises(StorageUnavailable, match="shorter"), writing(tmp_path / "x") as (writer, _):
        writer.add("manifest.json", io.BytesIO(b"{}"), 3)
