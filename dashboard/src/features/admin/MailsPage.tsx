import type { mailStates } from "@automna/contract/mail";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { usePlatform } from "../../api/api-context.tsx";
import { mailsQuery, useRetryMail } from "../../api/people.ts";
import { Button } from "../../components/Button.tsx";
import { SegmentedControl } from "../../components/SegmentedControl.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { formatMoment } from "./admin-texts.ts";
import { Loaded } from "./Loaded.tsx";

type MailState = (typeof mailStates)[number];

const stateLabels: Record<MailState, string> = {
  given_up: "Given up",
  waiting: "Waiting",
  sent: "Sent",
  captured: "Captured",
};
const segments = (["given_up", "waiting", "sent", "captured"] as const).map((value) => ({
  value,
  label: stateLabels[value],
}));

const emptyWords: Record<MailState, string> = {
  given_up: "No mail was given up.",
  waiting: "No mail waits.",
  sent: "No mail was sent yet.",
  captured: "No mail lies in the data folder: there is a mail server, or there was nothing to say.",
};

/** The outbox: what did not go out and why, never what is in it. */
export function MailsPage() {
  const { api } = usePlatform();
  const [state, setState] = useState<MailState>("given_up");
  const list = useQuery(mailsQuery(api, state));
  useDocumentTitle("Mail · Automna operators");
  return (
    <>
      <h1 className="text-20 font-semibold tracking-tight">Mail</h1>
      <div>
        <SegmentedControl label="State" segments={segments} value={state} onChange={(value) => setState(value)} />
      </div>
      <Loaded query={list} label="Loading the mails">
        {({ mails }) =>
          mails.length === 0 ? (
            <p className="text-ink-2">{emptyWords[state]}</p>
          ) : (
            <ul data-testid="mails" className="grid divide-y divide-line border-y border-line">
              {mails.map((mail) => (
                <MailRow key={mail.key} mail={mail} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

interface Mail {
  key: string;
  template: string;
  userId: string | null;
  state: MailState;
  attempts: number;
  error: string | null;
  createdAtMs: number;
}

function MailRow({ mail: { key, template, userId, state, attempts, error, createdAtMs } }: { mail: Mail }) {
  const retry = useRetryMail();
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3">
      <div className="grid min-w-0 gap-0.5">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="font-medium">{template}</span>
          {userId === null ? (
            <span className="text-13 text-ink-3">to somebody without an account</span>
          ) : (
            <Link
              to="/admin/customers/$userId"
              params={{ userId }}
              className="font-mono text-12 break-all text-ink-2 hover:underline"
            >
              {userId}
            </Link>
          )}
        </p>
        <p className="text-13 text-ink-3">
          {formatMoment(createdAtMs)}, {attempts} {attempts === 1 ? "try" : "tries"}
        </p>
        {error === null ? null : <p className="text-13 break-words text-failing">{error}</p>}
        {retry.error === null ? null : (
          <p role="alert" className="text-13 text-failing">
            {retry.error.message}
          </p>
        )}
      </div>
      {state === "given_up" ? (
        <Button size="small" busy={retry.isPending} onClick={() => retry.mutate(key)} aria-label={`Send again: ${key}`}>
          Send again
        </Button>
      ) : null}
    </li>
  );
}
