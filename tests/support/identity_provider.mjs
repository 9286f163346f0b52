// The OpenID provider of a municipality, for the tests: npm's `oidc-provider`, on this machine.
//
// Reads from stdin one JSON object: per provider its client, as the library wants it. Prints one
// line with the issuers, and serves until it is killed. `PUT /proef/accounts` says who works there:
// {"login": {claims}}. Any password will do.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Provider } from "oidc-provider";

const SCOPE = "openid email profile";

async function serve(client) {
  let accounts = {};
  let handle;
  const server = createServer(async (request, response) => {
    if (request.url === "/proef/accounts") {
      accounts = JSON.parse(await text(request));
      response.end();
      return;
    }
    handle(request, response);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [client],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    // Claims of scopes stand in the ID token itself, as with Entra ID.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
    // The library itself calls no machine like this one, where the tests' installation is.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    async findAccount(context, accountId) {
      const known = accounts[accountId];
      return known && { accountId, claims: () => ({ sub: accountId, ...known }) };
    },
    // Nobody is asked whether the municipality's own application may know who they are.
    async loadExistingGrant(context) {
      const { client, session } = context.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(SCOPE);
      await grant.save();
      return grant;
    },
  });
  handle = provider.callback();
  return issuer;
}

const clients = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(await Promise.all(clients.map(serve))));
