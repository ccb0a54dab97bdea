"""`python -m howsure` is the command line."""

from howsure.commands.main import main

if __name__ == "__main__":
    main(prog_name="howsure")
