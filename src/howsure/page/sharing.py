"""How a page is shown where its address is: what stands beside a link to it, and what puts it into another
page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin

from howsure.errors import OptionError
from howsure.present.render.html import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

CARD = (1200, 630)
FRAME = 800
"""The height of a page within another, in pixels."""


def refuse_card_alone(url: str | None, card: str | None) -> None:
    """Raise OptionError for a card of a page that has no address."""
    if card is not None and url is None:
        raise OptionError(
            "a card is shown where the page has an address", remedy="Add `url=ADDRESS`, or leave `card` out."
        )


def tags(*, title: str, verdict: str, url: str | None, card: str | None) -> str:
    """Return the elements that a link to the page is shown by; "" where it has no address.

    `card`: the file name of a picture that lies beside the page.
    """
    if url is None:
        return ""
    said = {"og:type": "website", "og:title": title, "og:description": verdict, "og:url": url}
    if card is not None:
        wide, high = map(str, CARD)
        said |= {
            "og:image": beside(url, card),
            "og:image:width": wide,
            "og:image:height": high,
            "og:image:alt": verdict,
        }
    named = {"description": verdict, "twitter:card": "summary_large_image" if card else "summary"}
    return "\n".join([*_metas("property", said), *_metas("name", named)])


def beside(url: str, name: str) -> str:
    """Return the address of a file that lies in the folder of a page.

    >>> beside("https://example.org/runs/page.html?new", "my card.png")
    'https://example.org/runs/my%20card.png'
    """
    return urljoin(url, f"./{quote(name)}")


def embedding(url: str | None, title: str) -> str:
    """Return the HTML that puts the page into another one; "" where it has no address."""
    if url is None:
        return ""
    return (
        f'<iframe src="{escape(url)}" title="{escape(title)}" width="100%" height="{FRAME}" '
        'style="border: 0" loading="lazy"></iframe>'
    )


def _metas(attribute: str, said: Mapping[str, str]) -> list[str]:
    return [f'<meta {attribute}="{name}" content="{escape(text)}">' for name, text in said.items()]
