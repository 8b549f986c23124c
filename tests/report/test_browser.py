"""The page in a browser: drawn without a complaint, wide and narrow, light and dark; usable by keyboard."""

import pytest

from tests.report.browser import CHROMIUM, WHY, browser
from tests.report.folders import make_run, record
from zoo.report import write_report
from zoo.runs.gradient_records import append_gradients

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY)

UNDRAWN = """[...document.querySelectorAll('.plot')].filter((plot) =>
  !plot.querySelector('svg.main-svg .trace path, svg.main-svg .heatmaplayer image')).length"""
REACHABLE = "document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]').length"
FOCUSED = """(() => {
  const at = document.activeElement, box = at.getBoundingClientRect();
  window.met = window.met || new Set();
  if (at === document.body) return 'end';
  window.met.add(at);
  const seen = box.width > 0 && getComputedStyle(at).outlineStyle !== 'none';
  return seen ? 'seen' : 'unseen ' + at.outerHTML.slice(0, 80);
})()"""
UNSEEN = """[...document.querySelectorAll('.scatterlayer path.point')]
  .filter((one) => getComputedStyle(one).display === 'none').length"""
STRIPS = """[...document.querySelectorAll('#histograms-of-the-gradient-over-time .annotation')]
  .map((one) => one.textContent).sort()"""
CONTRAST = """(() => {
  const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const shade = (text) => {
    const [red, green, blue] = text.match(/[\\d.]+/g).map((part) => linear(Number(part) / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return /, 0\\)$/.test(colour) ? ground(node.parentElement) : colour;
  };
  const spoken = (node) => [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
  const all = [...document.querySelectorAll('body *')];
  const nodes = all.filter((node) => !node.closest('svg, script') && spoken(node));
  const ratios = nodes.map((node) => shade(getComputedStyle(node).color) / shade(ground(node)));
  return Math.min(...ratios.map((ratio) => Math.max(ratio, 1 / ratio)));
})()"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A page of one run, which met NaN, and a page of two."""
    root = tmp_path_factory.mktemp("pages")
    one = make_run(root / "runs" / "a_rather_long_name_of_a_recipe_without_any_space_in_it" / "version_0")
    append_gradients(one / "gradients.jsonl", record(40, broken=True))
    two = make_run(root / "runs" / "residual" / "version_0", decay=0.9, slope=0.0)
    return write_report([one], root / "one.html"), write_report([one, two], root / "two.html")


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.mark.parametrize(
    ("several", "width", "dark"),
    [(False, 1280, False), (False, 360, False), (True, 1280, True), (True, 390, False)],
)
def test_every_figure_is_drawn_inside_the_window_and_nothing_is_fetched(tab, pages, several, width, dark):
    tab.open(pages[several], width, dark=dark)
    assert tab.run("document.querySelectorAll('.plot').length") > 5
    assert tab.run(UNDRAWN) == 0
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.said == []
    assert [address for address in tab.asked if not address.startswith(("file:", "data:"))] == []


def test_every_point_is_seen_the_crosses_of_nan_among_them(tab, pages):
    tab.open(pages[0], 1280)
    assert tab.run(UNSEEN) == 0


def test_no_figure_is_wider_than_its_place_after_the_window_has_shrunk(tab, pages):
    tab.open(pages[0], 1280)
    tab.call("Emulation.setDeviceMetricsOverride", width=360, height=900, deviceScaleFactor=1, mobile=True)
    tab.run(
        """new Promise((done) => {
          const width = (node) => node.getBoundingClientRect().width;
          const plots = [...document.querySelectorAll('.plot')];
          const fits = (plot) => width(plot.querySelector('svg.main-svg')) <= width(plot) + 1;
          const look = () => plots.every(fits) ? done(true) : requestAnimationFrame(look);
          look();
        })"""
    )
    assert tab.run("document.documentElement.scrollWidth") <= 360


def test_the_tabulator_reaches_everything_that_can_be_operated_and_shows_where_it_is(tab, pages):
    tab.open(pages[1], 1280)
    tab.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    wanted = tab.run(REACHABLE)
    for _ in range(wanted + 5):
        tab.press("Tab", 9)
        met = tab.run(FOCUSED)
        if met == "end":
            break
        assert met == "seen"
    assert tab.run("window.met.size") == wanted


def test_another_view_is_chosen_by_keyboard(tab, pages):
    tab.open(pages[0], 1280)
    assert tab.run(STRIPS) == ["head", "layer 1", "layer 2", "layer 3"]
    tab.run("document.querySelector('#histograms-of-the-gradient-over-time select').focus()")
    for _ in range(2):
        tab.press("ArrowDown", 40)
    assert "f recurrent" in tab.run(STRIPS)


def test_a_run_is_hidden_by_the_space_bar(tab, pages):
    tab.open(pages[1], 1280)
    shown = "[...document.querySelectorAll('figure')].filter((one) => !one.hidden).length"
    lines = "document.querySelectorAll('#curves figure:first-child .scatterlayer .trace').length"
    figures, traces = tab.run(shown), tab.run(lines)
    tab.run("document.querySelector('input[data-run=\"1\"]').focus()")
    tab.press(" ", 32)
    assert tab.run(shown) < figures
    assert tab.run(lines) == traces / 2
    tab.press(" ", 32)
    assert (tab.run(shown), tab.run(lines)) == (figures, traces)


def test_all_figures_zoom_in_on_the_same_steps(tab, pages):
    tab.open(pages[0], 1280)
    ends = """[...new Set([...document.querySelectorAll('.plot')].filter((one) => one.layout.meta)
      .map((one) => JSON.stringify(one.layout.xaxis.range)))]"""
    before = tab.run(ends)
    tab.run(
        "document.querySelector('[name=from]').value = 8; document.querySelector('[name=to]').value = 16;"
        "document.querySelector('[name=to]').focus()"
    )
    tab.press("Enter", 13)
    assert tab.run(ends) == ["[8,16]"]
    tab.run("document.querySelector('[type=reset]').click()")
    assert tab.run(f"new Promise((done) => setTimeout(() => done({ends}), 50))") == before


def test_words_stand_out_from_the_page_as_far_as_they_must(tab, pages):
    """Contrast of at least 4.5, WCAG 2.2 success criterion 1.4.3."""
    tab.open(pages[0], 1280)
    for scheme in ("dark", "light"):
        tab.shine(scheme)
        assert tab.run(CONTRAST) >= 4.5
