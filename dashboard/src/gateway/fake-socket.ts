import type { Socket } from "./connection-state.ts";

interface SentFrame {
  id: string;
  method: string;
  params: Record<string, unknown>;
}

/** A socket for tests: what was sent can be read, what arrives and when it ends is up to the test. */
export class FakeSocket implements Socket {
  readonly sent: SentFrame[] = [];
  closed = false;
  private readonly onMessage: ((event: { data: unknown }) => void)[] = [];
  private readonly onClose: ((event: { code: number }) => void)[] = [];

  send(data: string): void {
    this.sent.push(JSON.parse(data) as SentFrame);
  }

  close(): void {
    this.closed = true;
  }

  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number }) => void): void;
  addEventListener(type: "message" | "close", listener: (event: never) => void): void {
    if (type === "message") this.onMessage.push(listener as (event: { data: unknown }) => void);
    else this.onClose.push(listener as (event: { code: number }) => void);
  }

  receive(frame: unknown): void {
    for (const listener of this.onMessage) listener({ data: JSON.stringify(frame) });
  }

  event(event: string, payload: unknown = {}): void {
    this.receive({ type: "event", event, payload });
  }

  end(code = 1006): void {
    for (const listener of this.onClose) listener({ code });
  }

  requests(method: string): SentFrame[] {
    return this.sent.filter((frame) => frame.method === method);
  }

  /** Answers the latest request of a method. */
  answer(method: string, payload: unknown): void {
    this.receive({ type: "res", id: this.requests(method).at(-1)?.id ?? "none", ok: true, payload });
  }

  refuse(method: string, error: { code: string; message: string; retryAfterMs?: number }): void {
    this.receive({ type: "res", id: this.requests(method).at(-1)?.id ?? "none", ok: false, error });
  }

  greet(scopes: readonly string[] = ["operator.read", "operator.write"]): void {
    this.event("connect.challenge", { nonce: "n" });
    this.answer("connect", { type: "hello-ok", protocol: 4, auth: { scopes }, policy: { tickIntervalMs: 30_000 } });
  }
}
