"""What is on file about a person: the dossier, the journal's entries, the account, the cards.

Each command first asks the desk to look the person up, so every look stands in the journal with its reason (5.2).
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from shebaoka.cli.asking import COMMAND_OF, group_of
from shebaoka.cli.entrance import REFUSED, desk_of, json_option, language_option
from shebaoka.cli.forms import number_argument
from shebaoka.cli.layout import named, say, say_json, table
from shebaoka.cli.noticeboard import value_text, variant_label
from shebaoka.cli.office import show_lines
from shebaoka.cli.showing import labels, show_receipt
from shebaoka.notice import LANGUAGES
from shebaoka.notice.speech import Speech, yuan
from shebaoka.numbers import mask
from shebaoka.records import SERVICES, Answer, Ask, Channel, LookUpPerson, Making, Sender

if TYPE_CHECKING:
    from shebaoka.app import House
    from shebaoka.desk import CardScreen, Offer, PersonScreen, Staff, WhereaboutsTold

reason_option = click.option(
    "--reason", default="shown at the command line", show_default=True, help="Why it is looked at, for the journal."
)


def add_to(main: click.Group) -> None:
    """Put these commands into the command line."""
    person = group_of(main, "person")
    for command in (person_show, person_history, person_statement, person_telephone):
        person.add_command(command)
    main.add_command(card)


@contextmanager
def looked_up(
    ctx: click.Context, asked: dict[str, Any], must: "Callable[[Staff], None] | None" = None
) -> "Iterator[tuple[House, Staff, PersonScreen, Speech]]":
    """The person's screen after the desk noted the look; a refusal is shown, and ends the command.

    `must` is asked of who is signed in before the look, and raises `NotAllowed` for a role that may not see this.
    """
    from shebaoka.desk import CHANNEL_OF

    with ctx.obj.signed_in() as (house, staff), desk_of(house) as desk:
        staff.must_see_people()
        if must is not None:
            must(staff)
        channel = CHANNEL_OF.get(staff.role, Channel.WINDOW)
        request = LookUpPerson(id=str(uuid.uuid4()), person=asked["number"], reason=asked["reason"])
        receipt = desk.ask(Ask(request, Sender(staff.name, channel, staff.place)))
        if receipt.answer.outcome == "refused":
            show_receipt(
                house, receipt, about=mask(request.person), language=asked["language"], as_json=asked["as_json"]
            )
            ctx.exit(REFUSED)
        on = desk.today()
        screen = house.screens.person(desk.store, request.person, on)
        yield house, staff, screen, house.speech(house.notices.on(on).id, asked["language"])


@click.command("show")
@number_argument
@reason_option
@click.option("--unmasked", is_flag=True, help="Show the social security number in full; only for the role clerk.")
@language_option
@json_option
@click.pass_context
def person_show(ctx: click.Context, /, **asked: Any) -> None:
    """Show a person: standing, cards, application, and what can be asked for now."""
    from shebaoka.desk import must_see_unmasked, told

    with looked_up(ctx, asked, must_see_unmasked if asked["unmasked"] else None) as (house, _, screen, speech):
        number = asked["number"] if asked["unmasked"] else mask(asked["number"])
        if asked["as_json"]:
            say_json(_document(screen, number))
            return
        _show_person(screen, told(house.whereabouts.of(screen), speech), speech, number)


def _document(screen: "PersonScreen", number: str) -> dict[str, Any]:
    """The screen by names, with the number as it may be shown."""
    document: dict[str, Any] = named(screen)
    document["dossier"]["person"]["number"] = number
    return document


def _show_person(screen: "PersonScreen", where: "WhereaboutsTold", speech: Speech, number: str) -> None:
    said, words, person = labels(speech), speech.words, screen.dossier.person
    if person is not None:
        say(f"{person.name}, {number}, {said[person.sex]}, {said['born']} {speech.date(person.birth_on)}")
        facts = [
            words.states[screen.standing],
            f"{said['region']} {person.region}",
            f"{said['insured']} {speech.date(person.insured_on)}",
        ]
        if person.in_hospital_since:
            facts.append(f"{said['in_hospital']} {speech.date(person.in_hospital_since)}")
        say(words.list_separator.join(facts), first="  ")
    click.echo()
    say(said["cards"])
    for shown in screen.cards:
        _show_card(shown, speech)
    if screen.application is not None:
        say(f"{words.whys[screen.application.why]}: {where.sentence}", first="  + ")
    if not screen.cards and screen.application is None:
        say(words.states["none"], first="  ")
    click.echo()
    possible = [o for o in screen.offers if o.possible and "window" in o.channels and o.service != "look_up_person"]
    say(said["offers"] if possible else said["no_offers"])
    for offer in possible:
        _show_offer(offer, speech)


def _show_card(shown: "CardScreen", speech: Speech) -> None:
    said, words, card = labels(speech), speech.words, shown.card
    say(f"{words.cards[card.kind]} {card.number}: {words.states[shown.state]}", first=f"  {card.n} ", rest="    ")
    facts = [f"{said['ministry']} {shown.ministry_code}", f"{said['issued']} {speech.date(card.issued_on)}"]
    for label, day in (("until", card.valid_until), ("loss_until", card.loss_until), ("ended", card.ended_on)):
        if day is not None:
            facts.append(f"{said[label]} {speech.date(day)}")
    if card.financial != "absent":
        facts.append(words.states[f"financial_{card.financial}"])
    if card.pin_tries:
        facts.append(f"{said['tries']} {card.pin_tries}")
    if card.applications:
        facts.append(speech.names(card.applications, words.applications))
    say(words.list_separator.join(facts), first="    ")


def _offer_name(offer: "Offer", speech: Speech) -> str:
    words = speech.words
    service, _, variant = offer.service.partition(".")
    name = words.services[service] + (f" ({variant_label(variant, words)})" if variant else "")
    return f"{name}, {words.cards[offer.card]}" if _is_about_a_card(offer) else name


def _is_about_a_card(offer: "Offer") -> bool:
    """Whether the service can be asked for about one kind of card or another."""
    return "card" in SERVICES[offer.service.partition(".")[0]].__struct_fields__


def _show_offer(offer: "Offer", speech: Speech) -> None:
    """Print a service that can be asked for: its command, what to bring, what it costs."""
    said, words = labels(speech), speech.words
    say(_offer_name(offer, speech), first="  ✓ ")
    say(f"{said['command']}shebaoka {COMMAND_OF[offer.service.partition('.')[0]]}", first="      ")
    if offer.materials is not None:
        say(said["brings"] + value_text(offer.materials.holder, words), first="      ")
    if offer.fee_fen:
        say(said["fee"].format(yuan(offer.fee_fen)), first="      ")


@click.command("history")
@number_argument
@reason_option
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@language_option
@json_option
@click.pass_context
def person_history(ctx: click.Context, /, **asked: Any) -> None:
    """Show everything that was asked about a person, newest first, looks included."""
    from shebaoka.desk import as_seen_by

    with looked_up(ctx, asked) as (house, staff, screen, _):
        lines = as_seen_by(staff, house.screens.journal_of(screen.person_id, limit=asked["limit"]))
        if asked["as_json"]:
            say_json({"person": mask(asked["number"]), "entries": lines})
            return
        show_lines(house, lines, asked["language"])


@click.command("statement")
@number_argument
@reason_option
@language_option
@json_option
@click.pass_context
def person_statement(ctx: click.Context, /, **asked: Any) -> None:
    """Show a person's account: balance, postings, and the old card's records that were carried over."""
    from shebaoka.desk import must_see_accounts

    with looked_up(ctx, asked, must_see_accounts) as (house, _, _, speech):
        statement = house.screens.statement(asked["number"])
        if asked["as_json"]:
            postings = [{"on": on, "place": place, **named(posting)} for on, place, posting in statement.postings]
            say_json({**named(statement), "person": mask(asked["number"]), "postings": postings})
            return
        said = labels(speech)
        say(f"{mask(asked['number'])}  {said['balance']}{said['yuan'].format(yuan(statement.balance_fen))}")
        if statement.carried_over_on:
            say(said["carried_over"].format(speech.date(statement.carried_over_on)), first="  ")
        table(
            (f"  {on}", place, f"{yuan(p.amount_fen)}", f"{p.debit} → {p.credit}", p.what.replace("_", " "))
            for on, place, p in statement.postings
        )
        if statement.records:
            say(said["records"])
        table(
            (f"  {record.on}", yuan(record.total_fen), yuan(record.account_fen), record.institution)
            for record in statement.records
        )


@click.command("telephone")
@number_argument
@reason_option
@click.option("--set", "said", help="The number of a mobile telephone; an empty one takes that on file away.")
@click.option("--agreed/--not-agreed", default=None, help="Whether the holder agrees to be told by message.")
@click.option("--messages-in", type=click.Choice(LANGUAGES), help="The language of messages.")
@language_option
@json_option
@click.pass_context
def person_telephone(ctx: click.Context, /, **asked: Any) -> None:
    """Show a person's telephone, in part, and whether they agreed to be told by message; or keep what they say."""
    from shebaoka.desk import Right

    changes = [asked[name] for name in ("said", "agreed", "messages_in") if asked[name] is not None]
    must = (lambda staff: staff.must(Right.SERVE_AT_WINDOW)) if changes else None
    with looked_up(ctx, asked, must) as (house, staff, screen, speech):
        known = house.telephones.of(screen.person_id)
        if changes:
            number = asked["said"] if asked["said"] is not None else known.number if known else ""
            agreed = asked["agreed"] if asked["agreed"] is not None else bool(number and known and known.agreed)
            spoken = asked["messages_in"] or (known.language if known else "zh-Hans")
            house.telephones.keep(staff, screen.person_id, number, agreed=agreed, language=spoken)
            known = house.telephones.of(screen.person_id)
        if asked["as_json"]:
            shown = {"number": known.masked, "agreed": known.agreed, "language": known.language} if known else None
            events = house.telephones.events(screen.person_id)
            say_json({"person": mask(asked["number"]), "telephone": shown, "events": events})
            return
        said = labels(speech)
        shown_number = known.masked if known and known.number else said["nothing"]
        say(f"{mask(asked['number'])}  {shown_number}  {said['agreed' if known and known.agreed else 'not_agreed']}")


