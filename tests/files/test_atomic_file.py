import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from lamina.files.atomic_file import write_atomically

posix = pytest.mark.skipif(sys.platform == "win32", reason="a property of POSIX file systems")

OLD, NEW = b"the old file", b"the new file, in two chunks"
STEPS = ("open", "chmod", "fsync", "link", "replace", "rename", "unlink")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "model.lamina"


@pytest.fixture
def old(target: Path) -> Path:
    target.write_bytes(OLD)
    return target


def write_new(target: Path, *, overwrite: bool = False) -> None:
    write_atomically(target, [NEW[:5], memoryview(NEW)[5:]], overwrite=overwrite)


def others(target: Path) -> list[str]:
    return [name for name in os.listdir(target.parent) if name != target.name]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_new_file_holds_all_chunks_and_no_other_file_remains(
    target: Path, overwrite: bool
) -> None:
    write_new(target, overwrite=overwrite)
    assert target.read_bytes() == NEW
    assert others(target) == []


def test_an_existing_file_stays_without_overwrite(old: Path) -> None:
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_new(old)
    assert old.read_bytes() == OLD


def test_an_existing_file_is_replaced_with_overwrite(old: Path) -> None:
    write_new(old, overwrite=True)
    assert old.read_bytes() == NEW
    assert others(old) == []


