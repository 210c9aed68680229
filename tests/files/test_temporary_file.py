import os
import stat
import sys
import time
from pathlib import Path

import pytest

from lamina.files import temporary_file
from lamina.files.temporary_file import (
    create_temporary,
    remove_stale_temporaries,
    temporaries,
)

locks_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows goes by age alone")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "model.lamina"


def left_behind(target: Path) -> Path:
    """Create a temporary file whose writer is gone, so that nothing locks it."""
    with create_temporary(target) as file:
        file.write(b"half a mod")
    return Path(file.name)


def aged(path: Path, seconds: float) -> Path:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_a_temporary_is_a_hidden_file_in_the_folder_of_its_target(target: Path) -> None:
    with create_temporary(target) as file:
        path = Path(file.name)
    assert path.parent == target.parent
    assert path.name.startswith(".lamina-")


def test_a_temporary_of_a_very_long_name_has_a_name_that_fits(tmp_path: Path) -> None:
    target = tmp_path / ("é" * 120 + ".lamina")
    with create_temporary(target) as file:
        assert list(temporaries(target)) == [Path(file.name)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask for files")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_temporary_has_the_permissions_that_the_umask_leaves(target: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with create_temporary(target) as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    finally:
        os.umask(before)
    assert mode == 0o666 & ~umask


@locks_only
def test_files_of_dead_writers_are_removed_however_young(target: Path) -> None:
    left_behind(target)
    left_behind(target)
    remove_stale_temporaries(target)
    assert list(temporaries(target)) == []


@locks_only
def test_a_temporary_in_use_is_never_removed_however_old(target: Path) -> None:
    with create_temporary(target) as file:
        path = aged(Path(file.name), 10 * 24 * 60 * 60)
        remove_stale_temporaries(target)
        assert path.exists()


def test_the_temporaries_of_another_target_stay(target: Path, tmp_path: Path) -> None:
    other = left_behind(tmp_path / "model.lamina.backup")
    remove_stale_temporaries(target)
    assert other.exists()


def test_without_locks_only_files_older_than_a_day_are_removed(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "win32":

        def no_locks(*_: object) -> None:
            raise OSError(95, "this file system has no locks")

        monkeypatch.setattr(temporary_file.fcntl, "flock", no_locks)
    young, old = left_behind(target), aged(left_behind(target), 25 * 60 * 60)
    remove_stale_temporaries(target)
    assert young.exists()
    assert not old.exists()


def test_a_temporary_that_cannot_be_removed_does_not_prevent_writing(target: Path) -> None:
    with create_temporary(target) as file:
        path = Path(file.name)
    path.unlink()
    path.mkdir()
    remove_stale_temporaries(target)
    assert path.is_dir()


@locks_only
def test_a_temporary_removed_before_it_was_locked_is_created_again(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, swept = temporary_file.lock, []

    def sweep_then_lock(file: object) -> None:
        if not swept:
            swept.extend(temporaries(target))
            remove_stale_temporaries(target)
        lock(file)

    monkeypatch.setattr(temporary_file, "lock", sweep_then_lock)
    with create_temporary(target) as file:
        assert Path(file.name).exists()
        assert swept
        assert Path(file.name) not in swept
