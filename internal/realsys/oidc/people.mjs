// People who log in, and the page on which they do so: by hand, or by a program that posts its form.
const claims = (person) => ({ sub: person.sub, email: person.email, email_verified: person.email_verified, name: person.name });

export function personFor(people, matches) {
  const person = people.find(matches);
  return person && { accountId: person.sub, claims: async () => claims(person) };
}

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const fields = {
  login: '<label>Login <input name="login" autofocus></label> <label>Password <input name="password" type="password"></label> <button name="go" value="yes">Log in</button>',
  consent: '<button name="go" value="yes">Allow</button> <button name="go" value="no">Deny</button>',
};

const page = (prompt, client, note) => `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${prompt}</title></head>
<body><h1>${prompt}: ${escape(client)}</h1><p>${escape(note)}</p><form method="post">${fields[prompt]}</form></body></html>`;

async function form(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

async function granted(provider, details) {
  const grant = details.grantId ? await provider.Grant.find(details.grantId) : new provider.Grant({ accountId: details.session.accountId, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope ?? 'openid');
  return grant.save();
}

// loginForm shows the form, and takes it.
export async function loginForm(provider, people, ctx) {
  const details = await provider.interactionDetails(ctx.req, ctx.res);
  const show = (note) => { ctx.type = 'html'; ctx.body = page(details.prompt.name, details.params.client_id, note); };
  if (ctx.method !== 'POST') return show('');
  const given = await form(ctx.req);
  let result = { error: 'access_denied', error_description: 'The person said no' };
  if (details.prompt.name === 'login') {
    const person = people.find((p) => p.login === given.get('login') && p.password === given.get('password'));
    if (!person) return show('This login is not known.');
    result = { login: { accountId: person.sub } };
  } else if (given.get('go') === 'yes') {
    result = { consent: { grantId: await granted(provider, details) } };
  }
  ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: true }));
  return undefined;
}
