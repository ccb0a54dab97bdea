"""The tidy table: any rows in one schema, grouped in their engine."""
