// Sends half a body over HTTP/2 and falls silent; prints after how many seconds the server ends that, 0 where it speaks no HTTP/2.
//   slow_stream.mjs URL AUTHORITY
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';

const PATIENCE = 20_000;

const [url, authority] = process.argv.slice(2);
const began = Date.now();
const end = () => {
  console.log(Math.round((Date.now() - began) / 1000));
  process.exit(0);
};
setTimeout(() => process.exit(1), PATIENCE);
const session = connect(url, { ca: readFileSync(authority) });
session.on('error', (error) => {
  if (error.code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL') end();
  console.error(error);
  process.exit(1);
});
const stream = session.request({ ':method': 'POST', ':path': '/signin', 'content-type': 'application/x-www-form-urlencoded' });
stream.on('error', end);
stream.on('close', end);
stream.resume();
stream.write('email=');
