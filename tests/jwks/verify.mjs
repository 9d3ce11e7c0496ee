// Verifies access tokens as any service does that uses jose, with what is published.
//   verify.mjs SITE accept KID TOKEN [KID TOKEN]...: they are good, and signed with these keys
//   verify.mjs SITE refuse TOKEN...: none of them is
import assert from 'node:assert/strict';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

const [site, command, ...words] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(`${site}/.well-known/jwks.json`));

async function verify(token) {
  const { protectedHeader } = await jwtVerify(token, keys, {
    algorithms: ['EdDSA'],
    audience: `${site}/api`,
    issuer: site,
    requiredClaims: ['exp', 'iat', 'iss', 'aud', 'sub'],
    typ: 'access+jwt',
  });
  return protectedHeader.kid;
}

if (command === 'accept') {
  for (let at = 0; at < words.length; at += 2) {
    assert.equal(await verify(words[at + 1]), words[at]);
  }
} else {
  for (const token of words) {
    await assert.rejects(verify(token), errors.JOSEError, `jose takes ${token}`);
  }
}
