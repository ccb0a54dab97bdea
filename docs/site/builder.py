"""Sphinx's pages, with the first of them at index.html instead of docs/index.html."""

from sphinx.builders.html import StandaloneHTMLBuilder


class Site(StandaloneHTMLBuilder):
    def get_target_uri(self, docname, typ=None):
        return super().get_target_uri(self.named(docname), typ)

    def get_output_path(self, page_name, /):
        return super().get_output_path(self.named(page_name))

    def named(self, page):
        return "index" if page == self.config.root_doc else page
