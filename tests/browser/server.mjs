// A static file server for everything that runs in a browser here: tests, benchmarks and the demo page.
import {createReadStream, existsSync, statSync} from 'node:fs';
import {createServer} from 'node:http';
import {extname, join, normalize} from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wav': 'audio/wav',
  '.txt': 'text/plain; charset=utf-8',
};
const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * Serves {prefix: folder or string of HTML} on localhost. `isolated` sends the headers that allow shared memory; `csp` a
 * Content-Security-Policy; `cache` lets the browser keep files. Returns {origin, close}.
 */
export async function serve(
  mounts,
  {port = 0, host = '127.0.0.1', isolated = true, csp = undefined, cache = false} = {},
) {
  const prefixes = Object.keys(mounts).sort((a, b) => b.length - a.length);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    const prefix = prefixes.find((p) => path.startsWith(p));
    const headers = {
      'cache-control': cache ? 'max-age=3600' : 'no-cache',
      ...(isolated ? ISOLATION : {}),
      ...(csp ? {'content-security-policy': csp} : {}),
    };
    const mounted = mounts[prefix];
    if (mounted?.startsWith('<')) {
      response.writeHead(200, {...headers, 'content-type': TYPES['.html']}).end(mounted);
      return;
    }
    const rest = normalize(`/${path.slice(prefix?.length ?? 0)}`);
    const file = mounted && join(mounted, rest.endsWith('/') ? `${rest}index.html` : rest);
    if (!file || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404, headers).end(`nothing at ${path}`);
      return;
    }
    const {size: length, mtimeMs} = statSync(file);
    response.writeHead(200, {
      ...headers,
      etag: `"${length}-${mtimeMs}"`,
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': length,
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return {
    origin: `http://${host === '127.0.0.1' ? 'localhost' : host}:${server.address().port}`,
    close: () => server.close(),
  };
}
