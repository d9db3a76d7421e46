"""Takes the pictures of docs/tensorboard.md: TensorBoard with a comparison, in a real browser.

Run from the project's root: python -m docs.images.tensorboard COMPARISON
It needs chromium and chromedriver, and no network.
"""

import io
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from tests.analysis.view.serving import led_to, viewing
from tests.browsing import chromium

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 1600, 960
COLOURS = 128
LOADING_SECONDS = 20
PROFILE = "profile"
PAGES = {"tensorboard-custom-scalars": "custom_scalars", "tensorboard-profile": PROFILE}


def main() -> None:
    """Write a PNG for each page."""
    with (
        viewing(sys.argv[1], "--tensorboard", "--no-browser") as url,
        TemporaryDirectory() as folder,
        chromium(Path(folder)) as browser,
    ):
        browser.set_window_size(WIDTH, HEIGHT)
        query = led_to(url).partition("#")[0].removeprefix("/")
        for name, tab in PAGES.items():
            browser.get("about:blank")
            browser.get(f"{url}{query}#{tab}")
            time.sleep(LOADING_SECONDS)
            if tab == PROFILE:
                _open_list(browser)
            _save(browser, FOLDER / f"{name}.png")


def _open_list(browser: Any) -> None:
    """Open the list of sessions, which stands in a frame."""
    browser.switch_to.frame(browser.find_element("css selector", "iframe"))
    browser.find_element("css selector", "mat-select").click()
    browser.switch_to.default_content()
    time.sleep(1)


def _save(browser: Any, path: Path) -> None:
    with Image.open(io.BytesIO(browser.get_screenshot_as_png())) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    print(f"{path} ({path.stat().st_size // 1000} kB)")


if __name__ == "__main__":
    main()
