"""The notice on the board: checking a city's files, showing clauses, parameters and readings, and what services ask.

Public, so no command here needs a token, and none opens the database.
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from shebaoka.cli.asking import COMMAND_OF
from shebaoka.cli.entrance import TROUBLE, Caller, json_option, language_option, without_numbers
from shebaoka.cli.forms import Day
from shebaoka.cli.labels import LABELS
from shebaoka.cli.layout import named, say, say_json
from shebaoka.notice import Notice, Notices, Term, Words
from shebaoka.notice.speech import yuan
from shebaoka.records import SERVICES, BadNotice, NotFound

if TYPE_CHECKING:
    from shebaoka.notice import LossReport

FEES = {
    "apply_for_card": ("first_card_fee_fen", "again_fee_fen"),
    "apply_for_temporary_card": ("first_temporary_fee_fen",),
    "replace_card": ("replacement_fee_fen", "made_wrongly_fee_fen", "temporary_replacement_fee_fen"),
    "add_extended_application": ("extension_fee_fen",),
}
"""Service → the parameters that say its fees (6.1 to 6.4)."""


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    main.add_command(notice)
    main.add_command(services)


@click.group()
def notice() -> None:
    """The city's notice as data."""


@notice.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def check(ctx: click.Context, folder: Path) -> None:
    """Check a city's notice in DIR, all versions, and the house's words. Exit code 1 if there is a fault."""
    from shebaoka.app import load_notices, load_words

    faults: list[str] = []
    found: Notices | None = None
    try:
        found = load_notices(folder)
    except BadNotice as e:
        faults += str(e).splitlines()
    words_folder = ctx.obj.settings().words
    try:
        load_words(words_folder)
    except BadNotice as e:
        faults += [f"{words_folder.name}/{fault}" for fault in str(e).splitlines()]
    for fault in faults:
        click.echo(without_numbers(fault))
    if faults or found is None:
        click.echo(f"shebaoka: The notice has {len(faults)} fault(s), told above. [bad_notice]", err=True)
        ctx.exit(TROUBLE)
    for version in found.versions:
        say(
            f"{version.id}: in force from {version.in_force_from} until {version.in_force_until or 'further notice'}, "
            f"{len(version.clauses)} clauses, {len(version.clause_of_parameter)} parameters, "
            f"{len(version.readings)} of them readings",
            first="✓ ",
        )


@notice.command()
@click.option("--on", type=Day(), help="The notice as it is in force on this day; else today.")
@click.option("--clause", help="Only this clause, such as 2.4.")
@language_option
@json_option
@click.pass_obj
def show(caller: Caller, on: dt.date | None, clause: str | None, language: str, as_json: bool) -> None:
    """Show the notice: clauses in our wording, parameters, and why each reading is as it is."""
    version, words = _opened(caller, on, language)
    if clause is not None and clause not in version.clauses:
        raise NotFound(f"There is no clause {clause!r}; the notice has {', '.join(version.clauses)}.")
    clauses = (clause,) if clause else version.clauses
    if as_json:
        say_json(_document(version, words, clauses))
        return
    said, wording = LABELS[language], version.wording[language]
    say(wording.title)
    say(said["in_force"].format(version.in_force_from, version.in_force_until or said["open"]), first="  ")
    say(said["source"] + version.source_in(language), first="  ")
    for c in clauses:
        click.echo()
        say(f"{c}  {wording.clauses[c].title}")
        say(wording.clauses[c].text, first="     ")
        for name in (n for n, of in version.clause_of_parameter.items() if of == c):
            _show_parameter(version, words, name)


def _opened(caller: Caller, on: dt.date | None, language: str) -> tuple[Notice, Words]:
    """The notice in force on a day, else today in the city, and the house's words in a language."""
    from shebaoka.app import load_notices, load_words

    settings = caller.settings()
    notices = load_notices(settings.notice)
    return notices.on(on or dt.datetime.now(notices.zone).date()), load_words(settings.words)[language]


def _show_parameter(version: Notice, words: Words, name: str) -> None:
    text = value_text(getattr(version.p, name), words, name)
    say(text, first=f"     · {words.parameters.get(name, name)}: ", rest="         ")
    why = version.wording[words.language].readings.get(name)
    if why:
        label = LABELS[words.language]["reading"].format(name)
        say(label + why, first="       ", rest="         ")


def _document(version: Notice, words: Words, clauses: tuple[str, ...]) -> dict[str, Any]:
    wording = version.wording[words.language]
    return {
        "notice": version.id,
        "city": wording.city,
        "title": wording.title,
        "language": words.language,
        "in_force_from": version.in_force_from,
        "in_force_until": version.in_force_until,
        "source": version.source_in(words.language),
        "clauses": [{"clause": c, "title": wording.clauses[c].title, "text": wording.clauses[c].text} for c in clauses],
        "parameters": [
            {
                "name": name,
                "label": words.parameters.get(name, name),
                "clause": of,
                "value": named(getattr(version.p, name)),
                "reading": version.readings.get(name),
                "why": wording.readings.get(name),
            }
            for name, of in version.clause_of_parameter.items()
            if of in clauses
        ],
    }


