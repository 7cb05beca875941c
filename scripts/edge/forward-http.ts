import { request, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { endToEndHeaders } from "./hop-by-hop.ts";

/**
 * Passes a request on and its answer back, as a stream in both directions and without a time limit. Target and headers stay
 * as they were sent. Calls `onUnavailable` when there is no answer to pass back.
 */
export function forwardHttp(req: IncomingMessage, res: ServerResponse, backend: URL, onUnavailable: () => void): void {
  const hasBody = "content-length" in req.headers || "transfer-encoding" in req.headers;
  const headers = endToEndHeaders(req.rawHeaders);
  // Node counts a body without a length only in chunks.
  if ("transfer-encoding" in req.headers) headers.push(["Transfer-Encoding", "chunked"]);

  const upstream = request({
    host: backend.hostname,
    port: backend.port,
    method: req.method,
    path: req.url,
    headers: headers.flat(),
    setHost: false,
    // A new connection each time: a kept one may be closed by a restarting service at the moment we use it.
    agent: false,
  });
  upstream.on("response", (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", endToEndHeaders(answer.rawHeaders).flat());
    // An event stream's headers must not wait for its first event.
    res.flushHeaders();
    pipeline(answer, res, () => upstream.destroy());
  });
  upstream.on("error", () => {
    if (res.headersSent) res.destroy();
    else if (!res.destroyed) onUnavailable();
  });
  // The browser went away: the service must notice.
  res.on("close", () => upstream.destroy());
  if (hasBody) req.pipe(upstream);
  else upstream.end();
}
