import type { WaitlistState } from "@automna/contract/waitlist";
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { ApiClient } from "./api-client.ts";
import { usePlatform } from "./api-context.tsx";

const keys = { waitlist: ["admin", "waitlist"], mails: ["admin", "mails"] } as const;
type MailState = "waiting" | "sent" | "captured" | "given_up";

export const waitlistQuery = (api: ApiClient) =>
  queryOptions({ queryKey: keys.waitlist, queryFn: () => api.call("adminWaitlist", {}) });

export const waitlistEntriesQuery = (api: ApiClient, state: WaitlistState) =>
  queryOptions({
    queryKey: [...keys.waitlist, "entries", state],
    queryFn: () => api.call("adminWaitlistEntries", { query: { state } }),
  });

export function useInvite() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: { count: number; promotionCode?: string }) => api.call("adminInvite", { body }),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.waitlist }),
  });
}

export const mailsQuery = (api: ApiClient, state: MailState) =>
  queryOptions({
    queryKey: [...keys.mails, state],
    queryFn: () => api.call("adminMails", { query: { state } }),
  });

export function useRetryMail() {
  const { api } = usePlatform();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (key: string) => api.call("adminRetryMail", { body: { key } }),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.mails }),
  });
}
