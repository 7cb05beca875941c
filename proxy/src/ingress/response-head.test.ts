import { expect, test } from "vitest";
import { readResponseHead, readSmallBody } from "./response-head.ts";

const read = (text: string) => readResponseHead(Buffer.from(text, "latin1"));
const bodyOf = (text: string) => {
  const found = read(text);
  if (found === null) return null;
  return readSmallBody(found.head, Buffer.from(text, "latin1").subarray(found.bodyStart), 100)?.body.toString() ?? null;
};

test("reads a head, and says when there is more to come", () => {
  expect(read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")).toBeNull();
  expect(read("HTTP/1.1 200 OK\r\nA: 1\r\na:2 \r\n\r\nrest")).toMatchObject({ head: { status: 200 }, bodyStart: 31 });
  expect(read("HTTP/1.1 200 OK\r\nA: 1\r\na:2 \r\n\r\n")?.head.headers.get("a")).toBe("1, 2");
});

test.each([
  "HTTP/1.0 200 OK\r\n\r\n",
  "HTTP/1.1 2000 OK\r\n\r\n",
  "SSH-2.0-x\r\n\r\n",
  "HTTP/1.1 200 OK\r\nA : 1\r\n\r\n",
  "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
  "HTTP/1.1 200 OK\r\nA: 1\nB: 2\r\n\r\n",
  "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
  `HTTP/1.1 200 ${"x".repeat(20_000)}`,
])("refuses %j", (text) => {
  expect(() => read(text)).toThrow(/HTTP\/1.1|header|too large/);
});

test("reads a body by its length and by chunks", () => {
  expect(bodyOf("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")).toBe("hello");
  expect(bodyOf("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell")).toBeNull();
  expect(bodyOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")).toBe("hello");
  expect(bodyOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n")).toBeNull();
  expect(() => bodyOf("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n")).toThrow("length");
  expect(() => bodyOf("HTTP/1.1 200 OK\r\n\r\n")).toThrow("length");
  expect(() => bodyOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")).toThrow("chunk");
});
