"""The guide: nine short chapters (docs/guide), and their commands on the reader's own results."""
