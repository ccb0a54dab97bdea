"""The site for language models: every page as Markdown beside its HTML, a list of them (llms.txt), and those for users in one file (llms-full.txt)."""

import re
from pathlib import Path

import vl_convert

OF_PROGRAM = ("docs/cli", "docs/api", "docs/json", "CHANGELOG")
"""Pages written by the program, which are listed and not repeated."""
PREVIEW = "preview.png"
"""The picture of links to the site, where its address is known: other programs want a whole address, and no SVG."""
FENCES = re.compile(r"^(`{3}\{|:{3,}).*?^(`{3}|:{3,})$|\A---\n.*?^---$", re.MULTILINE | re.DOTALL)


def write(app, exception):
    if exception or app.builder.name != "html":
        return
    folder, source = Path(app.outdir), Path(app.srcdir)
    for page in app.env.found_docs:
        target = folder / f"{app.builder.named(page)}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((source / f"{page}.md").read_text(encoding="utf-8"), encoding="utf-8")
    lines, whole = ["# howsure", "", f"> {description(app, app.config.root_doc)}"], []
    for part, pages in app.config.navigation.items():
        lines += ["", f"## {part}", ""]
        for page in pages:
            title = app.env.titles[page].astext()
            lines.append(f"- [{title}]({app.builder.named(page)}.md): {description(app, page)}")
            if page not in OF_PROGRAM and part != "Developers":
                whole.append(FENCES.sub("", (source / f"{page}.md").read_text(encoding="utf-8")).strip())
    (folder / "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if app.config.html_baseurl:
        drawn = (source / "docs/front/swebench-wide-paper.svg").read_text(encoding="utf-8")
        (folder / PREVIEW).write_bytes(vl_convert.svg_to_png(drawn, scale=1.5))
    (folder / "llms-full.txt").write_text("\n\n".join(whole) + "\n", encoding="utf-8")


def description(app, page):
    """Return the first paragraph of a page, at most 200 letters."""
    paragraphs = (node.astext() for node in app.env.get_doctree(page).findall() if node.tagname == "paragraph")
    text = " ".join(next((each for each in paragraphs if len(each.split()) > 3), "").split())
    return text if len(text) <= 200 else text[:197].rpartition(" ")[0] + " …"


def describe(app, pagename, templatename, context, doctree):
    """Give a page its description for search engines and previews."""
    if doctree is not None:
        text = description(app, pagename).replace('"', "&quot;").replace("<", "&lt;")
        title = app.env.titles[pagename].astext().replace('"', "&quot;")
        context["metatags"] = (
            f'{context.get("metatags") or ""}<meta name="description" content="{text}">'
            f'<meta property="og:title" content="{title}"><meta property="og:description" content="{text}">'
        )
        if app.config.html_baseurl:
            context["metatags"] += (
                f'<meta property="og:image" content="{app.config.html_baseurl.rstrip("/")}/{PREVIEW}">'
                '<meta name="twitter:card" content="summary_large_image">'
            )
