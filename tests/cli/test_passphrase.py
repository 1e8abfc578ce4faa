"""The passphrase at the command line: where it comes from, and that it stays out of sight."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from accountmap.errors import BackendError, WorkspaceError
from accountmap.trust import key_file
from accountmap_cli.main import cli
from tests.cli.running import accountmap

OLD, NEW = "correct horse battery", "staple and more words"


@pytest.fixture(scope="module", autouse=True)
def _quick_guesses() -> Iterator[None]:
    """Let the commands in this process derive keys in a hundredth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(key_file.SCRYPT, "n", 1 << 10)
        yield


def run(*arguments: str, cwd: Path, secrets: tuple[str, ...] = (), check: int = 0, process: bool = False) -> str:
    """Run a command that finds `secrets` on descriptors of their own, named {0}, {1}."""
    ends = [os.pipe() for _ in secrets]
    for (_, write), secret in zip(ends, secrets, strict=True):
        os.write(write, f"{secret}\n".encode())
        os.close(write)
    numbers = [read for read, _ in ends]
    typed = [argument.format(*numbers) for argument in arguments]
    done = accountmap(*typed, cwd=cwd, check=None, process=process, pass_fds=numbers)
    for number in numbers:
        with contextlib.suppress(OSError):  # a command here has closed it
            os.close(number)
    assert done.returncode == check, done.stderr
    assert not any(secret in done.stdout + done.stderr for secret in secrets)
    return done.stdout + done.stderr


@pytest.mark.skipif(os.name == "nt", reason="descriptors are passed on by POSIX")
def test_from_a_descriptor(tmp_path: Path) -> None:
    refused = run("init", "--name", "Acme", cwd=tmp_path, check=4)
    assert "Nobody is here to choose a passphrase" in refused
    assert not (tmp_path / "identity.json").exists()
    run("--passphrase-fd", "{0}", "init", "--name", "Acme", cwd=tmp_path, secrets=(OLD,), process=True)
    run("partner", "card", "-o", "-", cwd=tmp_path)
    change = ("--passphrase-fd", "{0}", "identity", "passphrase", "--new-passphrase-fd", "{1}")
    assert "not the right one" in run(*change, cwd=tmp_path, secrets=("wrong horse battery", NEW), check=4)
    assert "is changed" in run(*change, cwd=tmp_path, secrets=(OLD, NEW))
    assert "not the right one" in run(*change, cwd=tmp_path, secrets=(OLD, NEW), check=4)
    asked = run("identity", "passphrase", "--no-passphrase", cwd=tmp_path, check=4)
    assert "protected by a passphrase" in asked
    bare = ("--passphrase-fd", "{0}", "identity", "passphrase", "--no-passphrase")
    assert "have no passphrase" in run(*bare, cwd=tmp_path, secrets=(NEW,))
    run("identity", "passphrase", "--no-passphrase", cwd=tmp_path)


def test_from_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    own = tmp_path / "own"
    run("init", "own", "--name", "Acme", cwd=tmp_path, check=4)
    assert not own.exists()
    (credentials / "accountmap-passphrase").write_text(f"{OLD}\n", encoding="utf-8")
    run("init", "own", "--name", "Acme", cwd=tmp_path)
    run("partner", "rotate", cwd=own)
    (credentials / "accountmap-passphrase").write_text("another one altogether", encoding="utf-8")
    assert "not the right one" in run("partner", "rotate", cwd=own, check=4)
    (credentials / "accountmap-passphrase").write_text("", encoding="utf-8")
    assert "is empty" in run("partner", "rotate", cwd=own, check=4)


def test_the_rule_comes_before_the_question_and_weak_ones_are_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = f"short\nshort\naaaaaaaaaaaa\naaaaaaaaaaaa\n{OLD}\n{OLD}\n"
    made = invoke(tmp_path, "init", "--name", "Acme", typed=typed, monkeypatch=monkeypatch)
    assert made.exit_code == 0, made.output
    said = made.output
    assert said.index("hard to guess") < said.index("Choose a passphrase")
    assert "at least 12 characters" in said
    assert "too easy to guess" in said
    assert f"Workspace created:\n{tmp_path}\n" in said


