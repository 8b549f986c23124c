"""A page taken apart by Python's own parser of HTML."""

import base64
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np

EMPTY = {"meta", "link", "input", "br"}


@dataclass
class Element:
    tag: str
    attributes: dict
    children: list = field(default_factory=list)

    @property
    def text(self):
        return " ".join("".join(self._texts()).split())

    def _texts(self):
        for child in self.children:
            yield from [child] if isinstance(child, str) else child._texts()

    def all(self, tag, **attributes):
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and attributes.items() <= child.attributes.items():
                    yield child
                yield from child.all(tag, **attributes)

    def only(self, tag, **attributes):
        (found,) = self.all(tag, **attributes)
        return found

    def rows(self):
        """The cells of a table, row by row."""
        return [[cell.text for cell in row.children] for row in self.all("tr")]


class Parser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in EMPTY:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag, tag

    def handle_data(self, data):
        self.open[-1].children.append(data)


def parsed(path):
    parser = Parser()
    parser.feed(path.read_text(encoding="utf-8"))
    assert parser.open == [parser.root], "an element is not closed"
    return parser.root


def section(page, name):
    return page.only("section", id=name)


def figures(page):
    """Section id -> what its script is given."""
    return {
        part.attributes["id"]: json.loads(script.text)
        for part in page.all("section")
        for script in part.all("script", type="application/json")
    }


def views(content):
    """The panels of a section: for each its run and its views, each a pair of traces and layout."""
    for panel in content["panels"]:
        yield (
            panel["run"],
            [([content["traces"][at] for at in view["traces"]], view["layout"]) for view in panel["views"]],
        )


def matrix(packed):
    kind = {"u1": np.uint8, "f4": np.float32}[packed["dtype"]]
    shape = [int(size) for size in packed["shape"].split(",")]
    return np.frombuffer(base64.b64decode(packed["bdata"]), kind).reshape(shape)
