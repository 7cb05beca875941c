const MOST_CHARACTERS = 120;

/**
 * One line of plain characters, for names and subjects: line ends would begin a header of their own (RFC 5322, 2.2), and
 * characters that turn the writing direction would show something else than what is there.
 */
export function toHeaderText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MOST_CHARACTERS);
}

/** Text as it may stand in HTML, in an attribute too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
