"""OAuth2 as Robaws documents it: a code is worth one pair of tokens, and a refresh token one new pair."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from robaws_pipeline.sandbox.limits import Account


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """A request of the token endpoint that is refused; the text is OAuth2's name for the reason."""


@dataclass(slots=True)
class Grants:
    """Codes and tokens that are worth something, by the account they were given to."""

    accounts: Sequence[Account]
    wall_clock: Callable[[], float]
    lifetime: int
    """Seconds for which an access token is good."""
    given: list[str] = field(default_factory=list)
    """Every access and refresh token that was ever given, in order; for tests that look for them."""
    down: int = 0
    """How many requests of the token endpoint are answered 503 from now on, and nothing is given or taken."""
    _codes: dict[str, tuple[Account, str]] = field(default_factory=dict)
    _access: dict[str, tuple[Account, float]] = field(default_factory=dict)
    _refresh: dict[str, Account] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def code(self, client_id: str, redirect_uri: str) -> str | None:
        """A code for the account that uses this client id; nobody has to log in. None when there is no such client."""
        with self._lock:
            account = next((account for account in self.accounts if account.client_id == client_id), None)
            if account is None or not redirect_uri:
                return None
            code = secrets.token_urlsafe(16)
            self._codes[code] = account, redirect_uri
            return code

    def is_down(self) -> bool:
        """Whether this request of the token endpoint is one of those that get no answer."""
        with self._lock:
            if self.down <= 0:
                return False
            self.down -= 1
            return True

    def tokens(self, form: Mapping[str, str]) -> dict[str, object]:
        """What the token endpoint answers to a form; `Refused` when it does not agree."""
        with self._lock:
            known = {account.client_id: account for account in self.accounts}
            account = known.get(form.get("client_id", ""))
            if account is None or account.client_secret != form.get("client_secret"):
                raise Refused("invalid_client")
            if form.get("grant_type") == "authorization_code":
                owner, redirect_uri = self._codes.pop(form.get("code", ""), (None, ""))
                if redirect_uri != form.get("redirect_uri"):
                    raise Refused("invalid_grant")
            elif form.get("grant_type") == "refresh_token":
                owner = self._refresh.pop(form.get("refresh_token", ""), None)
            else:
                raise Refused("unsupported_grant_type")
            if owner is not account:
                raise Refused("invalid_grant")
            access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
            self._access[access] = account, self.wall_clock() + self.lifetime
            self._refresh[refresh] = account
            self.given += [access, refresh]
            return {
                "access_token": access,
                "refresh_token": refresh,
                "token_type": "Bearer",
                "expires_in": self.lifetime,
            }

    def account(self, access_token: str) -> Account | None:
        """Whose access token this is; None when it is nobody's or has expired."""
        with self._lock:
            account, expires = self._access.get(access_token, (None, 0.0))
            return account if self.wall_clock() < expires else None

    def revoke_access_tokens(self) -> None:
        """Refuse all access tokens given so far; refresh tokens stay good."""
        with self._lock:
            self._access.clear()

    def revoke(self) -> None:
        """Forget everything, as when the customer removes the integration."""
        with self._lock:
            self._access.clear()
            self._refresh.clear()
