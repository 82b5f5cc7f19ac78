"""Whatever an archive tries, it is read into memory or refused with a reason."""

from __future__ import annotations

import io
import os
import socket
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import archives
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checker.grade.unpack import LIMITS, Limits, Refused, expand, read, stem

WORK = {"app/__init__.py": b"", "wsgi.py": b"app = 1\n"}
MB = 1 << 20


def refused(path: Path, limits: Limits = LIMITS) -> str:
    with pytest.raises(Refused) as caught:
        read(path, limits)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", archives.zipped(WORK)),
        ("a.tar", archives.tarred(WORK, "")),
        ("a.tar.gz", archives.tarred(WORK, "gz")),
        ("a.tgz", archives.tarred(WORK, "gz")),
        ("a.tar.bz2", archives.tarred(WORK, "bz2")),
        ("a.tar.xz", archives.tarred(WORK, "xz")),
        ("a_tarball_called.zip", archives.tarred(WORK, "gz")),
    ],
)
def test_an_archive_is_read_by_what_it_is_and_not_by_its_name(tmp_path, name, content):
    assert read(archives.put(tmp_path / name, content)) == WORK


def test_a_folder_is_read_as_it_is(tmp_path):
    files = {
        "app/bom.py": b"\xef\xbb\xbfx = 1\n",
        "app/wide.py": "x = 1\n".encode("utf-16"),
        "app/windows.py": b"x = 1\r\ny = 2\r\n",
        "app/old.py": b"x = 1\r",
        "app/bytes.py": bytes(range(256)),
    }
    for name, content in files.items():
        archives.put(tmp_path / "alice" / name, content)
    assert read(tmp_path / "alice") == files


@pytest.mark.parametrize(
    "junk",
    [
        "__MACOSX/app/._hooks.py",
        ".DS_Store",
        "app/._hooks.py",
        ".git/config",
        ".venv/lib/python3.11/site-packages/flask/app.py",
        "app/__pycache__/hooks.cpython-311.pyc",
        "work/.checker/backups/1/work/01_first/app/greeting.py",
        "instance/app.db",
        "Thumbs.db",
    ],
)
def test_what_is_nobodys_work_is_left_out(tmp_path, junk):
    files = {**WORK, junk: b"junk"}
    assert read(archives.put(tmp_path / "a.zip", archives.zipped(files))) == WORK
    assert read(archives.put(tmp_path / "a.tgz", archives.tarred(files))) == WORK
    for name, content in files.items():
        archives.put(tmp_path / "folder" / name, content)
    assert read(tmp_path / "folder") == WORK


def test_a_link_within_what_is_left_out_matters_to_nobody(tmp_path):
    link = archives.tarred_member(".venv/bin/python", tarfile.SYMTYPE, "/usr/bin/python3")
    assert read(archives.put(tmp_path / "a.tgz", link)) == {"app/kept.py": b""}


def test_a_zip_made_on_windows_may_have_backslashes(tmp_path):
    made = archives.zipped({"app/hooks.py": b"x"}).replace(b"app/hooks.py", rb"app\hooks.py")
    assert read(archives.put(tmp_path / "a.zip", made)) == {"app/hooks.py": b"x"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.py", "leads out"),
        ("app/../../evil.py", "leads out"),
        ("..\\evil.py", "leads out"),
        (".venv/../../evil.py", "leads out"),
        ("/etc/cron.d/evil", "absolute path"),
        ("\\\\server\\share\\evil", "absolute path"),
        ("C:\\Windows\\evil.py", "absolute path"),
        ("C:evil.py", "absolute path"),
        ("app/a\x1b[31m.py", "control characters"),
        ("app/a\nb.py", "control characters"),
        ("a/" * 41 + "b.py", "too long or too deep"),
        ("a" * 256 + ".py", "too long"),
    ],
)
def test_a_name_that_leads_astray_is_refused(tmp_path, name, reason):
    for packed in (archives.zipped({**WORK, name: b"evil"}), archives.tarred({name: b"evil"})):
        said = refused(archives.put(tmp_path / "in" / "a.zip", packed))
        assert reason in said
        assert said.isprintable(), "a reason is shown on a terminal"
    assert [path.name for path in tmp_path.iterdir()] == ["in"], "nothing was written outside"


