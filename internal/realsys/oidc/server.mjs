// An OAuth 2.0 and OpenID Connect server for tests, made of the package oidc-provider. Its one argument is a file of settings; it ends with its standard input.
// Below /test/ it takes what no protocol has: another clock, other clients, and counts of what was granted.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';
import { loginForm, personFor } from './people.mjs';
import { Memory, clients, grants } from './memory.mjs';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const realNow = Date.now.bind(Date);
let ahead = 0;
Date.now = () => realNow() + ahead;

const counts = { granted: {}, refused: {}, revoked: 0 };
const count = (of, key) => { of[key] = (of[key] ?? 0) + 1; };

for (const client of settings.clients) clients.set(client.client_id, client);
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const provider = new Provider(settings.issuer, {
  adapter: Memory,
  jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: 'one' }] },
  cookies: { keys: ['for tests alone'] },
  scopes: ['openid', 'offline_access', 'email', 'profile', ...(settings.scopes ?? [])],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: settings.userinfo_only ?? false,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  ttl: { AccessToken: 3600, ClientCredentials: 3600, RefreshToken: 14 * 86400, IdToken: 600, AuthorizationCode: 60, Grant: 14 * 86400, Interaction: 600, Session: 86400, ...settings.ttl },
  rotateRefreshToken: settings.rotates ?? true,
  issueRefreshToken: (_ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  pkce: { required: () => true },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, sub) => personFor(settings.people, (p) => p.sub === sub),
});

const grantOf = (ctx) => ctx.oidc?.params?.grant_type ?? 'none';
provider.on('grant.success', (ctx) => count(counts.granted, grantOf(ctx)));
provider.on('grant.error', (ctx, err) => count(counts.refused, `${grantOf(ctx)} ${err.error_detail ?? err.error}`));
provider.on('grant.revoked', () => { counts.revoked += 1; });
provider.on('server_error', (_ctx, err) => console.error(err));

const json = async (req) => {
  const parts = [];
  for await (const part of req) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString() || '{}');
};

const commands = {
  '/test/counts': async () => counts,
  '/test/ahead': async (body) => { ahead += body.seconds * 1000; return {}; },
  '/test/client': async (body) => { clients.set(body.client_id, body); return {}; },
  '/test/forget': async (body) => ({ forgotten: grants.forget(body.kind) }),
  '/test/revoke': async (body) => ({ revoked: grants.revoke(body.sub) }),
};

provider.use(async (ctx, next) => {
  const command = commands[ctx.path];
  if (command) {
    ctx.body = await command(await json(ctx.req));
    return;
  }
  if (ctx.path.startsWith('/interaction/')) {
    await loginForm(provider, settings.people, ctx);
    return;
  }
  await next();
});

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
provider.listen(settings.port, '127.0.0.1', () => console.log('listening'));
