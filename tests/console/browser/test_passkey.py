"""A passkey is added and signs in, in Chromium with an authenticator in software."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from souq.sdk.client import Client
from souq.sdk.signing import bearer_secret
from tests.console.browser.visitors import CHROMIUM, FLAGS, PATIENCE_MS
from tests.console.visitor import Visitor, free_port
from tests.serving import ADMIN, serving

# The others' rule lets no name lead anywhere, and passkeys need one.
BY_NAME = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_added_and_signs_in(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://localhost:{port}"  # browsers make no passkey for a number
    with serving(tmp_path / "m", port=port, public_url=url, console_passkeys=True):
        made = bearer_secret()
        with Client(url, key=ADMIN) as operator:
            owner = operator.register_principal(name="bea").events[0].principal
            operator.add_key(owner=owner, kind="bearer", material=made.material)
        visitor = Visitor(url)
        code = visitor.code(made.secret).json()["code"]
        visitor.close()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, BY_NAME])
            context = browser.new_context()
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            device = context.new_cdp_session(page)
            device.send("WebAuthn.enable")
            device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
            page.goto(f"{url}/sign-in")
            page.fill("[name=code]", code)
            page.click("main button.main")
            page.goto(f"{url}/sessions")
            page.click("[data-passkey=add]")
            page.wait_for_selector("text=signs you in from now on")
            context.clear_cookies()
            page.goto(f"{url}/sessions")
            assert page.url.startswith(f"{url}/sign-in"), "nobody is signed in without the cookie"
            page.goto(f"{url}/sign-in")
            page.click("[data-passkey=sign-in]")
            page.wait_for_selector(f".who >> text={owner}")
            page.goto(f"{url}/sessions")
            this = page.inner_text("main tr[aria-current=true]")
            assert "passkey" in this, "the session is told to be a passkey's"
            browser.close()
