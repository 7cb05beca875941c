/**
 * What the dashboard's own pages may do (design D8). Scripts run by nonce alone: agents write files on this origin. With
 * Clerk its browser client may reach its own frontend, show avatars, and use a worker and a challenge
 * (https://clerk.com/docs/security/clerk-csp); its script comes in by 'strict-dynamic'.
 */
export function contentSecurityPolicy(nonce: string, clerkFrontend: string | null = null): string {
  const clerk = (sources: string) => (clerkFrontend === null ? "" : ` ${sources}`);
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    "style-src 'self' 'unsafe-inline'",
    `connect-src 'self'${clerk(clerkFrontend ?? "")}`,
    `img-src 'self' data: blob:${clerk("https://img.clerk.com")}`,
    "font-src 'self'",
    "manifest-src 'self'",
    clerkFrontend === null ? "worker-src 'none'" : "worker-src blob:",
    clerkFrontend === null ? "frame-src 'none'" : "frame-src https://challenges.cloudflare.com",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export const SECURITY_HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
} as const;