@click.group()
def card() -> None:
    """A person's cards."""


@card.command("show")
@number_argument
@reason_option
@language_option
@json_option
@click.pass_context
def card_show(ctx: click.Context, /, **asked: Any) -> None:
    """Show a person's cards, and for each service what it needs, or by which clause it is not possible now."""
    with looked_up(ctx, asked) as (_, _, screen, speech):
        if asked["as_json"]:
            shown = {"person": mask(asked["number"]), "on": screen.on, "cards": screen.cards, "offers": screen.offers}
            say_json(shown)
            return
        for one in screen.cards:
            _show_card(one, speech)
        if not screen.cards:
            say(speech.words.states["none"])
        click.echo()
        held = {one.card.kind for one in screen.cards}
        for offer in (o for o in screen.offers if o.card in held and _is_about_a_card(o) and "window" in o.channels):
            if offer.possible:
                _show_offer(offer, speech)
            else:
                no = Answer("refused", offer.ground, offer.clause, speech.notice.id, facts={"card": offer.card.value})
                says = f"{_offer_name(offer, speech)}: {speech.says(no)} ({offer.clause})"
                say(says, first="  ✗ ")


@card.command("where")
@number_argument
@reason_option
@language_option
@json_option
@click.pass_context
def card_where(ctx: click.Context, /, **asked: Any) -> None:
    """Say where a person's social security card is, since when, by when it is expected, and what to do next."""
    from shebaoka.desk import told

    with looked_up(ctx, asked) as (house, _, screen, speech):
        where = told(house.whereabouts.of(screen), speech)
        if asked["as_json"]:
            say_json({"person": mask(asked["number"]), "on": screen.on, **named(where)})
            return
        say(f"{mask(asked['number'])}  {where.name}")
        show_where(where, speech)


def show_where(where: "WhereaboutsTold", speech: Speech) -> None:
    """Print where a card is: the sentence, what to do, the clause, and the reading by which it is expected."""
    said = labels(speech)
    say(where.sentence, first="  ")
    for sentence in where.do:
        say(sentence, first=f"  {said['do']}", rest="    ")
    title = speech.notice.wording[speech.words.language].clauses[where.clause].title
    say(said["clause"].format(where.clause, title) + where.clause_text, first="  ")
    name = speech.words.parameters["uncollected_after" if where.stage == Making.RETURNED else "card_ready_within"]
    for why in where.readings:
        say(said["reading"].format(name) + why, first="  ", rest="    ")
