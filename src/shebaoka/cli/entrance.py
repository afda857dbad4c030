"""Where a command comes in: the house opened for it, its staff signed in, and trouble told in one line.

Every command of the package gets a `Caller`. Heavy rooms are imported when a command needs them, so that
`shebaoka --help` answers at once.
"""

import errno
import io
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shebaoka.notice import LANGUAGES
from shebaoka.numbers import mask
from shebaoka.records import BadInput, BadNotice, Broken, NotSignedIn, Trouble

if TYPE_CHECKING:
    from shebaoka.app import House, Settings
    from shebaoka.desk import Desk, Staff

REFUSED = 3
"""The exit code of a request that was decided, and refused."""
TROUBLE = 1
_TOKEN_MAX = 4096


class Front(click.Group):
    """The main group: whatever goes wrong below it ends as one line, without anybody's full number."""

    def main(self, *args: Any, **named: Any) -> Any:
        """Run the program. A terminal that lacks a character gets a question mark in its place, and the answer."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        return super().main(*args, **named)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own shape
        """The commands in the order in which they were added: by matter, not by letter."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Trouble ends with exit code 1, and a program's fault too unless `--traceback` is given."""
        try:
            return super().invoke(ctx)
        except click.UsageError as e:
            said = e.format_message()
            if without_numbers(said) == said:
                raise
            raise click.UsageError(without_numbers(said), e.ctx) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Trouble as e:
            _tell(e)
        except OSError as e:
            if e.errno == errno.EPIPE:
                raise
            where = f"{e.filename}: " if e.filename else ""
            _tell(BadInput(f"{where}{e.strerror or type(e).__name__}.", code="file_trouble"))
        except Exception as e:
            if ctx.params.get("traceback"):
                raise
            _tell(Broken(f"The program is at fault ({type(e).__name__}). Run it again with --traceback to see where."))
        raise click.exceptions.Exit(TROUBLE)


def unabridged(group: click.Group) -> None:
    """Let lists of commands give each command's first paragraph whole; click would cut it."""
    for command in group.commands.values():
        command.short_help = (command.help or "").partition("\n\n")[0]
        if isinstance(command, click.Group):
            unabridged(command)


def _tell(trouble: Trouble) -> None:
    """One line on stderr: the sentence and the code. Of a notice with many faults the first is told."""
    first, *more = str(trouble).splitlines() or [""]
    if more and isinstance(trouble, BadNotice):
        first = f"{first} There are {len(more)} more; `shebaoka notice check` lists them."
    elif more:
        first = " ".join([first, *more])
    click.echo(f"shebaoka: {without_numbers(first)} [{trouble.code}]", err=True)


def without_numbers(text: str) -> str:
    """The text with every social security number in it masked."""
    return re.sub(r"(?<!\d)\d{17}[\dXx](?!\d)", lambda found: mask(found.group()), text)


def spoken() -> str:
    """The language that the environment asks for: Chinese in either script where it says so, else English."""
    locale = next((v for v in map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG")) if v), "").replace("-", "_")
    if not locale.startswith("zh"):
        return "en"
    return "zh-Hant" if re.match(r"zh_(TW|HK|MO|Hant)", locale) else "zh-Hans"


language_option = click.option(
    "--language", type=click.Choice(LANGUAGES), default=spoken, show_default="as LANG says", help="Language of answers."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout instead of text.")


class Caller:
    """Who called the command line, and the house that the settings name."""

    def __init__(self, token_file: Path | None) -> None:
        self._token_file = token_file

    def settings(self) -> "Settings":
        """The settings of this call, from the environment."""
        from shebaoka.app import settings_from

        return settings_from()

    @contextmanager
    def house(self, play: str = "") -> "Iterator[House]":
        """The house, open while the block runs; or that of a play, the demonstration's or the tour's."""
        from shebaoka.app import open_house

        settings = self.settings()
        if play:
            from shebaoka.stage import of_play

            settings = of_play(settings, play)
        with open_house(settings) as house:
            if settings.database_url:
                # A city's own database may have another schema: a first connection says so in its own sentence.
                with house.store():
                    pass
            yield house

    @contextmanager
    def signed_in(self) -> "Iterator[tuple[House, Staff]]":
        """The house, and who holds the token. `NotSignedIn` before anything is asked."""
        token = self._token()
        with self.house() as house:
            yield house, house.staff.sign_in(token)

    def _token(self) -> str:
        token = read_token(self._token_file) if self._token_file else os.environ.get("SHEBAOKA_TOKEN", "").strip()
        if not token:
            raise NotSignedIn(
                "No staff token was given. Put one into SHEBAOKA_TOKEN, or name its file by --token-file; "
                "`shebaoka staff add` makes one."
            )
        return token


@contextmanager
def desk_of(house: "House") -> "Iterator[Desk]":
    """A desk of the house whose connection is closed after the block."""
    desk = house.desk()
    with closing(desk.store):
        yield desk


def read_token(path: Path, option: str = "--token-file") -> str:
    """The token, or key, in a file. `BadInput` if others than its owner may read the file, or it cannot be read."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BadInput(f"{option}: {path} is not a plain file.")
            if found.st_mode & 0o077:
                raise BadInput(
                    f"{option}: {path} is open to others than its owner; take their rights away (chmod 600)."
                )
            return file.read(_TOKEN_MAX).decode("ascii", "replace").strip()
    except OSError as e:
        raise BadInput(f"{option}: {path} cannot be read: {e.strerror}.") from None
