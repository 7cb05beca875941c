const rows = [
  { what: "Keeps running when you close the tab", automna: "Yes", chat: "No", own: "Yes" },
  { what: "Files and memory of its own", automna: "Yes", chat: "Little", own: "Yes" },
  { what: "Runs code and uses tools", automna: "Yes", chat: "In part", own: "Yes" },
  { what: "Apart from other customers", automna: "Own container or machine", chat: "Shared service", own: "Yes" },
  {
    what: "Your model key",
    automna: "Sealed, and never inside the agent",
    chat: "Not yours",
    own: "In a file beside it",
  },
  { what: "Until it works", automna: "About a minute", chat: "At once", own: "An evening" },
  { what: "Updates, backups, security", automna: "Ours", chat: "Theirs", own: "Yours" },
] as const;

/** Against the two other ways to have an assistant. On a phone each line is a block. */
export function Comparison() {
  return (
    <table className="mt-8 w-full border-collapse text-left text-14 sm:text-16">
      <thead className="sr-only border-b border-line-strong text-13 text-ink-3 sm:not-sr-only">
        <tr>
          <th scope="col" className="py-3 pr-4 font-normal">
            <span className="sr-only">What</span>
          </th>
          <th scope="col" className="py-3 pr-4 font-medium text-ink">
            Automna
          </th>
          <th scope="col" className="py-3 pr-4 font-normal">
            A chat website
          </th>
          <th scope="col" className="py-3 font-normal">
            A server of your own
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ what, automna, chat, own }) => (
          <tr key={what} className="grid border-b border-line py-3 align-baseline sm:table-row sm:py-0">
            <th scope="row" className="pb-1 font-medium sm:py-3.5 sm:pr-4">
              {what}
            </th>
            <Cell of="Automna" className="text-ink">
              {automna}
            </Cell>
            <Cell of="A chat website">{chat}</Cell>
            <Cell of="A server of your own">{own}</Cell>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({ of, className = "text-ink-2", children }: { of: string; className?: string; children: string }) {
  return (
    <td className={`flex justify-between gap-4 sm:table-cell sm:py-3.5 sm:pr-4 ${className}`}>
      <span className="text-13 text-ink-3 sm:hidden">{of}</span>
      <span className="text-right sm:text-left">{children}</span>
    </td>
  );
}
