"""The folder in which payment files lie for somebody to take to the bank."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from domain.values.refusals import FileRefused


class PaymentFolder:
    """Payment files by their ids. Nobody but the owner can read them: they hold bank details.

    Args:
        folder: where it is. It is made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, file: str) -> Path:
        """Where a file is, or would be.

        Args:
            file: its id.
        """
        return self._folder / f"{file}.xml"

    def has(self, file: str) -> bool:
        """Whether a file of that id is there."""
        return self.path_of(file).exists()

    def write(self, file: str, content: bytes) -> Path:
        """Writes a file, whole or not at all, and never over another. The same file again is harmless.

        Args:
            file: its id.
            content: all of it.

        Returns:
            Where it is. The disk keeps it from then on, whatever happens to the machine.

        Raises:
            FileRefused: it cannot be written, or something else is there under its name.
        """
        path = self.path_of(file)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with NamedTemporaryFile(dir=self._folder, prefix=f".{path.name}.") as draft:  # made for its owner alone
                draft.write(content)
                draft.flush()
                os.fsync(draft.fileno())
                self._link(draft.name, path, content)
            self._keep_the_names()
        except OSError as error:
            raise FileRefused(
                f"{path} cannot be written ({error.strerror}): see to the folder, then try again."
            ) from None
        return path

    def remove(self, file: str) -> None:
        """Takes a file away, if it is there."""
        self.path_of(file).unlink(missing_ok=True)

    def _link(self, draft: str, path: Path, content: bytes) -> None:
        try:
            os.link(draft, path)
        except FileExistsError:
            if path.read_bytes() != content:
                raise FileRefused(
                    f"{path} is there with another content: move it away, and see where it came from."
                ) from None

    def _keep_the_names(self) -> None:
        """Has the disk keep a new name: the ledger soon says that the file is there."""
        if os.name != "posix":
            return
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
