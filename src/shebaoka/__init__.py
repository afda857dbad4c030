"""A city's social security card, from application to account; the notice is the program."""
