"""All that talks to Robaws: client, limiter, sweeps, decoding. Nothing here knows the lake, accounting or Dagster."""
