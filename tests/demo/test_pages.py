"""Forms of the portal's pages, filled in as a user does."""

from demo.pages import find_form

LOGIN = """
<form method="post" action="/oauth2/login">
  <input type="hidden" name="csrf" value="abc">
  <input name="username"><input type="password" name="password">
  <input type="checkbox" name="remember" value="1">
  <input type="checkbox" name="terms" value="yes" checked>
  <button name="decision" value="allow">Allow</button>
  <button name="decision" value="deny">Deny</button>
</form>"""


def test_a_form_is_filled_in_and_sent_by_its_first_button() -> None:
    form = find_form(LOGIN)
    assert form is not None
    assert (form.method, form.action) == ("POST", "/oauth2/login")
    assert form.filled({"username": "owner", "password": "x", "other": "y"}) == {
        "csrf": "abc",
        "username": "owner",
        "password": "x",
        "terms": "yes",
        "decision": "allow",
    }


def test_a_page_without_a_form_has_none() -> None:
    assert find_form("<p>Thank you</p>") is None
