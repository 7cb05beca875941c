import { createServer, type Server } from "node:http";

export interface ShownMetrics {
  /** In Prometheus' text format. */
  text: () => Promise<string>;
  contentType: string;
}

/** Answers GET /metrics and nothing else; listens where the operator says, never on the public port. */
export function makeMetricsServer({ text, contentType }: ShownMetrics): Server {
  return createServer((request, response) => {
    if (request.url !== "/metrics" || request.method !== "GET") {
      response.writeHead(404).end();
      return;
    }
    text().then(
      (metrics) => response.writeHead(200, { "content-type": contentType, "cache-control": "no-store" }).end(metrics),
      () => response.writeHead(500).end(),
    );
  });
}
