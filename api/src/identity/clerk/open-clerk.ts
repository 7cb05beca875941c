import { createClerkClient, type ClerkClient } from "@clerk/express";

/** Clerk's own client for its backend API. */
export function openClerk({ secretKey, url }: { secretKey: string; url: string }): ClerkClient {
  return createClerkClient({ secretKey, apiUrl: url, telemetry: { disabled: true } });
}
