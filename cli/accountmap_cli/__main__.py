"""Makes `python -m accountmap_cli` the same as `accountmap`."""

from accountmap_cli.main import run

if __name__ == "__main__":
    run()
