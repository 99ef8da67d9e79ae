"""The pages' own scripts fit their templates."""

import re

from souq.surfaces.console.rendering import HERE

SCRIPTS = "".join(path.read_text() for path in sorted((HERE / "static").glob("*.js")))
TEMPLATES = "".join(path.read_text() for path in sorted((HERE / "templates").glob("*.html")))


def kebab(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "-" + found[0].lower(), name)


def test_whatever_a_script_reads_off_an_element_some_page_or_script_has_put_there() -> None:
    taken = re.findall(r"const \{([^}]*)\} = [\w.]*dataset;", SCRIPTS)
    read = {name.strip() for names in taken for name in names.split(",")}
    read |= set(re.findall(r"\.dataset\.(\w+)", SCRIPTS))
    put = {f"data-{kebab(name)}" for name in re.findall(r"\.dataset\.(\w+) = ", SCRIPTS)}
    put |= set(re.findall(r"data-[a-z-]+", TEMPLATES))
    assert len(read) > 15
    assert {f"data-{kebab(name)}" for name in read} - put == set()
