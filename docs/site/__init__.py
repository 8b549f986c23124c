"""The documentation site: its pages, written from the code, and what Sphinx makes of them."""
