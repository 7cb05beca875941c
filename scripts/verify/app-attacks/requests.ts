import { posix } from "node:path";
import { hostOf } from "../../../proxy/test/apps-harness.ts";
import { sendRaw } from "../../../proxy/test/raw-http.ts";
import { ADAS_APPS, type AppAttack, type AppAttackClass, type AppSide } from "./app-attack.ts";

const SHOP = ADAS_APPS.open;

/** What a request may be, and what of it travels. */
export function requestClasses(): AppAttackClass[] {
  return [
    { name: "host confusion", attacks: hosts() },
    { name: "path traversal", attacks: paths() },
    { name: "request framing", attacks: framing() },
    { name: "credentials upstream", attacks: upstream() },
    { name: "hostile answers", attacks: answers() },
  ];
}

/** Whether this made the victim's agent hear anything. */
async function arrives(side: AppSide, send: () => Promise<unknown>): Promise<boolean> {
  const before = side.adaAgent.seen.length;
  await send();
  return side.adaAgent.seen.length > before;
}

function hosts(): AppAttack[] {
  const spelled = (name: string, spell: (host: string) => string): AppAttack => ({
    name,
    control: "host",
    run: (side) => arrives(side, () => side.visit(spell(hostOf(SHOP, side.ada)), "/")),
  });
  return [
    spelled("capitals", (host) => host.toUpperCase()),
    spelled("a dot at the end", (host) => `${host}.`),
    spelled("another port", (host) => `${host}:8080`),
    spelled("the default port", (host) => `${host}:80`),
    spelled("a port without a number", (host) => `${host}:`),
    spelled("another domain behind ours", (host) => `${host}.evil.example`),
    spelled("another domain in place of ours", (host) => `${host.split(".")[0]}.evil.example`),
    spelled("a name below the app's", (host) => `x.${host}`),
    spelled("the label alone", (host) => host.split(".")[0] ?? ""),
    spelled("two dots", (host) => host.replace(".", "..")),
    spelled("a capital in the handle", (host) => host.replace("--o", "--O")),
    spelled("a host in front of another", (host) => `evil.example.${host}`),
  ];
}

function paths(): AppAttack[] {
  const leadsOut = (url: string) => {
    let path = url.split("?", 1)[0] ?? "";
    for (let times = 0; times < 3 && path.includes("%"); times += 1) path = decodeLatin(path);
    const plain = path.normalize("NFKC").replaceAll("\\", "/").replaceAll("\0", "");
    const tidy = posix.normalize(plain.replaceAll(/;[^/]*/g, ""));
    return (
      !tidy.startsWith(`/agentd/apps/${SHOP}/`) || tidy.includes("/.") || path.includes("\0") || /[\r\n]/.test(path)
    );
  };
  const path = (sent: string): AppAttack => ({
    name: JSON.stringify(sent),
    control: "target",
    async run(side) {
      const { seen } = side.adaAgent;
      const before = seen.length;
      await sendRaw(
        side.port,
        `GET ${sent} HTTP/1.1\r\nhost: ${hostOf(SHOP, side.ada)}\r\nconnection: close\r\n\r\n`,
        100,
      );
      return seen.slice(before).some(({ url }) => leadsOut(url));
    },
  });
  return [
    "/../vault/index.html",
    "/a/../../vault/",
    "/..",
    "/%2e%2e/vault/",
    "/%2E%2e/vault/",
    "/.%2e/vault/",
    "/..%2fvault/",
    "/a/%2e%2e/%2e%2e/%2e%2e/openclaw.json",
    "/..%5cvault/",
    "/..;/vault/",
    "/..;x=1/vault/",
    "/%252e%252e/vault/",
    "/%252e%252e%252fvault/",
    "/%ef%bc%8e%ef%bc%8e/vault/",
    "/.git/config",
    "/.env",
    "/a/.htpasswd",
    "/%2eenv",
    "/index.html%00.png",
    "/x%0d%0ax-automna-internal:%20y",
    "/../../app-list",
    "/../../../_automna/status",
    "/%2e%2e/%2e%2e/abort",
  ].map(path);
}

