"""File formats: one module each, a pure function from the books of one month to files.

A format is registered under the entry point group ``robaws_pipeline.formats``, ours and third parties' alike, and
chosen per company by ``formats = [...]``. `base` has the interface.
"""
