"""All that talks to Robaws: client, limiter, sweeps, field mapping, decoding. Nothing here knows the lake or Dagster."""