def test_a_weak_one_that_nobody_types_leaves_no_workspace(tmp_path: Path) -> None:
    said = run(
        "--passphrase-fd", "{0}", "init", "own", "--name", "Acme", cwd=tmp_path, secrets=("qwertyuiop12",), check=5
    )
    assert "too easy to guess" in said
    assert not (tmp_path / "own").exists()


def test_what_cannot_become_a_workspace_is_refused_before_the_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke(tmp_path, "init", "--name", "Acme", typed=f"{OLD}\n{OLD}\n", monkeypatch=monkeypatch)
    for arguments in (("--name", "Acme"), ()):
        again = invoke(tmp_path, "init", *arguments, typed="x", monkeypatch=monkeypatch)
        assert "Choose" not in again.output
        assert "company's name" not in again.output
        assert "is a workspace already" in str(again.exception)


def test_a_descriptor_that_is_not_open_is_a_clear_error(tmp_path: Path) -> None:
    said = run("--passphrase-fd", "54321", "init", "--name", "Acme", cwd=tmp_path, check=4)
    assert "file descriptor 54321" in said


@pytest.fixture
def keyring() -> Iterator[dict[tuple[str, str], str]]:
    """A keyring in memory in the place of the computer's."""
    import keyring as library
    from keyring.backend import KeyringBackend

    kept: dict[tuple[str, str], str] = {}

    class Memory(KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            kept[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del kept[service, username]

    before = library.get_keyring()
    library.set_keyring(Memory())
    yield kept
    library.set_keyring(before)


def invoke(folder: Path, *arguments: str, typed: str = "", monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setattr("accountmap_cli.passphrase.is_interactive", lambda: bool(typed))
    return CliRunner().invoke(cli, ["-w", str(folder), *arguments], input=typed)


def test_from_the_prompt_and_the_keyring(
    tmp_path: Path, keyring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = invoke(
        tmp_path, "init", "--name", "Acme", "--keyring", typed=f"{OLD}\n{OLD}\n", monkeypatch=monkeypatch
    )
    assert made.exit_code == 0, made.output
    assert list(keyring.values()) == [OLD]
    changed = invoke(tmp_path, "identity", "passphrase", typed=f"{NEW}\n{NEW}\n", monkeypatch=monkeypatch)
    assert changed.exit_code == 0, changed.output
    assert not keyring, "the old passphrase does not stay behind"
    assert isinstance(
        invoke(tmp_path, "identity", "passphrase", "--no-passphrase", monkeypatch=monkeypatch).exception,
        WorkspaceError,
    )
    asked = invoke(
        tmp_path, "identity", "passphrase", "--no-passphrase", typed=f"{NEW}\n", monkeypatch=monkeypatch
    )
    assert asked.exit_code == 0, asked.output
    for result in (made, changed, asked):
        assert OLD not in result.output
        assert NEW not in result.output


def test_new_keys_keep_their_passphrase_and_their_place_in_the_keyring(
    tmp_path: Path, keyring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = f"{OLD}\n{OLD}\n"
    invoke(tmp_path, "init", "--name", "Acme", "--keyring", typed=typed, monkeypatch=monkeypatch)
    (before,) = keyring
    file = str(tmp_path / "rotation.toml")
    rotated = invoke(tmp_path, "partner", "rotate", "-o", file, monkeypatch=monkeypatch)
    assert rotated.exit_code == 0, rotated.output
    (after,) = keyring
    assert after != before
    assert after[1] in rotated.output, "it is kept under the new fingerprint"
    again = invoke(tmp_path, "identity", "passphrase", "--no-passphrase", monkeypatch=monkeypatch)
    assert again.exit_code == 0, again.output


def test_a_computer_without_a_keyring_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accountmap_cli.passphrase.keyring_module", lambda: None)
    made = invoke(
        tmp_path, "init", "--name", "Acme", "--keyring", typed=f"{OLD}\n{OLD}\n", monkeypatch=monkeypatch
    )
    assert isinstance(made.exception, BackendError)
    assert "pip install" in made.exception.hint
