// serve.mjs FOLDER PORT: static files as any web server hands them out, in Brotli where that lies beside them. There is no
// service.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';

const [folder, port] = process.argv.slice(2);
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8' };

createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const path = join(folder, normalize(pathname === '/' ? '/index.html' : pathname));
  try {
    const body = await readFile(`${path}.br`);
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-encoding': 'br', 'content-length': body.length });
    response.end(body);
  } catch {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
  }
}).listen(Number(port), '127.0.0.1');
