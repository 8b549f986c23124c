"""How Sphinx builds the site; `python -m docs.site` writes the pages and calls it."""

import zoo

project = "The zoo"
author = "The founders of the zoo"
release = version = zoo.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "docs.site.docstrings",
    "docs.site.mathml",
    "docs.site.sidebar",
]
default_role = "code"

# lessons are shown as they were kept: the tests run them, the site does not
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["attrs_block", "colon_fence", "dollarmath"]
myst_heading_anchors = 4

autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 160

html_theme = "furo"
html_title = "The zoo"
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["zoo.css"]
html_copy_source = False
html_show_search_summary = False  # a browser fetches no pages from files
html_show_copyright = html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1d5fae", "color-brand-content": "#1d5fae"},
    "dark_css_variables": {"color-brand-primary": "#7db7ff", "color-brand-content": "#7db7ff"},
}
copybutton_exclude = ".linenos, .gp, .go"
