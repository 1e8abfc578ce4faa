"""Makes docs/report.png: the top of the demo's report, as a browser shows it.

Run it after `accountmap demo`, with Chromium installed (`make programs`):

    python -m tools.take_screenshot accountmap-demo/left/report.html
"""

import argparse
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright
from tests.programs import CHROMIUM

OUTPUT: Final = Path(__file__).parent.parent / "docs" / "report.png"
VIEW: Final = (1280, 860)
MOST_BYTES: Final = 150_000


def take(page_file: Path, output: Path) -> int:
    """Write the picture and return its size in bytes."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM.require(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": VIEW[0], "height": VIEW[1]}, color_scheme="light")
        page.goto(page_file.resolve().as_uri())
        page.screenshot(path=output)
        browser.close()
    return output.stat().st_size


def main() -> None:
    """Take it, and refuse one that a README should not make people load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, help="report.html of a demo")
    size = take(parser.parse_args().page, OUTPUT)
    if size > MOST_BYTES:
        raise SystemExit(f"{OUTPUT} has {size:,} bytes, more than {MOST_BYTES:,}")
    print(f"{OUTPUT}: {size:,} bytes")


if __name__ == "__main__":
    main()
