/** The session cookie as a server finds it that takes names and separators as they come; the last one counts. */
export function readSessionCarelessly(header: string): string {
  let found = "";
  for (const part of header.split(/[;,]/)) {
    const [name = "", ...value] = part.split("=");
    const plain = decode(name).replaceAll(/[^\w]/g, "").toLowerCase();
    if (plain === "__session") found = value.join("=").trim().replaceAll(/^"|"$/g, "");
  }
  return found;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