def test_a_file_that_appears_while_another_is_written_is_not_overwritten(target: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield NEW
        target.write_bytes(OLD)

    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_atomically(target, chunks())
    assert target.read_bytes() == OLD
    assert others(target) == []


def test_one_of_many_concurrent_writers_wins_and_the_others_fail(target: Path) -> None:
    n_writers = 8
    start = Barrier(n_writers)

    def write(number: int) -> bool:
        start.wait()
        try:
            write_atomically(target, [bytes([number]) * 1000])
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(n_writers) as pool:
        won = list(pool.map(write, range(n_writers)))
    assert won.count(True) == 1
    assert target.read_bytes() == bytes([won.index(True)]) * 1000
    assert others(target) == []


def test_many_concurrent_overwriters_leave_one_complete_file(target: Path) -> None:
    def write(number: int) -> None:
        write_atomically(target, [bytes([number]) * 500, bytes([number]) * 500], overwrite=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    content = target.read_bytes()
    assert len(content) == 1000
    assert len(set(content)) == 1
    assert others(target) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_no_temporary(old: Path, error: BaseException) -> None:
    def chunks() -> Iterator[bytes]:
        yield NEW
        raise error

    with pytest.raises(type(error)):
        write_atomically(old, chunks(), overwrite=True)
    assert old.read_bytes() == OLD
    assert others(old) == []


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_step_that_fails_leaves_the_old_file_and_no_temporary(
    old: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="Input/output error"):
        write_new(old, overwrite=True)
    monkeypatch.undo()
    assert old.read_bytes() == OLD
    assert others(old) == []


@posix
def test_content_is_synced_before_the_rename_and_the_rename_before_the_end(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []
    sync, replace = os.fsync, os.replace

    def noted_sync(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("folder" if folder else os.fstat(descriptor).st_size)
        sync(descriptor)

    def noted_replace(*names: str) -> None:
        steps.append("rename")
        replace(*names)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_new(old, overwrite=True)
    assert steps == [len(NEW), "rename", "folder"]


@posix
@pytest.mark.parametrize(("number", "tolerated"), [(22, True), (95, True), (5, False)])
def test_a_folder_without_sync_is_tolerated_and_a_failing_disk_is_not(
    old: Path, number: int, tolerated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def no_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", no_folders)
    with nullcontext() if tolerated else pytest.raises(OSError, match="Input/output error"):
        write_new(old, overwrite=True)
    assert old.read_bytes() == NEW


@posix
def test_a_full_disk_leaves_the_old_file_and_no_temporary(old: Path) -> None:
    program = (
        "import resource, sys\n"
        "from lamina.files.atomic_file import write_atomically\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    write_atomically(sys.argv[1], [bytes(300_000)], overwrite=True)\n"
        "except OSError as error:\n"
        "    print(error.strerror)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(old)], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "File too large"
    assert old.read_bytes() == OLD
    assert others(old) == []


class Crash(BaseException):
    """End of the process, as far as the file system is concerned."""


def crash_before(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop all actions on the file system from a given call on."""
    calls = 0

    def counted(action: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **keywords: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls >= call:
                raise Crash
            return action(*args, **keywords)

        return act

    for step in STEPS:
        monkeypatch.setattr(os, step, counted(getattr(os, step)))


@posix
@pytest.mark.parametrize("before", [None, OLD], ids=["new", "replaced"])
@pytest.mark.parametrize("with_links", [True, False])
def test_a_crash_before_any_step_leaves_the_old_file_or_the_new_one(
    target: Path, before: bytes | None, with_links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for call in range(1, 20):
        target.unlink(missing_ok=True)
        if before is not None:
            target.write_bytes(before)
        with monkeypatch.context() as patch:
            if not with_links:
                patch.setattr(os, "link", without_hard_links)
            crash_before(call, patch)
            try:
                write_new(target, overwrite=before is not None)
            except Crash:
                seen.append(target.read_bytes() if target.exists() else None)
            else:
                break
    # Only on a file system without hard links may a crash leave an empty file where there was none.
    reserved = [b""] if before is None and not with_links else []
    assert [state for i, state in enumerate(seen) if state not in seen[:i]] == [
        before,
        *reserved,
        NEW,
    ]
    target.unlink()
    write_new(target)
    assert others(target) == []


def without_hard_links(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@posix
def test_a_new_file_is_written_without_hard_links(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", without_hard_links)
    write_new(target)
    assert target.read_bytes() == NEW
    assert others(target) == []


@posix
def test_a_file_that_appears_meanwhile_is_kept_without_hard_links(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", without_hard_links)

    def chunks() -> Iterator[bytes]:
        yield NEW
        target.write_bytes(OLD)

    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_atomically(target, chunks())
    assert target.read_bytes() == OLD
    assert others(target) == []


@posix
def test_a_failed_rename_leaves_no_empty_file_without_hard_links(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "link", without_hard_links)
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="Input/output error"):
        write_new(target)
    assert os.listdir(target.parent) == []


@posix
def test_a_new_file_has_the_permissions_that_the_umask_leaves(target: Path) -> None:
    before = os.umask(0o027)
    try:
        write_new(target)
    finally:
        os.umask(before)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@posix
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755])
def test_a_replaced_file_keeps_its_permissions(old: Path, mode: int) -> None:
    old.chmod(mode)
    write_new(old, overwrite=True)
    assert stat.S_IMODE(old.stat().st_mode) == mode


@posix
def test_a_private_file_is_never_readable_for_others_while_it_is_written(old: Path) -> None:
    old.chmod(0o600)
    modes = []

    def chunks() -> Iterator[bytes]:
        modes.extend(stat.S_IMODE((old.parent / name).stat().st_mode) for name in others(old))
        yield NEW

    write_atomically(old, chunks(), overwrite=True)
    assert modes == [0o600]


def test_a_read_only_file_is_not_replaced(old: Path) -> None:
    old.chmod(0o444)
    with pytest.raises(PermissionError, match="read-only"):
        write_new(old, overwrite=True)
    assert old.read_bytes() == OLD


@posix
@pytest.mark.parametrize("overwrite", [False, True])
def test_writing_to_a_symbolic_link_writes_its_target_and_keeps_the_link(
    tmp_path: Path, overwrite: bool
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    real, link = folder / "real.lamina", tmp_path / "link.lamina"
    if overwrite:
        real.write_bytes(OLD)
    link.symlink_to(real)
    write_new(link, overwrite=overwrite)
    assert link.is_symlink()
    assert real.read_bytes() == NEW
    assert os.listdir(folder) == ["real.lamina"]


@posix
def test_the_target_of_a_symbolic_link_is_kept_without_overwrite(old: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.lamina"
    link.symlink_to(old)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_new(link)
    assert old.read_bytes() == OLD


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="folder"):
        write_new(tmp_path, overwrite=True)


@posix
def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="not a regular file"):
        write_new(pipe, overwrite=True)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such folder") as caught:
        write_new(tmp_path / "missing" / "model.lamina")
    assert caught.value.filename == str(tmp_path / "missing")


def test_the_next_write_removes_the_files_of_a_dead_writer(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        crash_before(2, patch)
        with pytest.raises(Crash):
            write_new(target)
    left = others(target)
    for name in left:
        os.utime(target.parent / name, (0, 0))
    assert len(left) == 1
    write_new(target)
    assert others(target) == []
