"""Robaws to accounting: every sales and purchase document, exact to the cent, in files that an accountant imports.

The floors, top to bottom; an arrow between them never points up (``lint-imports`` checks it)::

    cli                     robaws-pipeline
    definitions             what Dagster loads
    automation              jobs, schedules, sensors
    assets                  Dagster assets and checks: thin, they call the steps
    steps                   the work of each asset as plain functions
    deliveries              what was handed over, numbered, and what follows from it
    formats | validation    one module a file format | UBL files against the official rules and our own
    books                   pure accounting
    lake | robaws           where data lies | all that talks to Robaws
    settings, schema, fields, reasons, periods, progress, queries    known to all
"""
