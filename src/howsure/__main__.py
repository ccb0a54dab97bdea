"""`python -m howsure` is the command line."""

from howsure.commands.main import main

main(prog_name="howsure")
