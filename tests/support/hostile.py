"""Names that try to break out of what they are written into."""

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of style": "</style><script>alert(1)</script>",
    "end of table": "</td></tr></table><img src=x onerror=alert(1)>",
    "quotes": """" onmouseover="alert(1)" x='""",
    "url": "javascript:alert(1)",
    "right to left": "gpt\u202egpj.exe\u200f",
    "entity": "&lt;script&gt; &amp;amp; &#x3c;",
    "comment": "<!-- x --> ]]> <![CDATA[",
    "braces": "{title} {0} %s",
    "control": "a\x00b\x1b[31m\nc",
    "lone": "x\ud800y",
}