def test_a_name_that_is_no_utf8_is_refused(tmp_path):
    packed = archives.tarred({"app/a\udcff.py": b""}, "gz")
    assert "control characters" in refused(archives.put(tmp_path / "a.tgz", packed))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("app/Hooks.py", "app/hooks.py"),
        ("App/one.py", "app/two.py"),
        ("app/\u00e9.py", "app/e\u0301.py"),
        ("app/stra\u00dfe.py", "app/STRASSE.py"),
        ("app", "app/hooks.py"),
    ],
)
def test_names_that_are_one_on_some_disks_are_refused(tmp_path, one, other):
    for packed in (archives.zipped, archives.tarred):
        said = refused(archives.put(tmp_path / "a.zip", packed({one: b"1", other: b"2"})))
        assert "one name on many disks" in said


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(tmp_path):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("app/a.py", "1")
        archive.writestr("app/a.py", "2")
    assert "twice" in refused(archives.put(tmp_path / "a.zip", made.getvalue()))


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../../secret", "../..", "C:\\secret", "\\\\server\\secret"]
)
def test_a_link_to_outside_is_refused(tmp_path, target):
    for packed in (
        archives.zipped_link("app/link.py", target),
        archives.tarred_member("link.py", tarfile.SYMTYPE, target),
        archives.tarred_member("link.py", tarfile.LNKTYPE, target),
    ):
        said = refused(archives.put(tmp_path / "a.zip", packed))
        assert "outside" in said or "leads out" in said or "absolute" in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links and pipes need POSIX")
def test_what_is_no_plain_file_in_a_folder_is_refused_and_not_opened(tmp_path):
    outside = archives.put(tmp_path / "secret.py", b"secret")
    for name in ("link", "pipe", "socket"):
        (tmp_path / name).mkdir()
    (tmp_path / "link" / "a.py").symlink_to(outside)
    os.mkfifo(tmp_path / "pipe" / "a.py")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path / "socket")  # a socket's path must be short
        try:
            server.bind("a.py")
        finally:
            os.chdir(here)
        assert "outside" in refused(tmp_path / "link")
        assert "FIFO" in refused(tmp_path / "pipe")
        assert "socket" in refused(tmp_path / "socket")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links and pipes need POSIX")
def test_a_submission_that_is_itself_no_file_is_refused(tmp_path):
    archives.put(tmp_path / "elsewhere" / "a.py", b"secret")
    (tmp_path / "alice").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "bob.zip")
    assert "link" in refused(tmp_path / "alice")
    assert "FIFO" in refused(tmp_path / "bob.zip")


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (archives.zipped_member("a", b"", stat.S_IFIFO | 0o644), "FIFO"),
        (archives.zipped_member("a", b"", stat.S_IFCHR | 0o644), "device"),
        (archives.tarred_member("a", tarfile.FIFOTYPE), "FIFO"),
        (archives.tarred_member("a", tarfile.CHRTYPE), "device"),
        (archives.tarred_member("a", tarfile.BLKTYPE), "device"),
        (archives.encrypted(b"x = 1"), "encrypted"),
        (b"", "empty"),
        (b"Rar!\x1a\x07\x00", "ask for a zip"),
        (b"<html>log in first</html>", "ask for a zip"),
        (archives.zipped(WORK)[:-30], "damaged"),
        (archives.tarred(WORK)[:-30], "damaged"),
    ],
)
def test_what_cannot_be_graded_has_its_reason(tmp_path, packed, reason):
    assert reason in refused(archives.put(tmp_path / "a.zip", packed))


def test_a_link_to_a_file_beside_it_is_that_file(tmp_path):
    for packed in (
        archives.zipped_link("app/again.py", "kept.py"),
        archives.tarred_member("app/again.py", tarfile.SYMTYPE, "../app/kept.py"),
        archives.tarred_member("app/again.py", tarfile.LNKTYPE, "app/kept.py"),
    ):
        files = read(archives.put(tmp_path / "a.zip", packed))
        assert files == {"app/kept.py": b"", "app/again.py": b""}


