"""A country whose truth is known: for the demonstration, the tests, the benchmarks and the proof."""
