"""Access control: only the page opened by the link has access."""

import pytest
from websockets.exceptions import InvalidStatus

from lamina.workbench.server.security import Lock

STRANGERS = ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", ""]


def test_the_link_sets_a_strict_http_only_cookie(server, browser):
    cookie = browser.http.get(server.url).headers["set-cookie"]
    assert f"lamina_workbench_{server.port}=" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


@pytest.mark.parametrize("token", ["", "?token=", "?token=wrong", "?token=ä"])
def test_a_wrong_token_gets_no_page_and_no_cookie(token, browser):
    browser.http.cookies.clear()
    answer = browser.http.get(f"/{token}")
    assert answer.status_code == 403
    assert "open the link that `lamina workbench` printed" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/api/vocabulary", "/api/export/script", "/api/nothing"])
def test_requests_without_the_cookie_are_rejected(path, browser):
    browser.http.cookies.clear()
    answer = browser.http.get(path)
    assert answer.status_code == 403
    assert "lamina workbench" in answer.json()["message"]


@pytest.mark.parametrize("host", STRANGERS)
def test_a_foreign_host_is_rejected(host, server, browser):
    named = {"host": host.format(port=server.port)}
    answer = browser.http.get(server.url, headers=named)
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_names_of_the_loopback_are_accepted(name, server, browser):
    answer = browser.http.get("/api/vocabulary", headers={"host": f"{name}:{server.port}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_foreign_origin_is_rejected_even_with_the_cookie(origin, browser):
    answer = browser.http.get("/api/vocabulary", headers={"origin": origin})
    assert answer.status_code == 403


def test_a_post_without_origin_is_rejected(browser):
    assert browser.http.post("/api/vocabulary").status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://evil.example"},
        {"origin": None},
        {"headers": {"cookie": ""}},
        {"headers": {"cookie": "lamina_workbench=guessed"}},
        {"host": "evil.example"},
    ],
    ids=["foreign origin", "no origin", "no cookie", "wrong cookie", "foreign host"],
)
def test_a_websocket_requires_host_origin_and_cookie(changes, browser):
    with pytest.raises(InvalidStatus) as refused:
        browser.connect(**changes)
    assert refused.value.response.status_code == 403


def test_every_response_has_a_strict_security_policy(browser):
    for path in ("/", "/api/vocabulary", "/static/nothing.js"):
        headers = browser.http.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in headers["content-security-policy"]
        assert "http" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/hosts"]
)
def test_only_the_pages_files_are_served(path, browser):
    answer = browser.http.get(path)
    assert answer.status_code in (403, 404)


def test_each_server_has_its_own_token():
    first, second = Lock(1), Lock(1)
    assert first.fits(first.token)
    assert not first.fits(second.token)
    assert not first.fits(None)
