"""A local Robaws over real HTTP, for the demo, the tests and the benchmarks.

It speaks the contract of the Robaws API v2 as far as reading accounting documents goes and forgives nothing that
Robaws does not: `server.running` serves it from a thread, `server.process` from a process of its own. What is not
publicly known about Robaws is behind a switch (`switches.Switches`), so that a client can be tried on both readings.
All its data is invented.
"""
