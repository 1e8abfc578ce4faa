"""Lets `python -m accountmap_cli` stand for `accountmap`."""

from accountmap_cli.main import run

if __name__ == "__main__":
    run()