function framing(): AppAttack[] {
  const raw = (name: string, text: (host: string) => string): AppAttack => ({
    name,
    control: "framing",
    run: (side) => arrives(side, () => sendRaw(side.port, text(hostOf(SHOP, side.ada)), 100)),
  });
  return [
    raw(
      "two hosts, ours first",
      (host) => `GET / HTTP/1.1\r\nhost: ${host}\r\nhost: other.apps.test\r\nconnection: close\r\n\r\n`,
    ),
    raw(
      "a read with a body",
      (host) => `GET / HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello`,
    ),
    raw(
      "a read with chunks",
      (host) =>
        `GET / HTTP/1.1\r\nhost: ${host}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    ),
    raw("HTTP/1.0", (host) => `GET / HTTP/1.0\r\nhost: ${host}\r\n\r\n`),
    raw(
      "two destinations",
      (host) =>
        `GET / HTTP/1.1\r\nhost: ${host}\r\nsec-fetch-dest: document\r\nsec-fetch-dest: script\r\nconnection: close\r\n\r\n`,
    ),
  ];
}

function upstream(): AppAttack[] {
  const travels = (name: string, value: string): AppAttack => ({
    name,
    control: "requestHeaders",
    async run(side) {
      const { seen } = side.adaAgent;
      const before = seen.length;
      await side.visit(hostOf(SHOP, side.ada), "/", { headers: { [name]: value } });
      return seen.slice(before).some(({ headers }) => JSON.stringify(headers[name] ?? "").includes(value));
    },
  });
  return [
    travels("cookie", "__session=the-session-of-the-dashboard"),
    travels("authorization", "Bearer the-session"),
    travels("proxy-authorization", "Basic x1"),
    travels("x-automna-user", "user_somebodyelse"),
    travels("x-automna-egress", "slt_x.1.y"),
    travels("x-forwarded-for", "127.0.0.1"),
    travels("forwarded", "for=127.0.0.1"),
    travels("x-openclaw-scopes", "operator.admin"),
    travels("cf-connecting-ip", "203.0.113.9"),
    travels("origin", "https://evil.example"),
    travels("x-http-method-override", "DELETE"),
  ];
}

function answers(): AppAttack[] {
  const hostile = (name: string, value: string | string[], status = 200): AppAttack => ({
    name: `${name}: ${[value].flat().join(" | ")}`,
    control: "responseHeaders",
    async run(side) {
      const path = `/agentd/apps/${SHOP}/hostile`;
      side.adaAgent.answers.set(path, (_request, response) => {
        response.writeHead(status, { "content-type": "text/html", "content-length": "1", [name]: value }).end("x");
      });
      const { headers } = await side.visit(hostOf(SHOP, side.ada), "/hostile");
      return [headers[name.toLowerCase()] ?? []].flat().join(" | ") === [value].flat().join(" | ");
    },
  });
  return [
    hostile("set-cookie", ["__session=x; Domain=apps.test; Path=/"]),
    hostile("set-cookie", ["__Host-automna_app=v1.owner.9.sess_0123456789.x; Path=/; Secure"]),
    hostile("set-cookie", ["plain=1"]),
    hostile("clear-site-data", '"*"'),
    hostile("service-worker-allowed", "/"),
    hostile("access-control-allow-origin", "*"),
    hostile("access-control-allow-credentials", "true"),
    hostile("strict-transport-security", "max-age=63072000; includeSubDomains"),
    hostile("content-security-policy", "default-src *"),
    hostile("cache-control", "public, max-age=31536000"),
    hostile("refresh", "0; url=https://evil.example/"),
    hostile("link", "<https://evil.example/x.js>; rel=preload; as=script"),
    hostile("content-type", "text/html, image/png"),
    hostile("location", "https://evil.example/", 308),
    hostile("location", "//evil.example/", 308),
    hostile("x-automna-internal", "leak"),
    hostile("www-authenticate", 'Basic realm="Your dashboard password"', 401),
    hostile("alt-svc", 'h2="evil.example:443"'),
    hostile("report-to", '{"endpoints":[{"url":"https://evil.example"}]}'),
    hostile("nel", '{"report_to":"x","max_age":1}'),
  ];
}

function decodeLatin(path: string): string {
  const bytes = path.replaceAll(/%([0-9a-f]{2})/gi, (_whole, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
