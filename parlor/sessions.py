"""Flask's signed session cookies, for clocks that differ.

A clock is set back by a second or an hour, or two servers' clocks are: to Flask a cookie that was
signed in the future is no cookie, and its owner a stranger.
"""

from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner


class Sessions(SecureCookieSessionInterface):
    def get_signing_serializer(self, app):
        serializer = super().get_signing_serializer(app)
        serializer.signer = Signer
        return serializer


class Signer(TimestampSigner):
    def unsign(self, signed_value, max_age=None, return_timestamp=False):
        """As TimestampSigner, whose age of what was signed in the future is 0."""
        try:
            return super().unsign(signed_value, max_age, return_timestamp)
        except SignatureExpired as expired:
            if expired.date_signed.timestamp() <= self.get_timestamp():
                raise
            return super().unsign(signed_value, None, return_timestamp)
