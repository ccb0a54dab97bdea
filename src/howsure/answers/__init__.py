"""What the verbs return: frozen results, each with to_dict(), to_frame() and document()."""
