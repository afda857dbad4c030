"""From bytes to fields and back: bitmaps and forms checked, sub-fields taken apart, the MAC put at the end.

pyiso8583 does the packing; what a message may hold at all is looked at here, before and after.
"""

from collections.abc import Callable, Mapping

import iso8583
import msgspec

from shebaoka.pos.spec import FIELDS, FORMS, MAC_SIZE, SPEC
from shebaoka.records import BadInput

Mac = Callable[[bytes], bytes]
_HEAD, _BITMAP = 4, 8
_SECOND_BITMAP = 1 << 127
_KNOWN = sum(1 << (128 - int(number)) for number in FIELDS) | _SECOND_BITMAP


class Unpacked(msgspec.Struct, frozen=True):
    """The fields of a message; `fault` names the field at which it could not be read on, empty if all was read."""

    fields: dict[str, str]
    fault: str = ""


def unpack(raw: bytes) -> Unpacked:
    """The fields of a message, by number, with its type as `t`; as far as they are in their form."""
    kind = {"t": raw[:_HEAD].decode("ascii", errors="replace")}
    if len(raw) < _HEAD + _BITMAP:
        return Unpacked(kind, "p")
    second = raw[_HEAD] & 0x80
    bits = int.from_bytes(raw[_HEAD : _HEAD + 2 * _BITMAP]) if second else int.from_bytes(raw[_HEAD:12]) << 64
    if unknown := bits & ~_KNOWN:
        return Unpacked(kind, str(129 - unknown.bit_length()))
    fault = ""
    try:
        found, packed = iso8583.decode(raw, SPEC)
    except iso8583.DecodeError as e:
        found, packed, fault = e.doc_dec, e.doc_enc, e.field
    fields = kind
    for number, value in found.items():
        form = FORMS.get(number)
        if form is None:
            continue
        # The library reads a length with blanks or a sign in it as a number, too.
        if form.fullmatch(value) and (not FIELDS[number].digits or packed[number]["len"].isdigit()):
            fields[number] = value
        elif not fault:
            fault = number
    if not fault and (lacks := misplaced_mac(fields)):
        fault = lacks
    return Unpacked(fields, fault)


def misplaced_mac(fields: Mapping[str, str]) -> str:
    """The field of the MAC, 128 behind a second bitmap and 64 elsewhere, if it is not there alone; else nothing."""
    last = mac_field(fields)
    other = "64" if last == "128" else "128"
    return last if last not in fields else other if other in fields else ""


def mac_field(fields: Mapping[str, str]) -> str:
    """Where the MAC goes: it is the last field."""
    return "128" if any(int(number) > 64 for number in fields if number.isdigit()) else "64"


def pack(fields: Mapping[str, str], mac: Mac | None) -> bytes:
    """A message; with its MAC over all that stands before it, where there is one to make it with."""
    fields = dict(fields)
    if mac is None:
        return bytes(iso8583.encode(fields, SPEC)[0])
    fields[mac_field(fields)] = "00" * MAC_SIZE
    body = bytes(iso8583.encode(fields, SPEC)[0][:-MAC_SIZE])
    return body + mac(body)[:MAC_SIZE]


def taken_apart(text: str) -> dict[str, str]:
    """The sub-fields of field 48, by tag. `BadInput` if they do not fill it, or one comes twice."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        tag, size = text[at : at + 2], text[at + 2 : at + 4]
        end = at + 4 + int(size) if size.isascii() and size.isdecimal() and len(size) == 2 else 0
        value = text[at + 4 : end]
        if not value or end > len(text) or tag in found or not (tag.isascii() and tag.isdecimal()):
            raise at_fault("48", "must be sub-fields: two digits of tag, two of length, and the text; each tag once")
        found[tag] = value
        at = end
    return found


def put_together(parts: Mapping[str, str]) -> str:
    """Sub-fields as field 48 carries them; what is empty is left out."""
    return "".join(f"{tag}{len(text):02d}{text}" for tag, text in sorted(parts.items()) if text)


def at_fault(field: str, fault: str) -> BadInput:
    """What is wrong with a field, or with a sub-field of field 48, as in `48.01`."""
    trouble = BadInput(f"{field}: {fault}. Correct it and send it again.")
    trouble.field = field
    return trouble
