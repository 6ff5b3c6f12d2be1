// Organisations that people sign in with, for tests: real providers with accounts, a login page and bad days.
//
// node start.mjs NODE_MODULES NAME... starts a provider for each name, prints their issuers as JSON, and ends when its
// standard input ends. `PUT <issuer>/-/day` says what is different from then on, as JSON:
//
//   backs, ends   where this service's people come back to when they have signed in, and out
//   accounts      by name: what is said about them. A new "kid" or a new "key" makes a new key, under the name or not
//   token         claims that replace those in ID tokens, null to leave one out; "header" replaces parts of the header
//   sign          how ID tokens are signed: "none", "public key as secret", or "stranger"
//   userinfo, announced, answer, back     replace parts of what is said there
//   hangs, drips  the path that never answers, or never ends to
//   says          paths, and what stands there instead
//   moves         paths, and the addresses to which they redirect

import { createHmac, createPublicKey } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";

const require = createRequire(`${process.argv[2]}/`);
const { Provider } = require("oidc-provider");
const jose = require("jose");

const SECRET = "let+us %in: please";
const ACCOUNTS = {
  olivia: { email: "olivia@office.example", email_verified: true },
  unverified: { email: "olivia@office.example", email_verified: false },
  said: { email: "olivia@office.example", email_verified: "true" },
  stranger: { email: "olivia@elsewhere.example", email_verified: true },
  nobody: {},
};

async function* drops() {
  for (;;) {
    yield Buffer.from(" ");
    await setTimeout(50);
  }
}

async function newKey(kid) {
  const { privateKey } = await jose.generateKeyPair("RS256", { extractable: true });
  return { ...(await jose.exportJWK(privateKey)), kid, alg: "RS256", use: "sig" };
}

function encoded(part) {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

// A token as the provider made it, but with other claims, another header or another signature.
async function twisted(token, key, day) {
  const claims = { ...jose.decodeJwt(token), ...day.token };
  for (const name of Object.keys(claims)) if (claims[name] === null) delete claims[name];
  const header = { ...jose.decodeProtectedHeader(token), ...day.header };
  if (day.sign === "none") return `${encoded({ ...header, alg: "none" })}.${encoded(claims)}.`;
  if (day.sign === "public key as secret") {
    const text = `${encoded({ ...header, alg: "HS256" })}.${encoded(claims)}`;
    const pem = createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" });
    return `${text}.${createHmac("sha256", pem).update(text).digest("base64url")}`;
  }
  const signing = day.sign === "stranger" ? await newKey(key.kid) : key;
  const crit = Object.fromEntries((header.crit ?? []).map((part) => [part, true]));
  return new jose.SignJWT(claims).setProtectedHeader(header).sign(await jose.importJWK(signing, header.alg), { crit });
}

function providerOf(name, issuer, key, day) {
  const client = { grant_types: ["authorization_code"], response_types: ["code"], redirect_uris: day.backs };
  const provider = new Provider(issuer, {
    clients: [{ ...client, client_id: "challenges", client_secret: SECRET, post_logout_redirect_uris: day.ends }],
    jwks: { keys: [key] },
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    cookies: {
      keys: [name], // cookies know no ports: each provider on this machine has names of its own
      names: { session: `_${name}`, interaction: `_${name}_interaction`, resume: `_${name}_resume` },
    },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...day.accounts[id] }) }),
    async loadExistingGrant(ctx) {
      const given = ctx.oidc.session.grantIdFor("challenges");
      if (given) return provider.Grant.find(given);
      const grant = new provider.Grant({ clientId: "challenges", accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  });
  provider.use(async (ctx, next) => {
    if (ctx.path === day.drips) return (ctx.body = Readable.from(drops()));
    if (ctx.path === day.hangs) return new Promise(() => {});
    if (day.moves?.[ctx.path]) {
      ctx.status = 307; // with the same method and body
      return ctx.set("Location", day.moves[ctx.path]);
    }
    await next();
    if (day.says && ctx.path in day.says) return (ctx.body = day.says[ctx.path]);
    const route = ctx.oidc?.route;
    if (route === "token" && ctx.body?.id_token) ctx.body.id_token = await twisted(ctx.body.id_token, key, day);
    if (route === "token") Object.assign(ctx.body, day.answer);
    if (route === "userinfo") Object.assign(ctx.body, day.userinfo);
    if (ctx.path.startsWith("/.well-known/")) Object.assign(ctx.body, day.announced);
    const location = ctx.response.get("Location") ?? "";
    if (day.back && day.backs.some((back) => location.startsWith(back))) {
      const url = new URL(location);
      for (const [part, value] of Object.entries(day.back))
        value === null ? url.searchParams.delete(part) : url.searchParams.set(part, value);
      ctx.set("Location", url.href);
    }
  });
  return provider;
}

const LOGIN = `<!doctype html><html lang="en"><title>Sign in</title><form method="post">
<label>Account <input name="account" autofocus></label> <button>Sign in</button>
<button name="gives_up" value="yes">Cancel</button></form></html>`;

async function login(provider, request, response) {
  if (request.method === "GET") {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    return response.end(LOGIN);
  }
  const form = new URLSearchParams(await bodyOf(request));
  const result = form.get("gives_up") ? { error: "access_denied" } : { login: { accountId: form.get("account") } };
  return provider.interactionFinished(request, response, result);
}

async function bodyOf(request) {
  let body = "";
  for await (const part of request) body += part;
  return body;
}

async function start(name) {
  let day, key, provider, answer;
  const server = createServer(async (request, response) => {
    if (request.url === "/-/day") {
      await begin(JSON.parse(await bodyOf(request)));
      return response.end();
    }
    return request.url.startsWith("/login/") ? login(provider, request, response) : answer(request, response);
  });
  const begin = async (changes) => {
    day = { backs: ["http://localhost:1/back"], ends: [], accounts: ACCOUNTS, ...changes };
    if (!key || day.kid || day.key) key = await newKey(day.kid ?? "first");
    provider = providerOf(name, issuer, key, day);
    answer = provider.callback();
  };
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const issuer = `http://localhost:${server.address().port}`;
  await begin({});
  return [name, issuer];
}

const issuers = await Promise.all(process.argv.slice(3).map(start));
process.stdout.write(`${JSON.stringify(Object.fromEntries(issuers))}\n`);
process.stdin.resume();
process.stdin.on("end", () => process.exit());
