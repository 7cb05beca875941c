/** A mail as it goes out. */
export interface OutgoingMail {
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
  /** The same for every try, so that a mail server or reader can tell a second copy. */
  messageId: string;
  /** Where one click ends further mails of this kind; null = it belongs to something that the reader did. */
  unsubscribeUrl: string | null;
}

/**
 * Whatever carries mails. Resolves when the mail is taken. Throws MailRefusal when it never will be, anything else when
 * another try may help.
 */
export interface MailPort {
  /** What has become of a mail that `send` took. */
  outcome: "sent" | "captured";
  send: (mail: OutgoingMail) => Promise<void>;
  close: () => void;
}

/** The mail or its recipient is refused for good. */
export class MailRefusal extends Error {
  override name = "MailRefusal";
}
