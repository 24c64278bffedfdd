// Serves the built demo page, with the headers that allow threads.
import {fileURLToPath} from 'node:url';
import {serve} from '../tests/browser/server.mjs';

export const demoFolder = fileURLToPath(new URL('dist/', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const {origin} = await serve({'/': demoFolder}, {port: Number(process.env.PORT ?? 8080)});
  console.log(`The demo is at ${origin}/  (Ctrl-C ends it)`);
}
