import type { ErrorBody } from "@automna/contract/error-body";

/** What a person sees who opens an address of the api, such as a start link, and is refused. */
export function errorPage({ error }: ErrorBody): string {
  const message = error.message.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Automna</title></head>
<body><main><h1>Automna</h1><p>${message}</p><p><a href="/sign-in">Go to the sign-in page</a></p></main></body>
</html>
`;
}
