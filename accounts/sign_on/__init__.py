"""The national sign-on (Nafath): a person is vouched for by a signed token, and by nothing else (ADR 43).

tokens   what a token has to be, pure            keys      the provider's public keys, remembered and renewed
provider what the provider is asked              flow      one request from its beginning to a session
limits   how often one may ask                   names     what the register says of a person beside what is on file
"""
