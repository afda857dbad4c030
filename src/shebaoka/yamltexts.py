"""YAML that people write for the program, every value of it a text, as a frozen type: partners' formats, mappings.

Pure. A fault is one sentence with file, line or key, and what to do.
"""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeVar

import msgspec
import yaml

from shebaoka.records import BadInput

if TYPE_CHECKING:
    from yaml import BaseLoader as _Base
else:
    # libyaml's parser reads the same ten times as fast; a PyYAML that was built without it has none.
    _Base = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

T = TypeVar("T")


def read_texts(
    file: str, raw: bytes, kind: type[T], see: str, shaped: Callable[[object], object] = lambda document: document
) -> T:
    """The file's bytes as a type, `shaped` first where it may be written in short. `see` ends a fault of its form."""
    try:
        # Safer than a SafeLoader: it makes nothing but texts, lists and mappings.
        document = yaml.load(raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8"), _Texts)  # noqa: S506
        return msgspec.convert(shaped(document), kind, strict=False)
    except UnicodeDecodeError as e:
        raise BadInput(f"{file}: byte {e.start + 1} is not UTF-8; save the file as UTF-8.") from None
    except yaml.MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 0
        raise BadInput(f"{file}, line {line}: {e.problem or e}; correct the YAML.") from None
    except yaml.YAMLError as e:
        raise BadInput(f"{file}: {e}; correct the YAML.") from None
    except msgspec.ValidationError as e:
        said, _, where = str(e).partition(" - at ")
        key = where.strip("`").removeprefix("$").removeprefix(".") or "at the top"
        raise BadInput(f"{file}, {key}: {said}. {see}") from None


class _Texts(_Base):
    """YAML in which every value is a text, so that 0, 20010101 and no are what they look like; each key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        """A mapping's keys and values; a key that stands twice is told with its line."""
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)
