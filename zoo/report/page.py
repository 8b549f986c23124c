"""The page: one HTML file that needs nothing else, least of all a network."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from zoo.pictures.looks import RUNS, RUNS_DARK
from zoo.report.blocks import folded, heading, note, place_of, scrolled, section_block, table_block
from zoo.report.figure import Section
from zoo.report.run import Run
from zoo.report.text import escaped, without_home
from zoo.report.words import differences, environment, final_numbers, model_of
from zoo.verdict.judge import Finding

HERE = Path(__file__).parent
BADGES = {"good": "✓ Good", "warning": "! Worth a look", "problem": "✗ Problem"}
POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""No network, and no script but the two of the page, known by their hashes."""

DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
{body}
{scripts}
</body>
</html>
"""

HEADER = """\
<a class="skip" href="#main">Skip to the verdict</a>
<header>
<h1>{title}</h1>
<ul class="runs">{runs}</ul>
{controls}
<nav aria-label="Parts of this page"><ul>{links}</ul></nav>
<noscript><p class="note">JavaScript draws the figures; their numbers stand below each.</p></noscript>
</header>"""

CONTROLS = """\
<form class="controls" hidden>{runs}
<fieldset><legend>Zoom in on steps</legend>
<label>From step <input type="number" name="from" min="0" max="{last}" value="0"></label>
<label>to step <input type="number" name="to" min="0" max="{last}" value="{last}"></label>
<button type="submit">Show</button><button type="reset">All steps</button></fieldset>
</form>"""


def page(runs: Sequence[Run], verdicts: Sequence[Sequence[Finding]], sections: Sequence[Section]) -> str:
    """The whole page as text.

    Args:
        runs: In the order of their colours.
        verdicts: What is to be said of each.
        sections: The parts with figures.
    """
    from plotly.offline import get_plotlyjs  # slow, and needed only here

    scripts = [get_plotlyjs().strip(), (HERE / "page.js").read_text(encoding="utf-8")]
    title = " and ".join(run.name for run in runs)
    if len(runs) > 2:
        title = f"{runs[0].name} and {len(runs) - 1} more runs"
    return DOCUMENT.format(
        policy=POLICY.format(scripts=" ".join(map(_hash, scripts))),
        title=escaped(title),
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        body="\n".join([_header(runs, sections, title), *_main(runs, verdicts, sections), _footer()]),
        scripts="".join(f"<script>{script}</script>" for script in scripts),
    )


def _hash(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _header(runs: Sequence[Run], sections: Sequence[Section], title: str) -> str:
    places = {"verdict": "Verdict", "numbers": "Final numbers"}
    places |= {place_of(section): section.title for section in sections}
    places |= {"config": "Configuration and environment"}
    return HEADER.format(
        title=escaped(title),
        runs="".join(f"<li>{_introduction(run, len(runs) > 1)}</li>" for run in runs),
        controls=_controls(runs),
        links="".join(f'<li><a href="#{place}">{escaped(name)}</a></li>' for place, name in places.items()),
    )


def _introduction(run: Run, several: bool) -> str:
    facts = [without_home(model_of(run)), run.started]
    quiet = " · ".join(escaped(fact) for fact in facts if fact)
    name = f"<strong>{escaped(run.name)}</strong><br>" if several else ""
    return f'{name}<span class="quiet">{quiet}</span>'


def _controls(runs: Sequence[Run]) -> str:
    """Which runs and which steps the figures show: all that a mouse could do, from the keyboard."""
    boxes = "".join(f"<label>{_box(run)} {escaped(run.name)}</label>" for run in runs)
    choice = f"<fieldset><legend>Runs</legend>{boxes}</fieldset>" if len(runs) > 1 else ""
    return CONTROLS.format(runs=choice, last=max(int(run.last_step) for run in runs))


def _box(run: Run) -> str:
    """A box to tick, and the colour of the run in a light and in a dark page."""
    light, dark = RUNS[run.index % len(RUNS)], RUNS_DARK[run.index % len(RUNS_DARK)]
    return (
        f'<input type="checkbox" data-run="{run.index}" checked autocomplete="off"> '
        '<svg width="18" height="12" aria-hidden="true">'
        f'<line class="swatch" x1="0" x2="18" y1="6" y2="6" style="--light: {light}; --dark: {dark}"/></svg>'
    )


def _main(
    runs: Sequence[Run], verdicts: Sequence[Sequence[Finding]], sections: Sequence[Section]
) -> Iterator[str]:
    yield '<main id="main" tabindex="-1">'
    yield heading("verdict", "Verdict")
    for run, findings in zip(runs, verdicts, strict=True):
        name = f"<h3>{escaped(run.name)}</h3>" if len(runs) > 1 else ""
        yield f'{name}<ul class="findings">{"".join(map(_finding, findings))}</ul>'
    yield "</section>"
    yield f'{heading("numbers", "Final numbers")}<div class="whole">{table_block(final_numbers(runs))}</div>'
    yield "</section>"
    yield from map(section_block, sections)
    yield from _origin(runs)
    yield "</main>"


def _finding(finding: Finding) -> str:
    advice = " ".join(f"<code>{escaped(line)}</code>" for line in finding.advice)
    tried = f"<p>To try: {advice}</p>" if advice else ""
    told = " · ".join(escaped(part) for part in (finding.rule, finding.source) if part)
    return (
        f'<li class="{finding.severity}"><span class="badge">{BADGES[finding.severity]}</span>'
        f"<p>{escaped(without_home(finding.text))}</p>{tried}<small>{told}</small></li>"
    )


def _origin(runs: Sequence[Run]) -> Iterator[str]:
    """Configuration and environment."""
    yield heading("config", "Configuration and environment")
    differing = differences(runs) if len(runs) > 1 else None
    if differing is not None:
        yield table_block(differing)
    for run in runs:
        title = f"Configuration of {run.name}" if len(runs) > 1 else "Configuration"
        if run.config.strip():
            yield folded(title, scrolled(title, f"<pre>{escaped(without_home(run.config))}</pre>"))
        else:
            yield note(f"{title}: config.yaml is missing or empty.")
    where = environment(runs)
    if where is None:
        yield note("Neither environment.json nor config.yaml tells of versions and machine.")
    else:
        yield folded("Environment", table_block(where))
    yield "</section>"


def _footer() -> str:
    made = f"Made by <code>zoo report</code>, recurrent-zoo {version('recurrent-zoo')}"
    return f"<footer>{made}, from the files of the runs alone.</footer>"
