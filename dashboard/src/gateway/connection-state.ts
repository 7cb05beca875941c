/**
 * connecting: a socket is on its way; `attempt` counts the tries since the line was last up. online: frames flow. waiting: the agent is not up, nothing to connect to.
 * offline: the line is cut, the next try is planned. refused: this page and the agent don't understand each other.
 */
export type ConnectionState =
  | { kind: "connecting"; attempt: number }
  | { kind: "online" }
  | { kind: "waiting" }
  | { kind: "offline"; retryAtMs: number; attempt: number }
  | { kind: "refused"; reason: string };

/** The part of WebSocket that the connection uses. */
export interface Socket {
  send(data: string): void;
  close(): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number }) => void): void;
}

export interface ConnectionDeps {
  openSocket(): Socket;
  /** A fresh session token before knocking again; false = signed out, stay away. */
  refreshSession(): Promise<boolean>;
  now(): number;
  /** 0 to 1, for jitter. */
  random(): number;
  locale: string;
  onState(state: ConnectionState): void;
  onEvent(event: string, payload: unknown): void;
}
