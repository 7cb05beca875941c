import { isIP } from "node:net";
import type { Request } from "express";

/** The address that a request comes from: what the edge before us says in `header`, which nobody else can set; else the socket's. */
export function makeClientAddress(header: string | null): (request: Request) => string {
  return (request) => {
    const told = header === null ? "" : (request.get(header)?.trim() ?? "");
    return isIP(told) === 0 ? (request.socket.remoteAddress ?? "") : told;
  };
}
