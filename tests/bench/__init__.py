"""Benchmarks, run by hand: each is one command, prints its figures beside its targets, and decides no test."""
