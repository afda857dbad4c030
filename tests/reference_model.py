"""What must come of charges, cancels, reversals and credits, written down plainly: dicts, and nothing of the house's.

`test_against_model.py` sends the same messages through the desk and compares. A message is a dict: `id`, `kind`,
`person`, `institution`; a charge has `total`, `pooled`, `account`, `cash` and `pin`; a cancel and a reversal have the
`target`, the id of the message that they are about; a credit has an `amount`. Amounts are fen.
"""

TRIES_MAX = 6
PAYS_PARTS = {"P14070200002"}
REFUSED, YES, TROUBLE = "refused", "accepted", "trouble"


class Model:
    """Balances, what is owed to institutions, and the first answer of every message."""

    def __init__(self) -> None:
        self.balance, self.owed, self.tries = {}, {}, {}
        self.answers = {}  # message id → what it said, and its answer
        self.stopped = set()  # ids of messages that were reversed before they came
        self.entries = {}  # message id → what it settled or took back
        self.standing = {}  # id of a charge → id of the entry by which it stands now, None once it is taken back

    def deliver(self, message):
        """The answer to a message: an outcome, its ground or trouble, and whether it is a repeat."""
        if message["id"] in self.stopped:
            return TROUBLE, "message_was_reversed", False
        if message["id"] in self.answers:
            said, answer = self.answers[message["id"]]
            return (*answer, True) if said == message else (TROUBLE, "request_id_used_with_other_content", False)
        answer = getattr(self, message["kind"])(message)
        self.answers[message["id"]] = (dict(message), answer)
        return (*answer, False)

    def credit(self, message):
        """The account gains an amount."""
        self.balance[message["person"]] += message["amount"]
        return YES, "contribution_is_credited"

    def charge(self, m):
        """Card, parts, PIN and balance, in this order; then the account pays."""
        person = m["person"]
        if self.tries.get(person, 0) >= TRIES_MAX:
            return REFUSED, "card_is_locked"
        if m["pooled"] + m["account"] + m["cash"] != m["total"]:
            return REFUSED, "parts_do_not_add_up"
        if m["pin"] is None:
            return REFUSED, "pin_must_be_given"
        if m["pin"] == "wrong":
            self.tries[person] = self.tries.get(person, 0) + 1
            locks = self.tries[person] == TRIES_MAX
            return REFUSED, "pin_is_wrong_and_the_card_is_locked" if locks else "pin_is_wrong"
        account = min(m["account"], self.balance[person])
        if account < m["account"] and m["institution"] not in PAYS_PARTS:
            return REFUSED, "balance_is_too_small"
        self.tries[person] = 0
        self._enter(m, m["id"], account, m["pooled"])
        return YES, "account_pays_its_part"

    def cancel(self, m):
        """A charge that stands is taken back, by the institution that made it, for the person it is about."""
        entry = self.entries.get(m["target"])
        if entry is None or (entry["person"], entry["institution"]) != (m["person"], m["institution"]):
            return REFUSED, "there_is_no_such_settlement"
        if entry["takes_back"] or self.standing[entry["charge"]] is None:
            return REFUSED, "settlement_was_taken_back"
        self._enter(m, entry["charge"], -entry["account"], -entry["pooled"])
        return YES, "settlement_is_taken_back"

    def reverse(self, m):
        """A message that did not come is stopped; a charge that stands is taken back; a cancel is undone."""
        target = m["target"]
        if not target.startswith(m["institution"]) or target == m["id"]:
            return REFUSED, "message_cannot_be_reversed"
        if target in self.stopped:
            return YES, "message_did_nothing"
        if target not in self.answers:
            self.stopped.add(target)
            return YES, "message_is_stopped"
        said, answer = self.answers[target]
        if answer[0] == REFUSED:
            return YES, "message_did_nothing"
        if said["kind"] not in ("charge", "cancel") or said["person"] != m["person"]:
            return REFUSED, "message_cannot_be_reversed"
        entry = self.entries[target]
        if (entry["takes_back"] and entry["undone"]) or (not entry["takes_back"] and self.standing[target] is None):
            return YES, "message_did_nothing"
        if self.balance[m["person"]] + entry["account"] < 0:
            return REFUSED, "balance_is_too_small"
        entry["undone"] = True
        self._enter(m, entry["charge"], -entry["account"], -entry["pooled"])
        return YES, "message_is_reversed"

    def _enter(self, m, charge, account, pooled):
        """The account and the pooled fund pay the institution, or are paid back by it."""
        takes_back = m["kind"] == "cancel" or (m["kind"] == "reverse" and self.standing[charge] is not None)
        who = {"person": m["person"], "institution": m["institution"], "charge": charge}
        self.entries[m["id"]] = {**who, "account": account, "pooled": pooled, "takes_back": takes_back, "undone": False}
        self.standing[charge] = None if takes_back else m["id"]
        self.balance[m["person"]] -= account
        self.owed[m["institution"]] = self.owed.get(m["institution"], 0) + account + pooled