class TestBombs:
    def test_a_zip_that_says_how_large_it_gets(self, tmp_path):
        packed = archives.zipped({"app/zeros.py": bytes(12 * MB)})
        assert "a bomb" in refused(archives.put(tmp_path / "a.zip", packed))

    def test_a_zip_that_lies_about_it(self, tmp_path):
        """The table of contents claims ten bytes; twelve megabytes would come out."""
        packed = bytearray(archives.zipped({"app/zeros.py": bytes(12 * MB)}))
        for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            at = packed.index(signature) + offset
            packed[at : at + 4] = (10).to_bytes(4, "little")
        assert "damaged" in refused(archives.put(tmp_path / "a.zip", bytes(packed)))

    @pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
    def test_a_tarball(self, tmp_path, packing):
        packed = archives.tarred({"app/zeros.py": bytes(12 * MB)}, packing)
        assert "bomb" in refused(archives.put(tmp_path / "a.tar.gz", packed))

    def test_a_tarball_of_junk_is_one_too(self, tmp_path):
        packed = archives.tarred({".venv/zeros": bytes(12 * MB)})
        assert "bomb" in refused(archives.put(tmp_path / "a.tar.gz", packed))

    def test_a_header_that_announces_a_terabyte(self, tmp_path):
        info = tarfile.TarInfo("app/zeros.py")
        info.size = 1 << 40
        packed = info.tobuf(tarfile.GNU_FORMAT) + zlib.compress(b"")
        assert "damaged" in refused(archives.put(tmp_path / "a.tar", packed))

    def test_headers_that_would_keep_their_reader_busy_for_hours(self, tmp_path):
        def described(digits):
            info = tarfile.TarInfo("./PaxHeaders/a.py")
            info.type, info.size = tarfile.XHDTYPE, digits
            end = tarfile.TarInfo("a.py").tobuf() + bytes(1024)
            padded = b"1" * digits + bytes(-digits % 512)
            return archives.put(tmp_path / "a.tar", info.tobuf() + padded + end)

        assert "says too much" in refused(described(2 * MB))
        assert "says too much" in refused(described(600), Limits(headers=500))
        assert read(described(600)) == {"a.py": b""}

    def test_too_many_files(self, tmp_path):
        few = Limits(entries=50)
        packed = archives.zipped({f"app/{n}.py": b"" for n in range(51)})
        assert "more than 50 files" in refused(archives.put(tmp_path / "a.zip", packed), few)
        packed = archives.tarred({f"app/{n}.py": b"" for n in range(51)})
        assert "more than 50 files" in refused(archives.put(tmp_path / "a.tgz", packed), few)

    def test_a_table_of_contents_that_is_too_long(self, tmp_path):
        packed = archives.zipped({f"app/{n:0100}.py": b"" for n in range(20)})
        limits = Limits(listing=2000)
        assert "too long" in refused(archives.put(tmp_path / "a.zip", packed), limits)

    def test_more_than_a_submission_may_hold(self, tmp_path):
        limits = Limits(kept=1000, harmless=10 * MB)
        noise = os.urandom(600)
        files = {"app/a.py": noise, "app/b.py": noise}
        for packed in (archives.zipped(files), archives.tarred(files)):
            assert "holds more than" in refused(archives.put(tmp_path / "a.zip", packed), limits)
        for name, content in files.items():
            archives.put(tmp_path / "folder" / name, content)
        assert "holds more than" in refused(tmp_path / "folder", limits)

    def test_an_archive_that_is_too_large_itself(self, tmp_path):
        path = archives.put(tmp_path / "a.zip", archives.zipped(WORK))
        assert "larger than" in refused(path, Limits(archive=10))

    def test_links_do_not_multiply_what_is_kept(self, tmp_path):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w:gz") as archive:
            first = tarfile.TarInfo("a")
            first.size = 600
            archive.addfile(first, io.BytesIO(os.urandom(600)))
            for number in range(9):
                link = tarfile.TarInfo(f"link{number}")
                link.type, link.linkname = tarfile.LNKTYPE, "a"
                archive.addfile(link)
        path = archives.put(tmp_path / "a.tgz", made.getvalue())
        assert "holds more than" in refused(path, Limits(kept=1000))

    def test_archives_within_archives_share_one_limit(self):
        limits = Limits(kept=1000)
        inner = archives.zipped({"a": os.urandom(800)})
        with pytest.raises(Refused, match=r"holds more than|a bomb"):
            expand({f"{n}.zip": inner for n in range(9)}, limits)


NAMES = st.lists(
    st.sampled_from(
        [
            "app",
            "App",
            "..",
            ".",
            "",
            "a.py",
            "C:",
            "\\",
            "/",
            "x\x00y",
            "\u00e9",
            "e\u0301",
            ".git",
        ]
    )
    | st.text(max_size=8),
    min_size=1,
    max_size=6,
).map("/".join)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=64), min_size=1, max_size=6),
    links=st.lists(st.tuples(NAMES, NAMES), max_size=3),
    packing=st.sampled_from(["gz", "zip"]),
)
@example(files={"a": b""}, links=[("b", "../../../etc/passwd")], packing="gz")
def test_whatever_is_read_stays_within_its_folder(tmp_path, files, links, packing):
    try:
        packed = _packed(files, links, packing)
    except (UnicodeError, ValueError):
        return  # Python itself cannot make this one
    path = archives.put(tmp_path / "a.zip", packed)
    found, reason = read_or_reason(path)
    assert reason.isprintable()
    everywhere = set(files.values())
    for name, content in found.items():
        pure = PurePosixPath(name)
        assert not pure.is_absolute()
        assert ".." not in pure.parts
        assert name == pure.as_posix()
        assert content in everywhere, "nothing but what was handed in"
    folded = {name.casefold() for name in found}
    assert len(folded) == len(found)


def read_or_reason(path):
    try:
        return read(path), ""
    except Refused as error:
        return {}, str(error)


def _packed(files, links, packing):
    made = io.BytesIO()
    if packing == "zip":
        with zipfile.ZipFile(made, "w") as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name), content)
            for name, target in links:
                info = zipfile.ZipInfo(name + "l")
                info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
                archive.writestr(info, target)
        return made.getvalue()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, target in links:
            info = tarfile.TarInfo(name + "l")
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return made.getvalue()


def test_a_name_loses_the_ending_of_an_archive():
    assert [stem(name) for name in ("a.tar.gz", "b.ZIP", "c.v1.tgz", "d.7z", "e")] == [
        "a",
        "b",
        "c.v1",
        "d",
        "e",
    ]
