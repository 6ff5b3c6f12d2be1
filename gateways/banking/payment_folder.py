"""The folder with the payment files that somebody takes to the bank."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from domain.values.refusals import FileRefused


class PaymentFolder:
    """Payment files by their ids. Only the owner can read the files, because they hold bank details.

    Args:
        folder: the path of the folder. The folder is made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path_of(self, file: str) -> Path:
        """The path of a file, whether it exists or not.

        Args:
            file: its id.
        """
        return self._folder / f"{file}.xml"

    def has(self, file: str) -> bool:
        """Whether a file with that id exists."""
        return self.path_of(file).exists()

    def write(self, file: str, content: bytes) -> Path:
        """Writes a file, whole or not at all, and never over another. You can safely write the same file again.

        Args:
            file: its id.
            content: the whole content of the file.

        Returns:
            The path of the file. The file is on the disk by then, even if the machine loses power.

        Raises:
            FileRefused: the file cannot be written, or another file has its name.
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
                f"{path} cannot be written ({error.strerror}): check the folder, then try again."
            ) from None
        return path

    def remove(self, file: str) -> None:
        """Deletes a file, if it exists."""
        self.path_of(file).unlink(missing_ok=True)

    def _link(self, draft: str, path: Path, content: bytes) -> None:
        try:
            os.link(draft, path)
        except FileExistsError:
            if path.read_bytes() != content:
                raise FileRefused(
                    f"{path} already exists with other content: move that file away, and find out where it came from."
                ) from None

    def _keep_the_names(self) -> None:
        """Makes the disk keep a new name, because the ledger soon says that the file exists."""
        if os.name != "posix":
            return
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
