"""An HTTP client of the simulated portal that follows the vendor's documentation."""

from dataclasses import dataclass
import re
from typing import Any

import aiohttp
from yarl import URL

from simulator import Simulator

REDIRECT_URI = "https://my.home-assistant.io/redirect/oauth"


@dataclass
class PortalClient:
    """Talks to one cloud over real sockets; by default, as its owner."""

    session: aiohttp.ClientSession
    cloud: Simulator
    token: str

    async def post(
        self, body: object, authorization: str | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Post a JSON body to the API; return status, headers, and text."""
        headers = {"Authorization": authorization or f"Bearer {self.token}"}
        async with self.session.post(
            f"{self.cloud.url}/api/graphql.php", json=body, headers=headers
        ) as response:
            return response.status, dict(response.headers), await response.text()

    async def query(
        self, query: str, token: str | None = None, **variables: object
    ) -> dict[str, Any]:
        """Return the whole answer to an operation."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        async with self.session.post(
            f"{self.cloud.url}/api/graphql.php",
            json={"query": query, "variables": variables or None},
            headers=headers,
        ) as response:
            answer: dict[str, Any] = await response.json()
        return answer

    async def data(self, query: str, token: str | None = None) -> dict[str, Any]:
        """Return the data of an operation that has no errors."""
        answer = await self.query(query, token)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def authorize_url(self, **changes: str) -> URL:
        """Return the URL of an authorization request."""
        parameters = {
            "response_type": "code",
            "client_id": self.cloud.world.clients[0].client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": "read,write,liveview,recordings",
            "state": "state 1/2",
        } | changes
        return URL(f"{self.cloud.url}/oauth2/auth/").with_query(parameters)

    async def page(self, url: URL) -> tuple[int, str]:
        """Open a page of the portal."""
        async with self.session.get(url, allow_redirects=False) as response:
            return response.status, await response.text()

    async def submit(
        self, page: str, **fields: str
    ) -> tuple[int, str, aiohttp.ClientResponse]:
        """Fill in the form of a page and post it, with its hidden fields."""
        form = re.search(r'<form method="post" action="([^"]+)"', page)
        assert form is not None
        data = {
            name: value.replace("&amp;", "&")
            for name, value in re.findall(
                r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page
            )
        }
        async with self.session.post(
            URL(self.cloud.url).join(URL(form[1])),
            data=data | fields,
            allow_redirects=False,
        ) as response:
            return response.status, await response.text(), response

    async def authorize(
        self,
        *,
        username: str = "owner",
        decision: str = "allow",
        **changes: str,
    ) -> URL:
        """Sign in and decide; return the URL that the browser is redirected to."""
        _, page = await self.page(self.authorize_url(**changes))
        _, _, response = await self.submit(page, username=username, password=username)
        onward = URL(self.cloud.url).join(URL(response.headers["Location"]))
        _, page = await self.page(onward)
        _, _, response = await self.submit(page, decision=decision)
        return URL(response.headers["Location"])

    async def exchange(self, **changes: str | None) -> tuple[int, dict[str, Any]]:
        """Request tokens with parameters in the body; None leaves one out."""
        client = self.cloud.world.clients[0]
        parameters = {
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "grant_type": "authorization_code",
            "redirect_uri": REDIRECT_URI,
        } | changes
        async with self.session.post(
            f"{self.cloud.url}/oauth2/token",
            data={k: v for k, v in parameters.items() if v is not None},
        ) as response:
            return response.status, await response.json()

    async def sign_in(self, **changes: str) -> dict[str, Any]:
        """Authorize and request tokens; return the answer of the token endpoint."""
        back = await self.authorize(**changes)
        _, answer = await self.exchange(code=back.query["code"])
        return answer

    async def control(self, name: str, /, **body: object) -> Any:  # noqa: ANN401 - JSON
        """Post to the control endpoint."""
        async with self.session.post(
            f"{self.cloud.url}/control/{name}", json=body
        ) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def look(self, name: str, /, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Read from the control endpoint."""
        async with self.session.get(
            f"{self.cloud.url}/control/{name}", params=query
        ) as response:
            assert response.status == 200, await response.text()
            return await response.json()
