"""`python -m shebaoka` is the command line `shebaoka`."""

from shebaoka.cli import main

if __name__ == "__main__":
    main(prog_name="shebaoka")
