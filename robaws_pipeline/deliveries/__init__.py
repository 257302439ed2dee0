"""What was handed to the accountant: an append-only series of numbered folders, and what follows from it.

``docs/decisions/0010-a-delivery-is-a-link.md`` says what a delivery is and what becomes of documents that change later.
Everything here but `archive` is pure: tables in, tables and bytes out.
"""
