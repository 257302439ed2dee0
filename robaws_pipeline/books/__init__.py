"""Pure accounting: documents and lines in, states, VAT and a balanced journal out.

No network, no clock, no Dagster: the same tables and settings give the same books.
"""

from robaws_pipeline.books.keep import Books, keep_books, unmapped, workspace

__all__ = ["Books", "keep_books", "unmapped", "workspace"]
