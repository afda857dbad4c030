"""Fen as the yuan that papers say, always with two decimals. The other files of this room ask."""


def plain(fen: int) -> str:
    """For a spreadsheet: `-12345.60`."""
    return _yuan(fen, "")


def grouped(fen: int) -> str:
    """For reading: `-12,345.60`."""
    return _yuan(fen, ",")


def signed(fen: int) -> str:
    """For a change: `+12,345.60`, `-0.05`, `0.00`."""
    return ("+" if fen > 0 else "") + grouped(fen)


def _yuan(fen: int, between: str) -> str:
    """Worked out in whole numbers, so that no fen is lost to rounding."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:{between}}.{rest:02d}"
