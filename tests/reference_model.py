"""What must come of charges, cancels, reversals and credits, written down plainly: dicts, and nothing of the house's.

`test_against_model.py` compares it with the desk. A message is a dict: `id`, `kind`, `person`, `institution`; a charge
has `total`, `pooled`, `account`, `cash` and `pin`, a cancel and a reversal the `target` id, a credit an `amount` (fen).
"""

TRIES_MAX = 6
PAYS_PARTS, REFUSED, YES, TROUBLE = {"P14070200002"}, "refused", "accepted", "trouble"


class Model:
    """Balances, what is owed to institutions, and the first answer of every message."""

    def __init__(self) -> None:
        self.balance, self.owed, self.tries = {}, {}, {}
        self.answers = {}  # message id → what it said, and its answer
        self.charge_of = {}  # id of what settled or took back → its charge, and whether that came to stand
        self.stopped, self.final = set(), set()  # ids of messages reversed before they came; that are reversed for good

    def deliver(self, message):
        """The answer to a message: an outcome, its ground or trouble, and whether it is a repeat."""
        if message["id"] in self.stopped:
            return TROUBLE, "message_was_reversed", False
        if message["id"] in self.answers:
            said, answer = self.answers[message["id"]]
            if said != message:
                return TROUBLE, "request_id_used_with_other_content", False
            charge, stood = self.charge_of.get(message["id"], (None, None))
            over = charge and message["kind"] != "reverse" and charge["stands"] != stood and charge["reversed"]
            return (TROUBLE, "message_was_reversed", False) if over else (*answer, True)
        answer = getattr(self, message["kind"])(message)
        self.answers[message["id"]] = (dict(message), answer)
        return (*answer, False)

    def credit(self, message):
        """The account gains an amount."""
        self.balance[message["person"]] += message["amount"]
        return YES, "contribution_is_credited"

    def charge(self, m):
        """Card, parts, PIN and balance, in this order; then the account pays."""
        tries = self.tries.get(m["person"], 0)
        if tries >= TRIES_MAX:
            return REFUSED, "card_is_locked"
        if m["pooled"] + m["account"] + m["cash"] != m["total"]:
            return REFUSED, "parts_do_not_add_up"
        if m["pin"] is None:
            return REFUSED, "pin_must_be_given"
        if m["pin"] == "wrong":
            self.tries[m["person"]] = tries + 1
            return REFUSED, "pin_is_wrong_and_the_card_is_locked" if tries + 1 == TRIES_MAX else "pin_is_wrong"
        account = min(m["account"], self.balance[m["person"]])
        if account < m["account"] and m["institution"] not in PAYS_PARTS:
            return REFUSED, "balance_is_too_small"
        self.tries[m["person"]] = 0
        self._turn(m, {**m, "account": account, "stands": False})
        return YES, "account_pays_its_part"

    def cancel(self, m):
        """A charge that stands is taken back, by the institution that made it, for the person it is about."""
        charge, stood = self.charge_of.get(m["target"], (None, None))
        if charge is None or (charge["person"], charge["institution"]) != (m["person"], m["institution"]):
            return REFUSED, "there_is_no_such_settlement"
        if not (stood and charge["stands"]):
            return REFUSED, "settlement_was_taken_back"
        self._turn(m, charge)
        return YES, "settlement_is_taken_back"

    def reverse(self, m):
        """A message that did not come is stopped; a charge that stands is taken back; a cancel is undone."""
        target = m["target"]
        if not target.startswith(m["institution"]) or target == m["id"]:
            return REFUSED, "message_cannot_be_reversed"
        if target not in self.answers and target not in self.stopped:
            self.stopped.add(target)
            return YES, "message_is_stopped"
        said, answer = self.answers.get(target, (None, (REFUSED,)))
        if answer[0] == REFUSED:
            return YES, "message_did_nothing"
        if said["kind"] not in ("charge", "cancel") or said["person"] != m["person"]:
            return REFUSED, "message_cannot_be_reversed"
        charge, _ = self.charge_of[target]
        if said["kind"] == "charge" and not charge["stands"]:
            self.final.add(charge["last"])  # the cancel that took it back stays in force
            charge["reversed"] = True
        elif target not in self.final:
            if said["kind"] == "cancel" and self.balance[m["person"]] < charge["account"]:
                return REFUSED, "balance_is_too_small"
            self.final.add(target)
            self._turn(m, charge)
            return YES, "message_is_reversed"
        return YES, "message_did_nothing"

    def _turn(self, m, charge):
        charge["stands"], charge["last"], charge["reversed"] = not charge["stands"], m["id"], m["kind"] == "reverse"
        self.charge_of[m["id"]] = charge, charge["stands"]
        sign = 1 if charge["stands"] else -1
        self.balance[m["person"]] -= sign * charge["account"]
        self.owed.setdefault(m["institution"], 0)
        self.owed[m["institution"]] += sign * (charge["account"] + charge["pooled"])
