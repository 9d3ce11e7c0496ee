"""The release server with people in it, who signed up as everybody does."""

import base64
import concurrent.futures
import json
import os

from program import Program
from traffic import line

PASSWORD = "plum-harbor-velvet-signal"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HEADERS = {"Content-Type": "application/json", "User-Agent": AGENT, "Sec-Fetch-Site": "same-origin"}
# So that a dashboard has as many sign-ins to show as it shows of anybody.
SIGNINS = 5


class Nightlatch(Program):
    """On a database of its own, SQLite when no other is given; with all limits, unless `limits` is false."""

    def __init__(self, binary, folder, url=None, limits=True):
        environment = {
            "NIGHTLATCH_DATA_DIR": str(folder),
            "NIGHTLATCH_DATABASE_URL": url or f"sqlite://{folder}/nightlatch.db",
            "NIGHTLATCH_SECRET_KEY": base64.b64encode(os.urandom(32)).decode(),
            # No letters: nobody reads them here.
            "NIGHTLATCH_SIGNUP__VERIFY_EMAIL": "false",
            "NIGHTLATCH_LIMITS__ENABLED": str(limits).lower(),
            "NIGHTLATCH_LOG__FORMAT": "text",
        }
        super().__init__([binary], folder, environment, "/health/ready")
        self.cookies = {}

    def call(self, path, body, cookie="", wanted=(200, 201)):
        headers = {**HEADERS, **({"Cookie": cookie} if cookie else {})}
        answer, text = self.ask("POST", path, json.dumps(body), headers)
        if answer.status not in wanted:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]}")
        return answer, text

    def sign_up(self, number, signins=1):
        """Makes so many people, each with a session and as many sign-ins behind them."""
        for person in range(number):
            body = {"email": address(person), "password": PASSWORD, "name": "Ann Example"}
            self.cookies[person] = cookie_of(self.call("/api/auth/signup", body)[0])
            for _ in range(signins - 1):
                self.sign_in(person)

    def sign_in(self, person):
        answer, _ = self.call("/api/auth/signin", credentials(person), self.cookies.get(person, ""))
        self.cookies[person] = cookie_of(answer) or self.cookies[person]

    def signed_in(self, path):
        """Requests for a page by everybody."""
        return [line("GET", path, cookie=cookie) for cookie in self.cookies.values()]

    def signins(self):
        """A sign-in by each, in the browser of the one before."""
        devices = {person: device(cookie) for person, cookie in self.cookies.items()}
        return [line("POST", "/api/auth/signin", json.dumps(credentials(person)), devices[person]) for person in devices]

    def tokens(self, number):
        """So many first refresh tokens."""

        def token(place):
            return json.loads(self.call("/api/auth/token", credentials(place % len(self.cookies)))[1])["refresh_token"]

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(token, range(number)))


def address(person):
    return f"person{person}@example.com"


def credentials(person):
    return {"email": address(person), "password": PASSWORD}


def cookie_of(answer):
    return "; ".join(cookie.split(";")[0] for cookie in answer.headers.get_all("Set-Cookie", []))


def device(cookie):
    return "; ".join(part for part in cookie.split("; ") if "-device=" in part)
