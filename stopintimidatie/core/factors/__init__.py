"""Second factors: passkeys, an authenticator app, recovery codes; asked at sign-in and again."""