def value_text(value: Any, words: Words, name: str = "") -> str:
    """A parameter's value in words; a table of values has a line for each."""
    said = LABELS[words.language]
    if value is None or value == ():
        return said["nothing"]
    if isinstance(value, bool):
        return said["yes"] if value else said["no"]
    if isinstance(value, dt.date):
        return words.date.format(y=value.year, m=value.month, d=value.day)
    if isinstance(value, int) and name.endswith("_fen"):
        return said["yuan"].format(yuan(value)) if value else said["free"]
    if isinstance(value, Term):
        parts = [said[unit].format(n) for unit in value.__struct_fields__ if (n := getattr(value, unit))]
        return words.list_separator.join(parts)
    if isinstance(value, tuple):
        return words.list_separator.join(_label(str(v), words) for v in value)
    if isinstance(value, msgspec.Struct):
        value = {f: getattr(value, f) for f in value.__struct_fields__}
    if isinstance(value, dict):
        naming = variant_label if name == "loss_reports" else _label
        inset = {k: value_text(v, words).replace("\n", "\n  ") for k, v in value.items()}
        return "".join(f"\n{naming(k, words)}: {text}" for k, text in inset.items())
    return _label(str(value), words)


def _label(code: str, words: Words) -> str:
    """What a code is called; a code without a name is shown as it is."""
    service, _, variant = code.partition(".")
    if service in words.services:
        return words.services[service] + (f" ({variant_label(variant, words)})" if variant else "")
    said = LABELS[words.language]
    for names in (words.channels, words.materials, words.cards, words.functions, words.applications, said):
        if code in names:
            return names[code].rstrip(":： ")
    return code.replace("_", " ")


def variant_label(variant: str, words: Words) -> str:
    """What a service's variant is called: why a card is replaced or cancelled, which loss report, which function."""
    said = LABELS[words.language]
    own = {k: said[k] for k in ("formal", "temporary", "death", "leaving", "discharge")}
    own["request"] = said["request_of_holder"]
    return own.get(variant) or words.whys.get(variant) or words.functions.get(variant) or variant.replace("_", " ")


@click.command()
@click.option("--on", type=Day(), help="As the notice asks on this day; else today.")
@language_option
@json_option
@click.pass_obj
def services(caller: Caller, on: dt.date | None, language: str, as_json: bool) -> None:
    """List every service: its command, where it is done, what to bring, what it costs.

    What institutions ask comes in from their terminals and has no command.
    """
    version, words = _opened(caller, on, language)
    listed = [_service(version, service) for service in SERVICES]
    if as_json:
        say_json({"notice": version.id, "services": listed})
        return
    said = LABELS[language]
    for entry in listed:
        say(words.services[entry["service"]])
        if entry["command"] is not None:
            say(f"{said['command']}shebaoka {entry['command']}", first="  ")
        for variant, channels in entry["channels"].items():
            say(_for(variant, words) + said["where"] + value_text(tuple(channels), words), first="  ")
        for variant, papers in entry["materials"].items():
            say(_for(variant, words) + said["brings"] + value_text(papers.holder, words), first="  ")
            if papers.agent_adds:
                say(said["agent_brings"] + value_text(papers.agent_adds, words), first="    ")
        for parameter, fee_fen in entry["fees"].items():
            say(f"{words.parameters[parameter]}: {value_text(fee_fen, words, parameter)}", first="  ")
        click.echo()


def _for(variant: str, words: Words) -> str:
    return f"[{variant_label(variant, words)}] " if variant else ""


def _service(version: Notice, service: str) -> dict[str, Any]:
    """What the notice asks for a service; channels and materials by variant, the empty one being all others."""
    materials = {
        key.partition(".")[2]: asked for key, asked in version.materials.items() if key.partition(".")[0] == service
    }
    return {
        "service": service,
        "command": COMMAND_OF.get(service),
        "channels": _channels(version, service),
        "materials": materials,
        "fees": {name: getattr(version.p, name) for name in FEES.get(service, ())},
    }


def _channels(version: Notice, service: str) -> dict[str, tuple[str, ...]]:
    p = version.p
    if service == "look_up_person":
        return {"": p.enquiry_channels}
    kinds: dict[str, LossReport | None] = {"formal": p.loss_reports.formal, "temporary": p.loss_reports.temporary}
    if service == "report_loss":
        return {name: kind.channels for name, kind in kinds.items() if kind}
    if service == "cancel_loss_report":
        return {name: kind.cancel_channels for name, kind in kinds.items() if kind}
    return {"": version.channels[service]}
