"""The work of each asset as plain functions: what the command line, Dagster and the tests call.

`Workspace` is one company with its lake and its exports; `fetch` reads Robaws into the raw log; `build` turns the raw
log into tables, entries and files, a month at a time; `stale` says which months have to be built again; `verify`,
`doctor`, `explain` and `status` answer people's questions.
"""
