"""How a text out of a file that nobody believes yet is told: short, and without what a terminal would obey."""

MOST = 64


def shown(text: str, most: int = MOST) -> str:
    """The text as far as it can be printed; `?` stands for each character that cannot."""
    cut = text if len(text) <= most else f"{text[:most]}…"
    return "".join(c if c.isprintable() else "?" for c in cut)
