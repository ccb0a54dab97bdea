"""The parts of scripts/fuzz: ways in, their mutations, the process that reads, and the seeds that always come first."""
