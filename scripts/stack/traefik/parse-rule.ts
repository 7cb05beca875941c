/** What a rule looks at. */
export interface RoutedRequest {
  /** Host without port. */
  host: string;
  /** Path without query, as it was sent. */
  path: string;
}
export type Rule = (request: RoutedRequest) => boolean;

const TOKEN = /\s*(&&|\|\||[!()]|[A-Za-z]+\(`[^`]*`\))/y;

/**
 * A routing rule of Traefik v3, for the matchers that our labels use (doc.traefik.io: Host, HostRegexp, Path, PathPrefix; `&&` binds
 * tighter than `||`). Throws on anything else: a rule that we can't evaluate is one that no test has seen.
 */
export function parseRule(text: string): Rule {
  const tokens = tokenize(text);
  const take = () => tokens.shift();
  const takeUnary = (): Rule => {
    const token = take();
    if (token === "!") {
      const inner = takeUnary();
      return (request) => !inner(request);
    }
    if (token === "(") {
      const inner = takeOr();
      if (take() !== ")") throw new Error(`a parenthesis is open in ${text}`);
      return inner;
    }
    if (token === undefined) throw new Error(`${text} ends too early`);
    return toMatcher(token);
  };
  const takeAnd = (): Rule => {
    const all = [takeUnary()];
    while (tokens[0] === "&&") {
      take();
      all.push(takeUnary());
    }
    return (request) => all.every((each) => each(request));
  };
  const takeOr = (): Rule => {
    const any = [takeAnd()];
    while (tokens[0] === "||") {
      take();
      any.push(takeAnd());
    }
    return (request) => any.some((each) => each(request));
  };
  const rule = takeOr();
  if (tokens.length > 0) throw new Error(`${text} goes on behind its end`);
  return rule;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const [, token] = TOKEN.exec(text) ?? [];
    if (token === undefined) throw new Error(`${text} can't be read from character ${at}`);
    tokens.push(token);
  }
  return tokens;
}

function toMatcher(token: string): Rule {
  const [, name = "", value = ""] = /^([A-Za-z]+)\(`([^`]*)`\)$/.exec(token) ?? [];
  switch (name) {
    case "Host":
      // Traefik compares without case and without the dot at the end.
      return ({ host }) => host.toLowerCase().replace(/\.$/, "") === value.toLowerCase();
    case "HostRegexp": {
      const pattern = toPattern(value);
      return ({ host }) => pattern.test(host.toLowerCase().replace(/\.$/, ""));
    }
    case "Path":
      return ({ path }) => path === value;
    case "PathPrefix":
      return ({ path }) => path.startsWith(value);
    default:
      throw new Error(`${token} is not evaluated here`);
  }
}

/** Go writes the flag into the pattern. */
function toPattern(text: string): RegExp {
  return text.startsWith("^(?i)") ? new RegExp(`^${text.slice("^(?i)".length)}`, "i") : new RegExp(text);
}
