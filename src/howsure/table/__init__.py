"""The tidy table: any rows as one schema, grouped where they lie."""
