"""Sphinx configuration; `make docs` builds with every warning an error."""

from importlib.metadata import version as installed_version

project = "Penstock"
author = "Penstock contributors"
project_copyright = "Penstock contributors. Apache License 2.0"
release = installed_version("penstock")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.doctest"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"

nitpicky = True
# Names that live in other projects' documentation, which a build without a network cannot look up.
nitpick_ignore_regex = [
    (r"py:.*", r"(attr|attrs|click|numpy|np|pyarrow|rich|yaml)(\..*)?"),
    (r"py:.*", r"importlib\..*"),
    # Types inside a package that are seen in signatures and not exported: readers of the reference need no more than the name.
    (r"py:class", r"penstock\.(\w+)\.(\w+)\.\w+"),
    (r"py:.*", r"(collections|datetime|decimal|enum|fractions|pathlib|types|typing)(\..*)?"),
    (r"py:class", r"Ed25519PrivateKey"),  # cryptography's
    (r"py:class", r"(Callable|Iterable|Iterator|Mapping|Path|Sequence|date|Decimal|Fraction)"),
]

html_theme = "furo"
html_title = f"Penstock {release}"
html_copy_source = False
html_show_sourcelink = False
