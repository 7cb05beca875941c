/** The mark: an A whose crossbar is a lit ember. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden className={className ?? "size-6"}>
      <path
        d="M6 26 14.6 6.6a1.5 1.5 0 0 1 2.8 0L26 26"
        stroke="currentColor"
        strokeWidth="3.2"
        strokeLinecap="round"
      />
      <circle cx="16" cy="21.5" r="3.2" fill="var(--accent)" />
    </svg>
  );
}

export function Logo() {
  return (
    <span className="inline-flex items-center gap-2 text-16 font-semibold tracking-tight text-ink">
      <LogoMark />
      Automna
    </span>
  );
}
