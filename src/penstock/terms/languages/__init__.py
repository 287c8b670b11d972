"""English, 简体 and 繁體: catalogs of what Penstock says, and the glossary that freezes the terms of the EAR."""

from penstock.terms.languages.catalog import ENGLISH, LANGUAGES, Catalog, catalog, require_language
from penstock.terms.languages.wrap import wrap

__all__ = ["ENGLISH", "LANGUAGES", "Catalog", "catalog", "require_language", "wrap"]
