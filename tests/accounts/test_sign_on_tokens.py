"""The token of the national sign-on: the provider's word for this request is taken, and any other is refused."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from accounts.sign_on import keys
from accounts.sign_on.keys import KeyRing
from accounts.sign_on.tokens import MAX_LIFETIME, Asked, TokenRefused, read_token, transaction_of

pytestmark = pytest.mark.embedded
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ASKED = Asked("portal", "provider", "T-1", "1010101010", NOW - timedelta(seconds=40))
OWN = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
GOOD = {
    "iss": "provider",
    "aud": "portal",
    "nbf": int(NOW.timestamp()) - 10,
    "exp": int(NOW.timestamp()) + 120,
    "jti": "0123456789",
    "transId": "T-1",
    "status": "COMPLETED",
    "nationalId": "1010101010",
    "firstName": "سالم",
    "secondName": "علي",
    "thirdName": None,
    "lastName": "الحارثي",
}


def public(key, kid="k1", **more):
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return json.loads(algorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"} | more


RING = {"k1": jwt.PyJWK(public(OWN, alg="RS256"))}


def signed(claims=None, key=OWN, algorithm="RS256", **header):
    """By hand: the library itself writes no nonsense."""
    content = json.dumps(GOOD if claims is None else claims).encode()
    return jwt.PyJWS().encode(content, key, algorithm, {"typ": "JWT", "kid": "k1"} | header)


def read(token, asked=ASKED, now=NOW):
    return read_token(token, asked, RING.get, now=now)


def refusal(token, **kwargs):
    with pytest.raises(TokenRefused) as refused:
        read(token, **kwargs)
    return refused.value.code


def test_the_providers_word_for_this_request_is_taken():
    vouched = read(signed())
    assert (vouched.token_id, vouched.full_name) == ("0123456789", "سالم علي الحارثي")
    resident = {name: value for name, value in GOOD.items() if name != "nationalId"} | {"iqamaNumber": "1010101010"}
    assert read(signed(resident)).full_name == "سالم علي الحارثي"
    assert read(signed(GOOD | {"aud": ["portal"]}))
    assert transaction_of(signed()) == "T-1"


WRONG = [
    ("iss", "another", "iss"),
    ("aud", "another", "aud"),
    ("aud", ["portal", "another"], "aud"),
    ("aud", [], "aud"),
    ("exp", int(NOW.timestamp()) - 31, "exp"),
    ("exp", int((NOW + 2 * MAX_LIFETIME).timestamp()), "exp"),
    ("exp", "soon", "exp"),
    ("exp", True, "exp"),
    ("nbf", int(NOW.timestamp()) + 60, "nbf"),
    ("nbf", int(NOW.timestamp()) - 80, "nbf"),
    ("nbf", -1, "nbf"),
    ("jti", "", "jti"),
    ("jti", 12345678, "jti"),
    ("jti", "x" * 101, "jti"),
    ("transId", "T-2", "transId"),
    ("transId", ["T-1"], "transId"),
    ("status", "WAITING", "status"),
    ("status", "completed", "status"),
    ("nationalId", "1000000008", "person"),
    ("nationalId", 1010101010, "person"),
    ("nationalId", "١٠١٠١٠١٠١٠", "person"),
    ("iqamaNumber", "1010101010", "person"),
    ("firstName", 7, "name"),
    ("lastName", "x" * 160, "name"),
]


@pytest.mark.parametrize(("claim", "value", "code"), WRONG)
def test_any_claim_that_does_not_fit_is_refused(claim, value, code):
    assert refusal(signed(GOOD | {claim: value})) == code


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "nbf", "jti", "transId", "status", "nationalId"])
def test_any_claim_that_is_missing_is_refused(claim):
    refusal(signed({name: value for name, value in GOOD.items() if name != claim}))


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.text())


@given(st.sampled_from(["iss", "aud", "exp", "nbf", "jti", "transId", "status", "nationalId", "iqamaNumber"]), ANYTHING)
def test_whatever_stands_in_a_claim_is_taken_or_refused_and_never_trips(claim, value):
    kept = {name: each for name, each in (GOOD | {claim: value}).items() if each is not None}
    try:
        read(signed(kept))
    except TokenRefused:
        return
    # What was taken fits all the same.
    assert kept["iss"] == "provider"
    assert kept["aud"] in ("portal", ["portal"])
    assert kept["transId"] == "T-1"
    assert kept["status"] == "COMPLETED"
    assert kept.get("nationalId") == "1010101010"
    assert kept.get("iqamaNumber") in (None, "")


TOKEN = signed()


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_any_character_changed_is_refused(at, character):
    if TOKEN[at] != character:
        refusal(TOKEN[:at] + character + TOKEN[at + 1 :])


@given(st.integers(0, len(TOKEN)), st.text(min_size=1, max_size=4))
def test_anything_put_in_is_refused(at, more):
    refusal(TOKEN[:at] + more + TOKEN[at:])


@given(st.text() | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}"))
def test_what_is_no_token_is_refused(text):
    refusal(text)
    with pytest.raises(TokenRefused):
        transaction_of(text)


def test_the_same_bytes_written_another_way_are_no_second_token():
    head, claims, signature = TOKEN.split(".")
    last = signature[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = alphabet[alphabet.index(last) ^ 1]
    content = signature[:-1] + twin
    assert base64.urlsafe_b64decode(content + "==") == base64.urlsafe_b64decode(signature + "==")
    assert refusal(f"{head}.{claims}.{content}") == "shape"


def b64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_only_the_providers_own_signature_counts():
    assert refusal(signed(key=OTHER)) == "signature"
    assert refusal(signed(key=OWN, algorithm="PS256")) == "alg"
    assert refusal(signed(key=OWN, kid="k2")) == "kid"
    claims = b64(json.dumps(GOOD).encode())
    none = f"{b64(json.dumps({'alg': 'none', 'kid': 'k1'}).encode())}.{claims}."
    assert refusal(none) == "header"
    # The public key as the secret of a signature that anybody can make.
    secret = base64.urlsafe_b64encode(json.dumps(public(OWN)).encode())
    assert refusal(signed(key=secret, algorithm="HS256")) == "header"
    assert refusal(signed(crit=["x"], x=1)) == "shape"
    assert refusal("x" * 9000) == "shape"


# -- keys ------------------------------------------------------------------------------------------------------------


class Provider:
    def __init__(self, *members):
        self.members, self.away, self.asked = list(members), False, 0

    def __call__(self):
        self.asked += 1
        if self.away:
            raise OSError("away")
        return self.members


@pytest.fixture
def clock(monkeypatch):
    now = {"at": 1000.0}
    monkeypatch.setattr(keys.time, "monotonic", lambda: now["at"])
    return now


def test_keys_are_kept_asked_for_when_unknown_and_survive_a_provider_that_is_away(clock):
    provider = Provider(public(OWN))
    ring = KeyRing(provider, (OSError,))
    assert ring.find("k1")
    assert ring.find("k1")
    assert provider.asked == 1
    provider.members = [public(OTHER, "k2")]
    assert ring.find("k2") is None  # just asked: any stranger may name any key
    clock["at"] += keys.PAUSE + 1
    assert ring.find("k2")
    assert ring.find("k1") is None, "a key that was taken away counts no longer"
    provider.away = True
    clock["at"] += keys.FRESH + 1
    assert ring.find("k2"), "known, and the provider is away"
    clock["at"] += keys.USABLE
    assert ring.find("k2") is None, "too old to count"


@pytest.mark.parametrize(
    "member",
    [
        public(rsa.generate_private_key(65537, 1024)),  # noqa: S505
        public(OWN, use="enc"),
        public(OWN, alg="HS256"),
        public(OWN, alg="RSA-OAEP"),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k1", "alg": "HS256"},
        json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(OWN)) | {"kid": "k1"},
        {"kty": "RSA", "kid": "k1"},
        {"kty": "RSA", "kid": "k1", "n": 7, "e": []},
        "k1",
        None,
    ],
)
def test_what_is_no_public_key_to_sign_with_is_left_out(member, clock):
    ring = KeyRing(Provider(member, public(ec.generate_private_key(ec.SECP256R1()), "k2")), (OSError,))
    assert ring.find("k1") is None
    clock["at"] += keys.PAUSE + 1
    assert ring.find("k2")
