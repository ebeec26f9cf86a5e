"""`python -m bot` is `xinluon`."""

from bot.cli import main

main()
