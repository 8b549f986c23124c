"""A small part of the documentation site, built: no warning, nothing from elsewhere, usable offline."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.browser import CHROMIUM, WHY, browser

pytest.importorskip("sphinx", reason="the site is built by Sphinx: pip install -e '.[docs]'")

ROOT = Path(__file__).resolve().parents[2]
ONLY = ("lstm", "mlstm", "residual", "s2", "diagnostics")
ASSETS = re.compile(r"<(?:script|img|link|iframe|source)\b[^>]*?\b(?:src|href)=\"([^\"]*)\"")


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    output = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "docs.site", output, "--only", *ONLY, "--jobs", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return output / "html"


def test_the_page_of_a_cell_says_all_that_is_known_of_it(html):
    page = (html / "atlas/cells/lstm.html").read_text(encoding="utf-8")
    for part in (
        "<math",
        "<svg",
        'class="own"',
        "doi.org/10.1162/neco.1997.9.8.1735",
        "forget_bias",
        "nn.LSTM",
        "94.9%",
    ):
        assert part in page, part


def test_each_kind_of_page_is_there(html):
    for page in (
        "index",
        "atlas/wirings/residual",
        "docs/claims/s2",
        "api/diagnostics",
        "notebooks/03_vanishing",
    ):
        assert (html / f"{page}.html").is_file(), page
    reference = (html / "api/diagnostics.html").read_text(encoding="utf-8")
    assert 'id="zoo.diagnostics.gradient_by_lag"' in reference
    assert "Which tensor of the state" in reference


def test_no_page_takes_anything_from_elsewhere(html):
    for page in html.rglob("*.html"):
        for target in ASSETS.findall(page.read_text(encoding="utf-8")):
            assert not target.startswith(("http:", "https:", "//")), f"{page.name}: {target}"


@pytest.mark.skipif(CHROMIUM is None, reason=WHY)
def test_it_fits_a_phone_and_is_searched_without_a_network(html, tmp_path):
    with browser(tmp_path) as tab:
        for page, width, dark in (("atlas/cells/lstm", 390, False), ("atlas/cells", 1280, True)):
            tab.visit((html / f"{page}.html").as_uri(), width, dark=dark)
            assert tab.run("document.documentElement.scrollWidth") <= width
        tab.visit((html / "search.html").as_uri() + "?q=forget", 1280)
        tab.until("document.querySelector('#search-results li a[href*=\"atlas/cells/lstm\"]')")
        assert tab.said == []
        assert [address for address in tab.asked if not address.startswith(("file:", "data:"))] == []
