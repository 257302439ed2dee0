"""Where data lies: the raw log, the tables, the warehouse and the published export folders.

`Store` is the only thing here that touches a disk or an object store; `RawLog` is the grow-only set of versions;
`Tables` holds what is computed from it, a Parquet file a month; `warehouse` builds the DuckDB file that people query;
`locks` keeps two processes from doing the same work. Nothing here knows Robaws, accounting or Dagster.
"""
