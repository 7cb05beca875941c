import { appError } from "@automna/contract/error-catalogue";
import { peopleRoutes } from "@automna/contract/people-routes";
import type { Clock } from "@automna/core/shared/clock";
import type { Database } from "@automna/records/database";
import type { KeyRing } from "@automna/service-kit/secret-box";
import { readSignedToken, type TokenPurpose } from "@automna/service-kit/signed-token";
import type { Request } from "express";
import { sendPlainPage } from "../http/plain-page.ts";
import { isForm } from "../http/read-form-body.ts";
import type { Handlers } from "../http/routes.ts";
import { confirmEntry, joinWaitlist, leaveWaitlist, redeemInvite } from "./waitlist-entries.ts";

export interface WaitlistHandlerDeps {
  db: Database;
  now: Clock;
  /** Signs the links. */
  modelKeyRing: KeyRing;
  clientAddress: (request: Request) => string;
  limitWaitlist: (address: string) => void;
}

type WaitlistHandlers = Pick<
  Handlers,
  "joinWaitlist" | "confirmWaitlistPage" | "confirmWaitlist" | "leaveWaitlistPage" | "leaveWaitlist" | "redeemInvite"
>;

const JOINED = {
  title: "Please look into your mail",
  text: "If this address is not on the list yet, a mail with a link is on its way to it. Open the link to keep your place.",
  button: null,
} as const;

export function makeWaitlistHandlers(deps: WaitlistHandlerDeps): WaitlistHandlers {
  const { db, now, modelKeyRing, clientAddress, limitWaitlist } = deps;
  const readToken = (purpose: TokenPurpose, token: string): string => {
    const entryId = readSignedToken(modelKeyRing, purpose, token, now());
    if (entryId === null) throw appError("link_invalid");
    return entryId;
  };
  return {
    async joinWaitlist({ request, response, body }) {
      limitWaitlist(clientAddress(request));
      // Only a program fills in what nobody sees: it is told the same, and nothing happens.
      if (body.website === "") await joinWaitlist(db, body.email, new Date(now()));
      if (isForm(request)) sendPlainPage(response, 202, JOINED);
      return { ok: true };
    },
    // A mail scanner opens every link: only the button changes something.
    async confirmWaitlistPage({ response, query: { token } }) {
      readToken("waitlist-confirm", token);
      sendPlainPage(response, 200, {
        title: "Confirm your place",
        text: "Put this address on Automna's waitlist. We write once, when there is a place for you.",
        button: { label: "Confirm", path: pathWith(peopleRoutes.confirmWaitlist.path, token) },
      });
    },
    async confirmWaitlist({ response, query: { token } }) {
      if (!(await confirmEntry(db, readToken("waitlist-confirm", token), new Date(now()))))
        throw appError("link_invalid");
      sendPlainPage(response, 200, {
        title: "You are on the list",
        text: "We write to you when there is a place. There is nothing else to do.",
        button: null,
      });
    },
    async leaveWaitlistPage({ response, query: { token } }) {
      readToken("waitlist-leave", token);
      sendPlainPage(response, 200, {
        title: "Leave the waitlist",
        text: "Your address is erased, and nothing more is sent to it.",
        button: { label: "Leave and erase my address", path: pathWith(peopleRoutes.leaveWaitlist.path, token) },
      });
    },
    async leaveWaitlist({ response, query: { token } }) {
      await leaveWaitlist(db, readToken("waitlist-leave", token));
      sendPlainPage(response, 200, {
        title: "Your address is erased",
        text: "Nothing more is sent to it.",
        button: null,
      });
    },
    async redeemInvite({ caller, body: { code } }) {
      // Codes are 60 random bits; the limit keeps a flood of tries off the database.
      limitWaitlist(caller.userId);
      const invite = await redeemInvite(db, { code, userId: caller.userId }, new Date(now()));
      if (invite === null) throw appError("invite_invalid");
      return { hasBetaPrice: invite.promotionCode !== null };
    },
  };
}

function pathWith(path: string, token: string): string {
  return `${path}?token=${encodeURIComponent(token)}`;
}
