"""The report's page: answers as one self-contained file, and the server that follows a run."""
