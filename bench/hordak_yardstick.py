"""Settlements by django-hordak, in a Python of its own that knows nothing of shebaoka. `bench/yardsticks.py` runs it.

`fill` makes the tables and the accounts. `work` says that it is ready, waits for a line, settles until its time is up,
and prints how many settlements it made and in how many seconds. Amounts are in yuan, as hordak keeps them.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from decimal import Decimal

PEOPLE, INSTITUTIONS = 1_000, 20
OPENING_YUAN = 1_000_000
WAYS = ("legs", "transfer", "locked")


def fill() -> None:
    """Make hordak's tables by its own migrations, and 1,000 people's accounts with money in them; once."""
    from django.core.management import call_command
    from django.db import connection, transaction
    from hordak.models import Account, Leg, Transaction
    from moneyed import Money

    call_command("migrate", verbosity=0)
    if Account.objects.exists():
        return
    with transaction.atomic():
        names = ["fund", *(f"institution {n}" for n in range(INSTITUTIONS)), *(f"person {n}" for n in range(PEOPLE))]
        accounts = Account.objects.bulk_create(
            Account(name=name, type="AS", currencies=["CNY"], lft=1, rght=2, tree_id=n, level=0)
            for n, name in enumerate(names, start=1)
        )
        fund, people = accounts[0], accounts[1 + INSTITUTIONS :]
        yuan = Money(OPENING_YUAN, "CNY")
        openings = Transaction.objects.bulk_create(Transaction(description="opening") for _ in people)
        Leg.objects.bulk_create(
            leg
            for opening, person in zip(openings, people, strict=True)
            for leg in (
                Leg(transaction=opening, account=fund, credit=yuan),
                Leg(transaction=opening, account=person, debit=yuan),
            )
        )
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def settlement(way: str) -> Callable[[int, object, Decimal, str], bool]:
    """The function that settles one charge: checks the person's balance and books the amount to the institution."""
    from django.db import transaction
    from hordak.models import Account, Leg, Transaction
    from moneyed import Money

    def book(person: Account, institution: Account, amount: Money, message_id: str) -> None:
        if way == "transfer":
            person.transfer_to(institution, amount, description=message_id)
            return
        booked = Transaction.objects.create(description=message_id)
        Leg.objects.create(transaction=booked, account=person, credit=amount)
        Leg.objects.create(transaction=booked, account=institution, debit=amount)

    def settle(person_id: int, institution: Account, yuan: Decimal, message_id: str) -> bool:
        amount = Money(yuan, "CNY")
        with transaction.atomic():
            if way == "locked":
                Account.objects.select_for_update().get(pk=person_id)
            person = Account.objects.with_balances().get(pk=person_id)
            if person.balance["CNY"] < amount:
                return False
            book(person, institution, amount, message_id)
        return True

    return settle


def work(worker: int, seconds: float, way: str) -> None:
    """Settle charges of people drawn at random until the time is up; say how many and how long."""
    from hordak.models import Account

    draw = random.Random(worker)
    settle = settlement(way)
    institutions = list(Account.objects.filter(name__startswith="institution "))
    people = list(Account.objects.filter(name__startswith="person ").values_list("pk", flat=True))
    run = time.strftime("%Y%m%d%H%M%S")

    def once(n: int) -> bool:
        message_id = f"{140700000000 + worker}{run}{n % 10_000:04d}"
        return settle(draw.choice(people), draw.choice(institutions), Decimal(draw.randint(1, 5000)) / 100, message_id)

    for n in range(50):
        once(n)
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    until, settled = began + seconds, 0
    while time.perf_counter() < until:
        settled += once(settled + 50)
    print(json.dumps({"settled": settled, "seconds": time.perf_counter() - began}), flush=True)


def main() -> None:
    """Do what the command line says."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("what", choices=("fill", "work"))
    arguments.add_argument("--worker", type=int, default=0)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--way", choices=WAYS, default="legs")
    given = arguments.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.hordak_settings"
    import django

    django.setup()
    if given.what == "fill":
        fill()
    else:
        work(given.worker, given.seconds, given.way)


if __name__ == "__main__":
    main()
